import type { EpisodeItem, Reject } from '../../model/items.ts';
import { type JsonObject, asExtension, asId, asInteger, asList, asObject, asPicture, asRating } from '../lenient.ts';
import { asName, asProse } from '../lenient-text.ts';
import { asDay, asDurationSec, asEpoch } from '../lenient-time.ts';
import { directOf, notAnObject, present } from './decoded.ts';

interface Placed {
  readonly value: unknown;
  /** The season that the place in the answer says; the episode's own is asked when it says none. */
  readonly season?: number;
  /** A season for an episode that names none either. */
  readonly guess: number;
  /** Place within its season, counted from 1. */
  readonly position: number;
}

const looksLikeEpisode = (value: unknown): boolean => {
  const object = asObject(value);
  return object !== undefined && ('id' in object || 'episode_num' in object || 'container_extension' in object);
};

/** Lists the episodes of an answer whatever its shape: by season number, a list of lists, a flat list, or a single episode. */
function* placed(episodes: unknown, seasonNumbers: readonly (number | undefined)[]): Generator<Placed> {
  if (Array.isArray(episodes)) {
    for (const [index, entry] of episodes.entries()) {
      if (!Array.isArray(entry)) {
        yield { value: entry, guess: 1, position: index + 1 };
        continue;
      }
      // PHP writes a list for the keys 0, 1, 2...: the index is the season, unless the list of seasons says which it is.
      const guess = seasonNumbers[index] ?? index;
      for (const [at, value] of entry.entries()) yield { value, guess, position: at + 1 };
    }
    return;
  }
  const seasons = asObject(episodes) ?? {};
  if (looksLikeEpisode(seasons)) {
    yield { value: seasons, guess: 1, position: 1 };
    return;
  }
  for (const [key, value] of Object.entries(seasons)) {
    const season = asInteger(key) ?? asInteger(/\d+/.exec(key)?.[0]);
    const list = looksLikeEpisode(value) || Array.isArray(value) ? asList(value) : Object.values(asObject(value) ?? {});
    for (const [at, entry] of list.entries())
      yield { value: entry, guess: season ?? 1, position: at + 1, ...(season === undefined ? {} : { season }) };
  }
}

const plausible = (number: number | undefined): number | undefined =>
  number !== undefined && number >= 0 && number < 100_000 ? number : undefined;

function decodeOne({ value, season, guess, position }: Placed): EpisodeItem | string {
  const entry = asObject(value);
  if (entry === undefined) return notAnObject(value);
  const id = asId(entry['id']) ?? asId(entry['stream_id']);
  if (id === undefined) return 'has no id';
  const info: JsonObject = asObject(entry['info']) ?? {};
  const name = asName(entry['title']) ?? asName(info['name']);
  const inTitle = /\bS(\d{1,3})\s*[.x-]?\s*E(\d{1,4})\b/i.exec(name ?? '');
  const seasonNumber = plausible(season) ?? plausible(asInteger(entry['season'])) ?? asInteger(inTitle?.[1]) ?? guess;
  const episode = plausible(asInteger(entry['episode_num'])) ?? asInteger(inTitle?.[2]) ?? position;
  const ext = asExtension(entry['container_extension']) ?? 'mp4';
  const direct = directOf(entry);
  return {
    providerId: id,
    season: seasonNumber,
    episode,
    title: name ?? `Episode ${episode}`,
    ext,
    locator: { kind: 'xtream', type: 'series', id, ext, ...(direct === undefined ? {} : { direct }) },
    ...present({
      plot: asProse(info['plot']) ?? asProse(info['overview']),
      poster: asPicture(info['movie_image']) ?? asPicture(info['cover_big']),
      airDate: asDay(info['air_date']) ?? asDay(info['releasedate']) ?? asDay(info['release_date']),
      rating: asRating(info['rating']),
      durationSec: asDurationSec(info['duration_secs']) ?? asDurationSec(info['duration']),
      addedUnix: asEpoch(entry['added']),
    }),
  };
}

/** Decodes the answer to `get_series_info`. A corrupt series answers `[]` and has no episodes (Jellyfin.Xtream#282). */
export function decodeEpisodes(answer: unknown): {
  readonly items: readonly EpisodeItem[];
  readonly rejects: readonly Reject[];
} {
  const root = asObject(answer) ?? {};
  const seasons =
    asObject(root['seasons']) && !('season_number' in (root['seasons'] as object))
      ? Object.values(root['seasons'] as object)
      : asList(root['seasons']);
  const seasonNumbers = seasons.map((entry) => plausible(asInteger(asObject(entry)?.['season_number'])));
  const items = new Map<string, EpisodeItem>();
  const rejects: Reject[] = [];
  let at = 0;
  for (const place of placed(root['episodes'], seasonNumbers)) {
    at += 1;
    const decoded = decodeOne(place);
    if (typeof decoded === 'string') rejects.push({ what: 'episode', at, reason: decoded });
    else if (!items.has(decoded.providerId)) items.set(decoded.providerId, decoded);
  }
  return { items: [...items.values()], rejects };
}
