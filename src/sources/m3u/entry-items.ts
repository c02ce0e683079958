import { hash } from 'node:crypto';
import type { EpisodeItem, LiveItem, MovieItem, SeriesItem, StreamLocator } from '../../model/items.ts';
import { extensionOf } from '../../text/m3u-address.ts';
import { knownM3uAttributes, type M3uEntry } from '../../text/m3u-entry.ts';
import { asPicture } from '../lenient.ts';
import { asYear } from '../lenient-time.ts';
import { present, yearOfTitle } from '../xtream/decoded.ts';
import { streamKey } from './stream-key.ts';
import { type EpisodeTitle, parseEpisodeTitle } from './title.ts';

function locatorOf(entry: M3uEntry): StreamLocator {
  const { headers, proxy } = entry;
  return { kind: 'url', url: atInterface(entry), ...present({ headers, proxy }) };
}

/** VLC's name of the interface at which a group is joined goes into the address, where other players write it. */
function atInterface({ url, options }: M3uEntry): string {
  const wanted = options?.['miface'] ?? '';
  if (!/^(?:udp|rtp):/i.test(url) || !/^[\w.:-]{1,60}$/.test(wanted) || /[?&](?:localaddr|interface|iface)=/.test(url))
    return url;
  return `${url}${url.includes('?') ? '&' : '?'}interface=${encodeURIComponent(wanted)}`;
}

/** Attributes and options that have no field of their own. */
function extraOf(entry: M3uEntry): Readonly<Record<string, string>> | undefined {
  const extra = Object.fromEntries(
    Object.entries({ ...entry.options, ...entry.attributes }).filter(([key, value]) => {
      return value !== '' && (!knownM3uAttributes.has(key) || (key === 'tvc-guide-stationid' && value !== ''));
    }),
  );
  return Object.keys(extra).length === 0 ? undefined : extra;
}

/** Longer pictures in a list would make every answer that holds the channel large. */
const mostLogoChars = 32_768;

/** A logo: an address, or a small picture that stands in the list itself. */
function logoOf(text: string | undefined): string | undefined {
  if (text === undefined || !/^data:/i.test(text)) return asPicture(text);
  const fits = text.length <= mostLogoChars && /^data:image\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}$/.test(text);
  return fits ? text : undefined;
}

/** The channel of an entry. */
export function liveItemOf(entry: M3uEntry): LiveItem {
  return {
    providerId: streamKey(entry.url),
    name: entry.name,
    groups: entry.groups,
    locator: locatorOf(entry),
    ...present({
      number: entry.number,
      logo: logoOf(entry.logo),
      guideId: entry.guideId,
      guideName: entry.guideName,
      guideShiftMin: entry.guideShiftMin,
      adult: entry.adult,
      radio: entry.radio,
      catchup: entry.catchup,
      extra: extraOf(entry),
    }),
  };
}

const fileExtension = (url: string): string => {
  const ext = extensionOf(url);
  return /^[a-z0-9]{1,8}$/.test(ext) ? ext : 'mp4';
};

/** The film of an entry. */
export function movieItemOf(entry: M3uEntry): MovieItem {
  return {
    providerId: streamKey(entry.url),
    title: entry.name,
    ext: fileExtension(entry.url),
    groups: entry.groups,
    locator: locatorOf(entry),
    ...present({
      poster: asPicture(entry.logo),
      year: yearOfTitle(entry.name) ?? asYear(entry.attributes['year'] ?? ''),
      durationSec: entry.durationSec,
      adult: entry.adult,
    }),
  };
}

/** A key of a series in a playlist: its name without case and blanks, so that small differences between entries do not split it. */
export function seriesKey(show: string): string {
  const plain = show
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s._-]+/g, ' ')
    .trim();
  return hash('sha256', plain, 'base64url').slice(0, 22);
}

export interface SeriesPart {
  readonly series: SeriesItem;
  readonly episode: EpisodeItem;
}

/** The episode of an entry and the series it belongs to; an entry without a number is the next one of a series of its own name. */
export function seriesPartOf(entry: M3uEntry): SeriesPart {
  const title: EpisodeTitle = parseEpisodeTitle(entry.name) ?? { show: entry.name, season: 1, episode: 1, rest: '' };
  const poster = asPicture(entry.logo);
  return {
    series: {
      providerId: seriesKey(title.show),
      title: title.show,
      groups: entry.groups,
      ...present({ poster, year: yearOfTitle(title.show) }),
    },
    episode: {
      providerId: streamKey(entry.url),
      season: title.season,
      episode: title.episode,
      title: title.rest === '' ? `Episode ${title.episode}` : title.rest,
      ext: fileExtension(entry.url),
      locator: locatorOf(entry),
      ...present({ poster, durationSec: entry.durationSec }),
    },
  };
}
