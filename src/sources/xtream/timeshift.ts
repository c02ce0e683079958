import type { ArchiveWindow } from '../../model/archive.ts';
import { type ClockDigits, clockAt } from '../wall-clock.ts';
import type { XtreamLogin } from './url.ts';

/** One form of a panel's archive address, on all bases of the panel. */
export interface TimeshiftWay {
  readonly form: string;
  readonly urls: readonly string[];
  readonly startUnix: number;
  readonly durationSec: number;
  readonly mayBeLive: boolean;
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

const dash = ({ Y, m, d, H, M }: ClockDigits): string => `${Y}-${m}-${d}:${H}-${M}`;
const underscore = ({ Y, m, d, H, M }: ClockDigits): string => `${Y}-${m}-${d}_${H}-${M}`;
const seconds = ({ Y, m, d, H, M, S }: ClockDigits): string => `${Y}-${m}-${d}:${H}:${M}:${S}`;
const sql = ({ Y, m, d, H, M, S }: ClockDigits): string => `${Y}-${m}-${d} ${H}:${M}:${S}`;

interface Form {
  readonly name: string;
  readonly place: 'path' | 'query';
  readonly write: (clock: ClockDigits) => string;
  /** It can name a second; the others know whole minutes. */
  readonly exact: boolean;
  readonly ext?: string;
}

/**
 * In the order in which they are worth trying: panels that do not know a form answer 404 or a page, and some answer the query with live
 * TV, so that it comes last but for the playlist, which few have.
 */
const forms: readonly Form[] = [
  { name: 'path-dash', place: 'path', write: dash, exact: false },
  { name: 'path-underscore', place: 'path', write: underscore, exact: false },
  { name: 'path-seconds', place: 'path', write: seconds, exact: true },
  { name: 'query-underscore', place: 'query', write: underscore, exact: false },
  { name: 'query-sql', place: 'query', write: sql, exact: true },
  { name: 'query-dash', place: 'query', write: dash, exact: false },
  { name: 'query-seconds', place: 'query', write: seconds, exact: true },
  { name: 'path-playlist', place: 'path', write: dash, exact: false, ext: 'm3u8' },
];

/** A panel takes no piece that is longer. */
const longestMin = 1_440;

/**
 * The addresses of a piece of the archive of stream `id`, form by form. Times stand in the panel's own zone (iptvnator#1563); `bases`
 * have no slash at their end.
 */
export function timeshiftWays(
  bases: readonly string[],
  login: XtreamLogin,
  id: string,
  { startUnix, endUnix }: Pick<ArchiveWindow, 'startUnix' | 'endUnix'>,
  zone: string | undefined,
): readonly TimeshiftWay[] {
  return forms.map(({ name, place, write, exact, ext = 'ts' }) => {
    const from = exact ? Math.floor(startUnix) : Math.floor(startUnix / 60) * 60;
    const minutes = Math.min(longestMin, Math.max(1, Math.ceil((endUnix - from) / 60)));
    const start = write(clockAt(from, zone));
    const rest =
      place === 'path'
        ? `/timeshift/${encode(login.username)}/${encode(login.password)}/${minutes}/${start}/${encode(id)}.${ext}`
        : `/streaming/timeshift.php?username=${encode(login.username)}&password=${encode(login.password)}` +
          `&stream=${encode(id)}&start=${encode(start)}&duration=${minutes}`;
    const urls = bases.map((base) => base + rest);
    return { form: name, urls, startUnix: from, durationSec: minutes * 60, mayBeLive: place === 'query' };
  });
}

/** A stream address of a panel taken apart: `/live/u/p/1.ts`, `/u/p/1`, behind any sub-path. Undefined when it is none. */
export function panelStreamOf(
  url: string,
): { readonly base: string; readonly login: XtreamLogin; readonly id: string } | undefined {
  const match =
    /^(https?:\/\/[^/?#]+(?:\/[^?#]*?)?)(?:\/live)?\/([^/?#]+)\/([^/?#]+)\/(\d{1,12})(?:\.\w{1,8})?(?:[?#].*)?$/i.exec(
      url,
    );
  if (match === null) return undefined;
  const [, base = '', username = '', password = '', id = ''] = match;
  return { base: base.replace(/\/live$/i, ''), login: { username: decode(username), password: decode(password) }, id };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
