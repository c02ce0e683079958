import { CoaxError } from '../errors.ts';

/**
 * Zone names that mean one thing in the guides that use them, in minutes east of UTC. Names that mean several zones (`IST`) are not here:
 * a time with such a name is rejected, as it would be wrong by hours.
 */
const zoneNames: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  UT: 0,
  Z: 0,
  WET: 0,
  WEST: 60,
  BST: 60,
  CET: 60,
  MEZ: 60,
  CEST: 120,
  MESZ: 120,
  EET: 120,
  EEST: 180,
  MSK: 180,
  AWST: 480,
  ACST: 570,
  ACDT: 630,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
  AST: -240,
  ADT: -180,
  NST: -210,
  NDT: -150,
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  AKST: -540,
  AKDT: -480,
  HST: -600,
};

const firstYear = 1970;
const lastYear = 2199;
/** A guide of two weeks has a few dozen different days; a hostile one must not fill the memory. */
const maxCached = 4096;
const maxTimeChars = 60;

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

/** Midnight UTC of `YYYYMMDD` in Unix seconds; NaN when there is no such day. */
function dayStart(text: string): number {
  if (!/^\d{8}$/.test(text)) return Number.NaN;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(4, 6));
  const day = Number(text.slice(6, 8));
  if (year < firstYear || year > lastYear) return Number.NaN;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 1000 : Number.NaN;
}

/** `+0100`, `-03:30`, `+1`, `UTC+02:00`, `Z` or a known name as seconds east of UTC; NaN when it is none of them. */
function fixedOffset(zone: string): number {
  const match = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(zone);
  if (match !== null) {
    const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
    return minutes > 15 * 60 || Number(match[3] ?? 0) > 59 ? Number.NaN : (match[1] === '-' ? -60 : 60) * minutes;
  }
  const minutes = zoneNames[zone.toUpperCase()];
  return minutes === undefined ? Number.NaN : minutes * 60;
}

/** Seconds east of UTC at a moment, asked of Intl once for each quarter of an hour. */
function zoneOffsets(zone: string): (unix: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (unix) => {
    // Every change of a zone's clock since 1970 is at a whole quarter of an hour.
    const quarter = Math.floor(unix / 900);
    const cached = known.get(quarter);
    if (cached !== undefined) return cached;
    const name = format.formatToParts(quarter * 900_000).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const offset = name === 'GMT' ? 0 : fixedOffset(name.slice(0, 9));
    if (known.size >= maxCached) known.clear();
    known.set(quarter, offset);
    return offset;
  };
}

/** Turns a local time, written as if it were UTC, into Unix seconds. */
function localClock(zone: string): (local: number) => number {
  const fixed = fixedOffset(zone);
  if (!Number.isNaN(fixed)) return (local) => local - fixed;
  let offsetAt: (unix: number) => number;
  try {
    offsetAt = zoneOffsets(zone);
  } catch (error) {
    throw new CoaxError('CONFIG_INVALID', `There is no time zone "${zone}"`, { cause: error });
  }
  return (local) => {
    // Two candidates around a change of the clock. The earlier one is the first of an hour that comes twice; a time in the hour that
    // is left out moves forward, as clocks do.
    const before = offsetAt(local - 86_400);
    const candidate = local - before;
    if (offsetAt(candidate) === before) return candidate;
    const after = offsetAt(local + 86_400);
    return offsetAt(local - after) === after ? local - after : candidate;
  };
}

/** Reads the times of a guide: Unix seconds, or undefined for what is no time. */
export type XmltvTimeReader = (text: string) => number | undefined;

/** `2026-08-22T16:00:00+01:00` in the compact form, anything else unchanged. */
function compact(text: string): string {
  const iso = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?(.*)$/.exec(text);
  return iso === null ? text : `${iso[1]}${iso[2]}${iso[3]}${iso[4]}${iso[5]}${iso[6] ?? '00'}${iso[7]}`;
}

/**
 * A reader for times like `20261121183000 +0100`. Minutes and seconds, or the whole time of day, may be missing; the zone may follow
 * without a blank, be `Z`, `+01:00` or a well-known name; a time without one is in `zone`: an IANA name, an offset like `+01:00`,
 * or UTC. Throws CONFIG_INVALID for a zone that does not exist.
 */
export function xmltvTimeReader(zone = 'UTC'): XmltvTimeReader {
  const toUtc = localClock(zone);
  const days = new Map<string, number>();
  const offsets = new Map<string, number>();

  const dayOf = (text: string): number => {
    let day = days.get(text);
    if (day === undefined) {
      day = dayStart(text);
      if (days.size >= maxCached) days.clear();
      days.set(text, day);
    }
    return day;
  };
  const offsetOf = (text: string): number => {
    let offset = offsets.get(text);
    if (offset === undefined) {
      offset = fixedOffset(text);
      if (offsets.size >= maxCached) offsets.clear();
      offsets.set(text, offset);
    }
    return offset;
  };

  return (written) => {
    if (written.length > maxTimeChars) return undefined;
    let text = written;
    if (Number.isNaN(digit(text, 0)) || text.charCodeAt(4) === 45) text = compact(text.trim());
    let digits = 8;
    while (digits < 14 && digits < text.length && !Number.isNaN(digit(text, digits))) digits++;
    if (digits % 2 !== 0) return undefined;
    const hour = digits >= 10 ? twoDigits(text, 8) : 0;
    const minute = digits >= 12 ? twoDigits(text, 10) : 0;
    const second = digits >= 14 ? twoDigits(text, 12) : 0;
    if (hour > 23 || minute > 59 || second > 59) return undefined;
    const local = dayOf(text.slice(0, 8)) + hour * 3600 + minute * 60 + second;
    if (Number.isNaN(local)) return undefined;
    const rest = digits === text.length ? '' : text.slice(digits).trim();
    if (rest === '') return toUtc(local);
    const offset = offsetOf(rest);
    return Number.isNaN(offset) ? undefined : local - offset;
  };
}

/** A moment as XMLTV writes it, in UTC: `20261121183000 +0000`. */
export function formatXmltvTime(unix: number): string {
  return `${new Date(unix * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, '')} +0000`;
}
