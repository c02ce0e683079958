import { CoaxError } from '../errors.ts';

/** What of an archive is asked for. Unix seconds; `endUnix` is after `startUnix`. */
export interface WishedTime {
  readonly startUnix: number;
  readonly endUnix: number;
}

/** Time as players and panels write it, from a query. All are text. */
export interface TimeQuery {
  readonly start?: string | undefined;
  readonly end?: string | undefined;
  /** Minutes. */
  readonly duration?: string | undefined;
  /** Seconds after the start at which to begin. */
  readonly offset?: string | undefined;
}

/** How long is asked for when nobody knows how long it lasts. */
const usualMin = 120;
/** The most a duration may be. */
const longestMin = 480;
/** Clocks of streams turn round after 26.5 hours, and a piece must be told from the one before: half of that is safe. */
const longestSec = 12 * 3_600;

const spelled =
  /^(\d{4})-(\d\d)-(\d\d)(?:[:_T ]|\s+)(\d\d)[-:](\d\d)(?:[-:](\d\d)(?:\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const packed = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\s*(Z|[+-]\d{4}))?$/i;

function zoneSeconds(zone: string | undefined): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '');
  if (match === null) return 0;
  return (match[1] === '-' ? -60 : 60) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
}

/**
 * Reads a time: Unix seconds or milliseconds, ISO 8601 with or without a zone, `YYYY-MM-DD:HH-MM[-SS]`, `YYYY-MM-DD_HH-MM`,
 * `YYYY-MM-DD:HH:MM[:SS]`, `YYYY-MM-DD HH:MM[:SS]`, `YYYYMMDDHHMM[SS]`. What names no zone is UTC. Undefined for anything else, and for
 * days that do not exist.
 */
export function parseTime(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{9,10}$/.test(trimmed)) return Number(trimmed);
  if (/^\d{13}$/.test(trimmed)) return Math.floor(Number(trimmed) / 1000);
  const match = spelled.exec(trimmed) ?? packed.exec(trimmed);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(at);
  const isReal =
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60 &&
    year >= 1970;
  return isReal ? at / 1000 - zoneSeconds(match[7]) : undefined;
}

function required(name: string, text: string): number {
  const time = parseTime(text);
  if (time === undefined)
    throw new CoaxError(
      'BAD_REQUEST',
      `${name} has to be a time such as 2026-01-31T20:15:00Z, 2026-01-31:20-15 or Unix seconds`,
    );
  return time;
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,6}(?:\.\d+)?$/.test(text)) throw new CoaxError('BAD_REQUEST', `${name} has to be a number of 0 or more`);
  return Number(text);
}

/**
 * What a query means. An `end` counts as it is; a `duration` and the length of the programme at the start (`programmeEnd` finds its end)
 * get the buffer on top, as programmes seldom end on time; two hours when nothing is known. Throws BAD_REQUEST.
 */
export function wishedTime(
  query: TimeQuery,
  {
    bufferMin,
    programmeEnd,
  }: { readonly bufferMin: number; readonly programmeEnd: (startUnix: number) => number | undefined },
): WishedTime {
  if (query.start === undefined || query.start === '') throw new CoaxError('BAD_REQUEST', 'start is missing');
  const start = required('start', query.start);
  const duration = count('duration', query.duration);
  const offset = count('offset', query.offset) ?? 0;
  const endOf = (): number => {
    if (query.end !== undefined && query.end !== '') return required('end', query.end);
    if (duration !== undefined && duration > 0) return start + Math.min(longestMin, duration + bufferMin) * 60;
    const known = programmeEnd(start);
    return known === undefined ? start + usualMin * 60 : Math.min(known + bufferMin * 60, start + longestMin * 60);
  };
  const startUnix = Math.floor(start + offset);
  const endUnix = Math.ceil(Math.min(endOf(), startUnix + longestSec));
  if (endUnix <= startUnix) throw new CoaxError('BAD_REQUEST', 'The end has to be after the start');
  return { startUnix, endUnix };
}
