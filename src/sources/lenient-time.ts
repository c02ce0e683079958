import { asNumber, asText } from './lenient.ts';
import { localToUnix } from './panel-zone.ts';

/** 1970-01-02 and 2200-01-01: outside of these a number is no date. */
const earliest = 86_400;
const latest = 7_258_118_400;

const inRange = (unix: number | undefined): number | undefined =>
  unix !== undefined && unix >= earliest && unix < latest ? Math.trunc(unix) : undefined;

const isoLike =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const dayFirst = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;
const compact = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?\s*(Z|[+-]\d{4})?$/i;

function zoneMinutes(text: string): number {
  if (/^z$/i.test(text)) return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -minutes : minutes;
}

/**
 * Unix seconds of a date as panels write it: `2025-12-18 12:30:00`, `20251218123000`, `18/05/2024 10:00:00` (day first). Times without
 * a zone are in `zone` (an IANA name or `UTC+02:00`; UTC when absent).
 */
export function dateTextToUnix(text: string, zone?: string): number | undefined {
  const trimmed = text.trim();
  const named = isoLike.exec(trimmed) ?? compact.exec(trimmed);
  const local = dayFirst.exec(trimmed);
  if (!named && !local) return undefined;
  const parts = named ? named.slice(1, 7) : [local?.[3], local?.[2], local?.[1], local?.[4], local?.[5], local?.[6]];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return undefined;
  const written = named?.[7];
  const wall = { year, month, day, hour, minute, second };
  if (written === undefined) return inRange(localToUnix(wall, zone));
  const utc = localToUnix(wall, undefined);
  return inRange(utc - zoneMinutes(written) * 60);
}

/** Unix seconds from a number or text in seconds or milliseconds, or from a date; `0`, `""` and the like are undefined. */
export function asEpoch(value: unknown, zone?: string): number | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined;
  // Twelve digits and more are milliseconds or a compact date, and only a date starts with a plausible year.
  if (text !== undefined && /^(?:19|20)\d{10}(?:\d{2})?$/.test(text)) return dateTextToUnix(text, zone);
  const number = asNumber(value);
  if (number !== undefined) return inRange(Math.abs(number) >= 1e11 ? number / 1000 : number);
  return text === undefined ? undefined : dateTextToUnix(text, zone);
}

/** The day of a date as `YYYY-MM-DD`; release dates are sometimes objects or years only, which give none. */
export function asDay(value: unknown): string | undefined {
  const text = asText(value);
  const unix = text === undefined ? undefined : dayUnix(text);
  return unix === undefined ? undefined : new Date(unix * 1000).toISOString().slice(0, 10);
}

/** As `dateTextToUnix`, but for days before 1970 too. */
function dayUnix(text: string): number | undefined {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?=$|[T ])/.exec(text);
  const other = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?=$|[T ])/.exec(text);
  const [year, month, day] = match ? match.slice(1).map(Number) : other ? other.slice(1).map(Number).reverse() : [];
  if (year === undefined || month === undefined || day === undefined || year < 1880) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 : undefined;
}

/** A year from 1880 to 2100, alone or at the start of a date, or at the end of one with the day first. */
export function asYear(value: unknown): number | undefined {
  const text = asText(value);
  const match = text === undefined ? null : (/^(\d{4})(?:$|[-/.])/.exec(text) ?? /[/.](\d{4})$/.exec(text));
  const year = match ? Number(match[1]) : undefined;
  return year !== undefined && year >= 1880 && year <= 2100 ? year : undefined;
}

/** Seconds of `5400`, `"5400"`, `"01:30:00"` or `"1h 30min"`; 0 is unknown. */
export function asDurationSec(value: unknown): number | undefined {
  const number = asNumber(value);
  if (number !== undefined) return number > 0 && number < 1e6 ? Math.round(number) : undefined;
  const text = asText(value) ?? '';
  const clock = /^(\d{1,3}):(\d{2})(?::(\d{2}))?$/.exec(text);
  const words = /^(?:(\d{1,2})\s*h(?:ours?)?)?\s*(?:(\d{1,4})\s*m(?:in(?:utes?)?)?\.?)?$/i.exec(text);
  let seconds = 0;
  if (clock) {
    const [hours, minutes, rest] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
    seconds = hours * 3600 + minutes * 60 + rest;
  } else if (words) seconds = Number(words[1] ?? 0) * 3600 + Number(words[2] ?? 0) * 60;
  return seconds > 0 ? seconds : undefined;
}

/** Seconds of a number of minutes (`episode_run_time`). */
export function asMinutesSec(value: unknown): number | undefined {
  const minutes = asNumber(value);
  return minutes !== undefined && minutes > 0 && minutes < 10_000 ? Math.round(minutes * 60) : undefined;
}
