import type { MovieItem } from '../../model/items.ts';
import { type JsonObject, asBool, asExtension, asId, asNumber, asObject, asPicture, asRating } from '../lenient.ts';
import { asName, asProse } from '../lenient-text.ts';
import { asDurationSec, asEpoch, asYear } from '../lenient-time.ts';
import {
  type Categories,
  type Decoded,
  directOf,
  groupsOf,
  notAnObject,
  present,
  tmdbIdOf,
  yearOfTitle,
} from './decoded.ts';

/** A rating out of 10, from `rating` or from twice `rating_5based`. */
export function ratingOf(entry: JsonObject): number | undefined {
  const half = asNumber(entry['rating_5based']);
  return asRating(entry['rating']) ?? asRating(half === undefined ? undefined : half * 2);
}

/** The year of an entry: its own field, its release date in any of the three spellings, or the end of its title. */
export function yearOf(entry: JsonObject, title: string): number | undefined {
  for (const key of ['year', 'releaseDate', 'release_date', 'releasedate']) {
    const year = asYear(entry[key]);
    if (year !== undefined) return year;
  }
  return yearOfTitle(title);
}

/** Decodes one entry of `get_vod_streams`. Only the id is required. */
export function decodeMovie(value: unknown, categories: Categories, askedBy?: string): Decoded<MovieItem> {
  const entry = asObject(value);
  if (entry === undefined) return { reason: notAnObject(value) };
  const id = asId(entry['stream_id']);
  if (id === undefined) return { reason: 'has no stream_id' };
  const title = asName(entry['name']) ?? asName(entry['title']) ?? `Stream ${id}`;
  const ext = asExtension(entry['container_extension']) ?? 'mp4';
  const direct = directOf(entry);
  return {
    item: {
      providerId: id,
      title,
      ext,
      groups: groupsOf(entry, categories, askedBy),
      locator: { kind: 'xtream', type: 'movie', id, ext, ...(direct === undefined ? {} : { direct }) },
      ...present({
        poster: asPicture(entry['stream_icon']) ?? asPicture(entry['cover_big']) ?? asPicture(entry['cover']),
        backdrop: asPicture(entry['backdrop_path']),
        plot: asProse(entry['plot']) ?? asProse(entry['description']),
        year: yearOf(entry, title),
        rating: ratingOf(entry),
        durationSec: asDurationSec(entry['duration_secs']) ?? asDurationSec(entry['duration']),
        tmdbId: tmdbIdOf(entry),
        adult: asBool(entry['is_adult']),
        addedUnix: asEpoch(entry['added']),
      }),
    },
  };
}
