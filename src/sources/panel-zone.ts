import { type JsonObject, asNumber, asText } from './lenient.ts';

export interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      format = null;
    }
    if (formats.size > 200) formats.clear();
    formats.set(zone, format);
  }
  return format;
}

const fixed = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/i;

/** Whether times can be told in this zone: an IANA name or `UTC+02:00`. */
export function isZone(zone: string): boolean {
  return /^(?:UTC|GMT)[+-](?:0\d|1[0-4]):[0-5]\d$/.test(zone) || (zone !== '' && formatOf(zone) !== null);
}

const wallSeconds = (wall: WallClock): number =>
  Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) / 1000;

/** Seconds by which the zone is ahead of UTC at a moment; 0 for a zone that does not exist. */
export function offsetSecondsAt(zone: string | undefined, unix: number): number {
  if (zone === undefined || zone === 'UTC') return 0;
  const match = fixed.exec(zone);
  if (match) return (match[1] === '-' ? -60 : 60) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
  const format = formatOf(zone);
  if (format === null) return 0;
  const parts = Object.fromEntries(format.formatToParts(unix * 1000).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return wallSeconds({ year, month, day, hour, minute, second }) - unix;
}

/**
 * Unix seconds of a wall-clock time in a zone (UTC when absent). In the hour that a change to summer time skips, the time is read
 * with the offset before it; in the hour that comes twice, the first is meant.
 */
export function localToUnix(wall: WallClock, zone: string | undefined): number {
  const naive = wallSeconds(wall);
  if (zone === undefined || zone === 'UTC') return naive;
  const before = naive - offsetSecondsAt(zone, naive - 86_400);
  const after = naive - offsetSecondsAt(zone, naive + 86_400);
  const fits = [before, after].filter((unix) => unix + offsetSecondsAt(zone, unix) === naive);
  return fits.length > 0 ? Math.min(...fits) : before;
}

const quarter = 900;

/**
 * The panel's zone: the one it names if it exists, else the distance of its `time_now` from its `timestamp_now`, snapped to 15 minutes
 * (iptvnator#1563). Undefined when the panel tells neither.
 */
export function panelZone(serverInfo: JsonObject): string | undefined {
  const name = asText(serverInfo['timezone']);
  if (name !== undefined && isZone(name)) return name;
  const now = asNumber(serverInfo['timestamp_now']);
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(asText(serverInfo['time_now']) ?? '');
  if (now === undefined || match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const ahead = Math.round((wallSeconds({ year, month, day, hour, minute, second }) - now) / quarter) * quarter;
  if (Math.abs(ahead) > 14 * 3600) return undefined;
  if (ahead === 0) return 'UTC';
  const minutes = Math.abs(ahead) / 60;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `UTC${ahead < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
