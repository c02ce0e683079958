import type { SourceId } from '../../model/ids.ts';
import { isUnchanged } from '../etag.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';
import { sendPublished } from '../output/published.ts';
import { ChannelCount, hostOutput, lineupRevision, publishedChannels } from './published-lineup.ts';
import { health, lineup, outputQuery } from './schemas.ts';

/** What an admin should look at: sources whose last refresh failed, or that there is none. */
function problemsOf({ health: state, config, catalog }: Services): string[] {
  const { sources } = config.current;
  const failing = sources
    .filter(({ enabled }) => enabled)
    .flatMap(({ id, name }) =>
      catalog
        .sourceState(id as SourceId)
        .parts.flatMap(({ part, error }) => (error === null ? [] : [`${name} (${part}): ${error.message}`])),
    );
  return [...state().reasons, ...(sources.length === 0 ? ['No provider is set up yet'] : []), ...failing];
}

export function lineupRoutes(services: Services): Route[] {
  const { catalog, config, version } = services;
  const counts = new ChannelCount(services);
  return [
    route({
      method: 'get',
      path: '/health',
      tag: 'health',
      summary: 'Whether Coax is well, and revisions that tell when to ask for more; made to be asked every few seconds',
      query: outputQuery,
      answer: { status: 200, schema: health, description: 'The state' },
      run: ({ query }) => {
        const output = hostOutput({ config }, query.output);
        const revision = lineupRevision({ catalog, config }, output);
        return {
          version,
          ready: services.health().ready,
          problems: problemsOf(services).map((text) => services.redact(text)),
          lineupRevision: revision,
          guideRevision: services.programmes.revision(output),
          channels: counts.of(output, revision),
          sources: config.current.sources.length,
          streams: services.sessions().length,
        };
      },
    }),
    route({
      method: 'get',
      path: '/channels',
      tag: 'lineup',
      summary: 'The channels of an output, all at once; If-None-Match answers 304 while nothing changed',
      query: outputQuery,
      answer: { status: 200, schema: lineup, description: 'The channels, in order' },
      run: async ({ query, request, response }) => {
        const output = hostOutput(services, query.output);
        const revision = lineupRevision(services, output);
        const etag = `"${revision}"`;
        response.set({ ETag: etag, 'Cache-Control': 'no-cache' });
        const unchanged = isUnchanged(request, etag);
        if (unchanged) response.status(304).end();
        return { revision, channels: unchanged ? [] : await publishedChannels(services, output) };
      },
    }),
    route({
      method: 'get',
      path: '/programmes',
      tag: 'lineup',
      summary:
        'The guide of an output as lines of JSON: a head, a line for each channel, an end; without the end it is cut short',
      query: outputQuery,
      answer: { status: 200, contentType: 'application/x-ndjson', description: 'The guide' },
      run: async ({ query, request, response }) => {
        const { file, packed } = await services.programmes.current(hostOutput(services, query.output));
        await sendPublished(request, response, file, packed);
      },
    }),
  ];
}
