import type { EpisodeId, MovieId, SeriesId, SourceId } from '../model/ids.ts';
import type { EpisodeItem, MovieItem, SeriesItem, StreamLocator } from '../model/items.ts';
import type { Episode, FileFacts, Movie, Series } from './contract.ts';
import type { Row } from './database.ts';
import { int, intOrNull, json, text } from './row.ts';

export type StoredMovie = Omit<MovieItem, 'providerId' | 'locator'>;
export type StoredSeries = Omit<SeriesItem, 'providerId'>;
export type StoredEpisode = Omit<EpisodeItem, 'providerId' | 'locator' | 'season' | 'episode'>;

function titleFields(row: Row, item: StoredSeries) {
  return {
    sourceId: text(row, 'source_id') as SourceId,
    title: item.title,
    groups: item.groups,
    poster: item.poster ?? null,
    backdrop: item.backdrop ?? null,
    plot: item.plot ?? null,
    year: item.year ?? null,
    rating: item.rating ?? null,
    tmdbId: item.tmdbId ?? null,
  };
}

export function movieOf(row: Row): Movie {
  const item = json(row, 'provider') as StoredMovie;
  return {
    id: text(row, 'id') as MovieId,
    ...titleFields(row, item),
    ext: item.ext,
    durationSec: item.durationSec ?? null,
    adult: item.adult ?? false,
    addedUnix: item.addedUnix ?? null,
    locator: json(row, 'locator') as StreamLocator,
    file: json(row, 'file') as FileFacts,
  };
}

export function seriesOf(row: Row): Series {
  const item = json(row, 'provider') as StoredSeries;
  return {
    id: text(row, 'id') as SeriesId,
    ...titleFields(row, item),
    providerId: text(row, 'provider_id'),
    modifiedUnix: item.modifiedUnix ?? null,
    episodesReadAt: intOrNull(row, 'episodes_read_at'),
  };
}

export function episodeOf(row: Row): Episode {
  const item = json(row, 'provider') as StoredEpisode;
  return {
    id: text(row, 'id') as EpisodeId,
    seriesId: text(row, 'series_id') as SeriesId,
    sourceId: text(row, 'source_id') as SourceId,
    season: int(row, 'season'),
    episode: int(row, 'number'),
    title: item.title,
    ext: item.ext,
    plot: item.plot ?? null,
    poster: item.poster ?? null,
    airDate: item.airDate ?? null,
    rating: item.rating ?? null,
    durationSec: item.durationSec ?? null,
    addedUnix: item.addedUnix ?? null,
    locator: json(row, 'locator') as StreamLocator,
    file: json(row, 'file') as FileFacts,
  };
}
