import type { SeriesItem } from '../../model/items.ts';
import { asId, asObject, asPicture } from '../lenient.ts';
import { asName, asProse } from '../lenient-text.ts';
import { asEpoch } from '../lenient-time.ts';
import { ratingOf, yearOf } from './decode-movie.ts';
import { type Categories, type Decoded, groupsOf, notAnObject, present, tmdbIdOf } from './decoded.ts';

/** Decodes one entry of `get_series`. Only the id is required. */
export function decodeSeries(value: unknown, categories: Categories, askedBy?: string): Decoded<SeriesItem> {
  const entry = asObject(value);
  if (entry === undefined) return { reason: notAnObject(value) };
  const id = asId(entry['series_id']);
  if (id === undefined) return { reason: 'has no series_id' };
  const title = asName(entry['name']) ?? asName(entry['title']) ?? `Series ${id}`;
  return {
    item: {
      providerId: id,
      title,
      groups: groupsOf(entry, categories, askedBy),
      ...present({
        poster: asPicture(entry['cover']) ?? asPicture(entry['cover_big']),
        backdrop: asPicture(entry['backdrop_path']),
        plot: asProse(entry['plot']),
        year: yearOf(entry, title),
        rating: ratingOf(entry),
        tmdbId: tmdbIdOf(entry),
        modifiedUnix: asEpoch(entry['last_modified']),
      }),
    },
  };
}
