import type { Channel, Episode, Movie, Series } from '../catalog/contract.ts';
import { archiveDays, archivesOf } from '../model/archive.ts';
import type { GuideId } from '../model/ids.ts';
import type { Catchup } from '../model/items.ts';
import type { Programme } from '../model/programme.ts';
import { writeM3uEntry, writeM3uHeader } from '../text/m3u-writer.ts';
import { writeXmltvChannel, writeXmltvProgramme } from '../text/xmltv-writer.ts';
import { lineupEntry } from './hdhomerun.ts';

/** Players and media servers know no escapes inside quotes: a quote becomes an apostrophe. */
const m3uOptions = { quotes: 'apostrophe' } as const;

/** The output's address, without a slash at the end. */
type Base = string;

/** How an output lists its channels. */
export type LiveForm = 'ts' | 'hls';

export const liveUrl = (base: Base, channel: Channel, form: LiveForm = 'ts'): string =>
  `${base}/live/${channel.id}.${form === 'hls' ? 'm3u8' : 'ts'}`;
export const logoUrl = (base: Base, id: string): string => `${base}/logo/${id}`;

/** Where players ask for a time of the channel's archive; Kodi, TiviMate and their like fill the braces in. */
export const catchupUrl = (base: Base, channel: Channel): string =>
  `${base}/catchup/${channel.id}.ts?start={utc}&end={utcend}`;

/** What a playlist says of the archive of a channel. */
function catchupOf(base: Base, channel: Channel): { readonly catchup?: Catchup } {
  const archives = archivesOf(channel);
  if (archives.length === 0) return {};
  const days = Math.max(...archives.map(archiveDays));
  return { catchup: { type: 'default', days, source: catchupUrl(base, channel) } };
}

export function playlistHeader(base: Base): string {
  const guide = `${base}/guide.xml`;
  return writeM3uHeader({ 'x-tvg-url': guide, 'url-tvg': guide }, m3uOptions);
}

/** A channel in the playlist. Its guide id is its own id: provider ids may be shared by channels, or missing. */
export function playlistEntry(base: Base, channel: Channel, form: LiveForm = 'ts', withCatchup = true): string {
  return writeM3uEntry(
    {
      name: channel.name,
      url: liveUrl(base, channel, form),
      groups: channel.groups,
      guideId: channel.id,
      guideName: channel.name,
      logo: logoUrl(base, channel.id),
      ...(channel.number === null ? {} : { number: channel.number }),
      ...(channel.radio ? { radio: true } : {}),
      ...(withCatchup ? catchupOf(base, channel) : {}),
    },
    m3uOptions,
  );
}

export function movieEntry(base: Base, movie: Movie): string {
  return writeM3uEntry(
    {
      name:
        movie.year === null || movie.title.includes(`(${movie.year})`) ? movie.title : `${movie.title} (${movie.year})`,
      url: `${base}/movie/${movie.id}.${movie.ext}`,
      groups: movie.groups,
      logo: logoUrl(base, movie.id),
      ...(movie.durationSec === null || movie.durationSec <= 0 ? {} : { durationSec: movie.durationSec }),
    },
    m3uOptions,
  );
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

export function episodeEntry(base: Base, series: Series, episode: Episode): string {
  return writeM3uEntry(
    {
      name: `${series.title} S${twoDigits(episode.season)}E${twoDigits(episode.episode)}${episode.title === '' ? '' : ` ${episode.title}`}`,
      url: `${base}/episode/${episode.id}.${episode.ext}`,
      groups: [series.title],
      logo: logoUrl(base, series.id),
      ...(episode.durationSec === null || episode.durationSec <= 0 ? {} : { durationSec: episode.durationSec }),
    },
    m3uOptions,
  );
}

export function guideChannel(base: Base, channel: Channel): string {
  return writeXmltvChannel({
    id: channel.id as string as GuideId,
    names: [channel.name],
    icon: logoUrl(base, channel.id),
    ...(channel.number === null ? {} : { number: channel.number }),
  });
}

/** `isSafe` is false for an address that holds a secret of ours; it is left out. */
export function guideProgramme(channel: Channel, programme: Programme, isSafe: (address: string) => boolean): string {
  const { icon, ...rest } = programme;
  return writeXmltvProgramme({
    ...rest,
    guideId: channel.id as string as GuideId,
    ...(icon === undefined || !isSafe(icon) ? {} : { icon }),
  });
}

/** One entry of the HDHomeRun list, under a number of `guideNumbers`; its codecs are told where the channel is given as it comes. */
export function hdhrEntry(base: Base, channel: Channel, number: string, asItComes: boolean): Record<string, unknown> {
  const codecs = asItComes ? channel.streams.find((stream) => stream.codecs !== null)?.codecs : undefined;
  const video = codecs?.video[0];
  const audio = codecs?.audio[0];
  return lineupEntry({
    number,
    name: channel.name,
    url: liveUrl(base, channel),
    hd: (video?.height ?? 0) >= 720,
    ...(video === undefined ? {} : { videoCodec: video.codec }),
    ...(audio === undefined ? {} : { audioCodec: audio.codec }),
  });
}
