import { z } from 'zod';
import { newId } from '../../config/new-id.ts';
import { decode } from '../../config/problems.ts';
import { type Config, type HostConfig, hostSchema } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { type Route, route } from '../route.ts';
import { host, hostCreate, hostPatch, hostScan, hostTest } from '../schemas.ts';
import type { Services } from '../services.ts';

const tag = 'hosts';
const params = z.object({ id: z.string().max(200) });

function find(config: Config, id: string): HostConfig {
  const found = config.hosts.find((candidate) => candidate.id === id);
  if (found === undefined) throw new CoaxError('NOT_FOUND', `There is no media server ${id}`);
  return found;
}

/** The key is write-only. */
const view = ({ apiKey, url, ...rest }: HostConfig): z.input<typeof host> => ({
  ...rest,
  url: withoutLogin(url),
  hasApiKey: apiKey !== '',
});

function withoutLogin(address: string): string {
  const url = new URL(address);
  if (url.username === '' && url.password === '') return address;
  url.username = '';
  url.password = '';
  return url.href;
}

export function hostRoutes({ config, hosts }: Services): Route[] {
  return [
    route({
      method: 'get',
      path: '/hosts',
      tag,
      summary: 'Media servers that Coax registers itself at; those with the plugin are not among them',
      answer: { status: 200, schema: z.array(host), description: 'The media servers' },
      run: () => config.current.hosts.map(view),
    }),
    route({
      method: 'post',
      path: '/hosts',
      tag,
      summary: 'Add a media server; nothing is changed there before it is connected',
      body: hostCreate,
      answer: { status: 201, schema: host, description: 'The media server' },
      run: async ({ body }) => {
        const item = decode(hostSchema, { ...given(body), id: newId('h') });
        await config.update((draft) => draft.hosts.push(item));
        return view(item);
      },
    }),
    route({
      method: 'patch',
      path: '/hosts/{id}',
      tag,
      summary: 'Change a media server; what is not given stays',
      params,
      body: hostPatch,
      answer: { status: 200, schema: host, description: 'The media server as it is now' },
      run: async ({ params: { id }, body }) =>
        view(
          await config.update((draft) => {
            const before = find(draft, id);
            const item = decode(hostSchema, { ...before, ...given(body) });
            // What was registered is there, not here.
            if (item.url !== before.url) item.registration = null;
            draft.hosts[draft.hosts.indexOf(before)] = item;
            return item;
          }),
        ),
    }),
    route({
      method: 'delete',
      path: '/hosts/{id}',
      tag,
      summary: 'Forget a media server; disconnect it first to remove what was registered there',
      params,
      answer: { status: 204, description: 'Forgotten' },
      run: async ({ params: { id } }) => {
        await config.update((draft) => {
          draft.hosts.splice(draft.hosts.indexOf(find(draft, id)), 1);
        });
      },
    }),
    route({
      method: 'post',
      path: '/hosts/{id}/test',
      tag,
      summary: 'Ask the media server who it is, and whether the API key works',
      params,
      answer: { status: 200, schema: hostTest, description: 'The result, also when it fails' },
      run: ({ params: { id }, signal }) => hosts.test(id, signal),
    }),
    route({
      method: 'post',
      path: '/hosts/{id}/connect',
      tag,
      summary: 'Make the tuner and the guide at the media server, or bring them up to date',
      params,
      answer: { status: 200, schema: host, description: 'The media server with its registration' },
      errors: ['HOST_UNREACHABLE', 'HOST_REFUSED', 'HOST_UNSUPPORTED', 'HOST_ERROR'],
      run: async ({ params: { id }, signal }) => {
        await hosts.connect(id, signal);
        return view(find(config.current, id));
      },
    }),
    route({
      method: 'post',
      path: '/hosts/{id}/disconnect',
      tag,
      summary: 'Remove the tuner and the guide from the media server',
      params,
      answer: { status: 204, description: 'Removed' },
      errors: ['HOST_UNREACHABLE', 'HOST_REFUSED', 'HOST_ERROR'],
      run: ({ params: { id }, signal }) => hosts.disconnect(id, signal),
    }),
    route({
      method: 'post',
      path: '/hosts/{id}/refresh-guide',
      tag,
      summary: 'Let the media server read its guide anew',
      params,
      answer: { status: 202, description: 'Its task was started, or runs already' },
      errors: ['HOST_UNREACHABLE', 'HOST_REFUSED', 'HOST_ERROR'],
      run: ({ params: { id }, signal }) => hosts.refreshGuide(id, signal),
    }),
    route({
      method: 'post',
      path: '/hosts/{id}/scan',
      tag,
      summary: 'Let the media server look for new movies and episodes',
      params,
      body: hostScan,
      answer: { status: 202, description: 'Its scan was started, or runs already' },
      errors: ['HOST_UNREACHABLE', 'HOST_REFUSED', 'HOST_ERROR'],
      run: ({ params: { id }, body, signal }) => hosts.scanLibraries(id, body.folders, signal),
    }),
  ];
}

const given = (body: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
