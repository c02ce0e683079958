import { hash } from 'node:crypto';
import { fold } from '../catalog/fold.ts';
import type { Programme } from '../model/programme.ts';
import { flagsOfGenres } from './genres.ts';
import { type ProviderIds, providerIdsOf } from './provider-ids.ts';
import { starsOf } from './star-rating.ts';

/** A programme as media servers take it. Times are Unix seconds; what is absent is unknown, or false. */
export interface HostProgramme {
  /** Unique in its channel, and the same after each refresh. */
  readonly id: string;
  readonly start: number;
  readonly stop: number;
  readonly title: string;
  readonly episodeTitle?: string;
  readonly description?: string;
  readonly genres?: readonly string[];
  readonly season?: number;
  readonly episode?: number;
  readonly year?: number;
  /** `YYYY-MM-DD`. */
  readonly airDate?: string;
  readonly rating?: string;
  /** From 0 to 10. */
  readonly stars?: number;
  readonly isMovie?: true;
  readonly isSeries?: true;
  readonly isSports?: true;
  readonly isNews?: true;
  readonly isKids?: true;
  readonly isLive?: true;
  readonly isPremiere?: true;
  readonly isRepeat?: true;
  readonly isNew?: true;
  /** The same for all episodes of a series. */
  readonly seriesId?: string;
  /** The same for each broadcast of an episode or movie. */
  readonly showId?: string;
  readonly ids?: ProviderIds;
  /** A path on the engine, of a picture that it holds. */
  readonly image?: string;
  readonly hd?: true;
  /** It had begun when this was written, and can be played from its start. Not part of `etag`: it comes with time alone. */
  readonly hasArchive?: true;
  /** SHA-256 of everything else, in hexadecimal digits. */
  readonly etag: string;
}

/** Ends in a letter: Jellyfin takes a key that ends in 0000 for one of a series (jellyfin#5856). */
const keyOf = (...parts: readonly (string | number)[]): string =>
  `${hash('sha256', JSON.stringify(parts), 'hex').slice(0, 31)}e`;

/** `SH…` and an episode `0000` name a series, not one of its episodes. */
const isEpisodeId = (ddProgId: string): boolean => /^(?:EP|MV|SP)/i.test(ddProgId) && !/^EP.*0000$/i.test(ddProgId);

function showIdOf(programme: Programme, isMovie: boolean, isEpisodic: boolean): string | null {
  const { title, subtitle, description, season, episode, part, year, ddProgId } = programme;
  if (ddProgId !== undefined && isEpisodeId(ddProgId)) return ddProgId;
  if (isMovie) return keyOf('movie', fold(title), year ?? '');
  if (!isEpisodic) return null;
  if (episode !== undefined) return keyOf('episode', fold(title), season ?? '', episode, part ?? '');
  if (subtitle === undefined && description === undefined) return null;
  return keyOf('story', fold(title), fold(subtitle ?? ''), description ?? '');
}

/** What the host recognises an episode or movie by, as far as the guide tells. */
export interface HostKeys {
  readonly isMovie: boolean;
  readonly isSeries: boolean;
  readonly seriesId: string | null;
  readonly showId: string | null;
  readonly flags: ReturnType<typeof flagsOfGenres>;
}

/** What kind of programme it is, and the keys that follow from it. Numbers decide over categories: `Movie / Drama` is also DVB's word for a series. */
export function hostKeysOf(programme: Programme): HostKeys {
  const flags = flagsOfGenres(programme.categories ?? []);
  const { season, episode, episodeTotal, ddProgId = '' } = programme;
  const isNumbered = season !== undefined || episode !== undefined || episodeTotal !== undefined;
  const isMovie = !isNumbered && (/^MV/i.test(ddProgId) || (flags.isMovie === true && flags.isSeries !== true));
  const isSeries = !isMovie && (isNumbered || flags.isSeries === true || /^EP/i.test(ddProgId));
  const isEpisodic = isSeries || (!isMovie && programme.subtitle !== undefined);
  return {
    flags,
    isMovie,
    isSeries,
    seriesId: isEpisodic ? keyOf('series', fold(programme.title)) : null,
    showId: showIdOf(programme, isMovie, isEpisodic),
  };
}

/** What a programme has from its channel and from what the engine holds. */
export interface HostExtras {
  /** A path on the engine, or null. */
  readonly image: string | null;
  readonly hd: boolean;
  readonly hasArchive?: boolean;
}

/** The order of the fields is that of the hash. */
export function hostProgramme(
  programme: Programme,
  id: string,
  { flags, isMovie, isSeries, seriesId, showId }: HostKeys,
  { image, hd, hasArchive = false }: HostExtras,
): HostProgramme {
  const { subtitle, description, categories, season, episode, year, airDate, rating } = programme;
  const stars = starsOf(programme.starRating);
  const ids = providerIdsOf(programme);
  const rest: Omit<HostProgramme, 'etag' | 'hasArchive'> = {
    id,
    start: programme.startUnix,
    stop: programme.stopUnix,
    title: programme.title,
    ...(subtitle === undefined ? {} : { episodeTitle: subtitle }),
    ...(description === undefined ? {} : { description }),
    ...(categories === undefined || categories.length === 0 ? {} : { genres: categories }),
    ...(season === undefined ? {} : { season }),
    ...(episode === undefined ? {} : { episode }),
    ...(year === undefined ? {} : { year }),
    ...(airDate === undefined ? {} : { airDate }),
    ...(rating === undefined ? {} : { rating: rating.value }),
    ...(stars === null ? {} : { stars }),
    ...(isMovie ? { isMovie: true } : {}),
    ...(isSeries ? { isSeries: true } : {}),
    ...(flags.isSports === true ? { isSports: true } : {}),
    ...(flags.isNews === true ? { isNews: true } : {}),
    ...(flags.isKids === true ? { isKids: true } : {}),
    ...(programme.isLive === true ? { isLive: true } : {}),
    ...(programme.isPremiere === true ? { isPremiere: true } : {}),
    ...(programme.isRepeat === true && programme.isNew !== true ? { isRepeat: true } : {}),
    ...(programme.isNew === true ? { isNew: true } : {}),
    ...(seriesId === null ? {} : { seriesId }),
    ...(showId === null ? {} : { showId }),
    ...(ids === null ? {} : { ids }),
    ...(image === null ? {} : { image }),
    ...(hd ? { hd: true } : {}),
  };
  return { ...rest, ...(hasArchive ? { hasArchive } : {}), etag: hash('sha256', JSON.stringify(rest), 'hex') };
}
