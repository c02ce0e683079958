import { z } from 'zod';
import type { Episode, Movie, PageQuery, Series } from '../../catalog/contract.ts';
import { CoaxError } from '../../errors.ts';
import type { MovieId, SeriesId, SourceId } from '../../model/ids.ts';
import { type Route, route } from '../route.ts';
import { episode, movie, movieWithOthers, pageOf, pageQuery, series } from '../schemas.ts';
import type { Services } from '../services.ts';

const tag = 'library';
const query = z.object(pageQuery);

export function libraryRoutes({ catalog, config, refreshes, redact }: Services): Route[] {
  const picture = (address: string | null): string | null => (address === null ? null : redact(address));
  const titled = ({ sourceId, title, groups, plot, year, rating, tmdbId, poster, backdrop }: Movie | Series) => ({
    sourceId,
    title,
    groups: [...groups],
    plot,
    year,
    rating,
    tmdbId,
    poster: picture(poster),
    backdrop: picture(backdrop),
  });
  const movieView = (item: Movie): z.input<typeof movie> => ({
    ...titled(item),
    id: item.id,
    ext: item.ext,
    durationSec: item.durationSec,
    adult: item.adult,
    addedUnix: item.addedUnix,
    sizeBytes: item.file.sizeBytes ?? null,
  });
  const episodeView = ({
    locator: _l,
    file: _f,
    sourceId: _s,
    addedUnix: _a,
    ...item
  }: Episode): z.input<typeof episode> => ({ ...item, poster: picture(item.poster) });
  const page = ({ q, group, limit, cursor }: z.output<typeof query>): PageQuery => ({
    limit,
    sourceIds: config.current.sources.filter(({ enabled }) => enabled).map(({ id }) => id as SourceId),
    ...(q === undefined ? {} : { q }),
    ...(group === undefined ? {} : { group }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return [
    route({
      method: 'get',
      path: '/movies',
      tag,
      summary: 'Movies by title',
      query,
      answer: { status: 200, schema: pageOf(movie), description: 'A page of movies' },
      run: ({ query: given }) => {
        const found = catalog.movies.list(page(given));
        return { ...found, items: found.items.map(movieView) };
      },
    }),
    route({
      method: 'get',
      path: '/movies/{id}',
      tag,
      summary: 'A movie, and the same one at other sources, which stand in for it',
      params: z.object({ id: z.string().max(200) }),
      answer: { status: 200, schema: movieWithOthers, description: 'The movie' },
      run: ({ params: { id } }) => {
        const found = catalog.movies.get(id as MovieId);
        if (found === null) throw new CoaxError('NOT_FOUND', `There is no movie ${id}`);
        const others = catalog.movies.akin(found).map((other) => ({ id: other.id, sourceId: other.sourceId }));
        return { ...movieView(found), others };
      },
    }),
    route({
      method: 'get',
      path: '/series',
      tag,
      summary: 'Series by title',
      query,
      answer: { status: 200, schema: pageOf(series), description: 'A page of series' },
      run: ({ query: given }) => {
        const found = catalog.series.list(page(given));
        return {
          ...found,
          items: found.items.map((item) => ({ ...titled(item), id: item.id, modifiedUnix: item.modifiedUnix })),
        };
      },
    }),
    route({
      method: 'get',
      path: '/series/{id}/episodes',
      tag,
      summary: 'Episodes of a series; read from the provider when they are not there yet',
      params: z.object({ id: z.string().max(200) }),
      query: z.object({ limit: pageQuery.limit, cursor: pageQuery.cursor }),
      answer: { status: 200, schema: pageOf(episode), description: 'A page of episodes' },
      errors: ['SOURCE_UNREACHABLE'],
      run: async ({ params: { id }, query: { limit, cursor }, signal }) => {
        if (catalog.series.get(id as SeriesId) === null) throw new CoaxError('NOT_FOUND', `There is no series ${id}`);
        await refreshes.ensureEpisodes(id as SeriesId, signal);
        const found = catalog.series.episodes(id as SeriesId, { limit, ...(cursor === undefined ? {} : { cursor }) });
        return { ...found, items: found.items.map(episodeView) };
      },
    }),
  ];
}
