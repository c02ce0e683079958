import { z } from 'zod';
import { refreshParts } from '../../catalog/contract.ts';
import type { Config, SourceConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { SourceId } from '../../model/ids.ts';
import { type Route, route } from '../route.ts';
import { source, sourceCreate, sourcePatch, sourceTest } from '../source-schemas.ts';
import type { Services } from '../services.ts';
import { createSource, patchSource, sourceView } from './source-form.ts';

const params = z.object({ id: z.string().max(200) });
const tag = 'sources';

function find(config: Config, id: string): SourceConfig {
  const found = config.sources.find((candidate) => candidate.id === id);
  if (found === undefined) throw new CoaxError('NOT_FOUND', `There is no source ${id}`);
  return found;
}

export function sourceRoutes({ config, catalog, refreshes, redact, testSource, removeSource }: Services): Route[] {
  const view = (item: SourceConfig) =>
    sourceView(item, catalog.sourceState(item.id as SourceId), refreshes.nextRefreshAt(item.id as SourceId), redact);
  return [
    route({
      method: 'get',
      path: '/sources',
      tag,
      summary: 'All sources',
      answer: { status: 200, schema: z.array(source), description: 'The sources, in order of preference' },
      run: () => config.current.sources.map(view),
    }),
    route({
      method: 'post',
      path: '/sources',
      tag,
      summary: 'Add a source; it is refreshed at once',
      body: sourceCreate,
      answer: { status: 201, schema: source, description: 'The new source' },
      run: async ({ body }) => {
        const item = createSource(body);
        await config.update((draft) => draft.sources.push(item));
        if (item.enabled) refreshes.refresh(item.id as SourceId);
        return view(item);
      },
    }),
    route({
      method: 'get',
      path: '/sources/{id}',
      tag,
      summary: 'One source',
      params,
      answer: { status: 200, schema: source, description: 'The source' },
      run: ({ params: { id } }) => view(find(config.current, id)),
    }),
    route({
      method: 'patch',
      path: '/sources/{id}',
      tag,
      summary: 'Change a source; what is not given stays',
      params,
      body: sourcePatch,
      answer: { status: 200, schema: source, description: 'The source as it is now' },
      run: async ({ params: { id }, body }) => {
        const item = await config.update((draft) => {
          const index = draft.sources.indexOf(find(draft, id));
          const changed = patchSource(find(draft, id), body);
          draft.sources[index] = changed;
          return changed;
        });
        return view(item);
      },
    }),
    route({
      method: 'delete',
      path: '/sources/{id}',
      tag,
      summary: 'Remove a source with everything that came from it; its streams are stopped',
      params,
      answer: { status: 204, description: 'Removed' },
      run: async ({ params: { id } }) => {
        await config.update((draft) => {
          draft.sources.splice(draft.sources.indexOf(find(draft, id)), 1);
        });
        removeSource(id as SourceId);
      },
    }),
    route({
      method: 'post',
      path: '/sources/{id}/test',
      tag,
      summary: 'Log in with each account and tell what the provider says',
      params,
      answer: {
        status: 200,
        schema: sourceTest,
        description: 'The result, also when the login fails; the first account, and all of them',
      },
      run: async ({ params: { id }, signal }) => {
        find(config.current, id);
        const accounts = (await testSource(id as SourceId, signal)).map(({ formats, ...report }) => ({
          ...report,
          ...(formats === undefined ? {} : { formats: [...formats] }),
        }));
        const shown = accounts.find(({ ok }) => !ok) ??
          accounts[0] ?? { ok: false, message: 'There is no login to test' };
        return { ...shown, accounts };
      },
    }),
    route({
      method: 'post',
      path: '/sources/{id}/refresh',
      tag,
      summary: 'Read the lists and the guide anew, or the guide alone',
      params,
      query: z.object({
        parts: z
          .enum(refreshParts)
          .default('all')
          .meta({ description: 'guide reads the guide alone; of a source that was never read, all is read.' }),
      }),
      answer: {
        status: 202,
        schema: z.object({ jobId: z.string() }),
        description: 'The job that does it, or the one that runs already',
      },
      run: ({ params: { id }, query: { parts } }) => {
        find(config.current, id);
        return { jobId: refreshes.refresh(id as SourceId, parts) };
      },
    }),
  ];
}
