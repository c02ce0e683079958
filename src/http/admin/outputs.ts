import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { newId, newToken } from '../../config/new-id.ts';
import { type Config, type OutputConfig, outputSchema } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import { profilesOf } from '../../transcode/profiles.ts';
import { baseUrlOf } from '../base-url.ts';
import { type Route, route } from '../route.ts';
import { output, outputCreate, outputPatch } from '../schemas.ts';
import type { Services } from '../services.ts';

const tag = 'outputs';
const params = z.object({ id: z.string().max(200) });

function find(config: Config, id: string): OutputConfig {
  const found = config.outputs.find((candidate) => candidate.id === id);
  if (found === undefined) throw new CoaxError('NOT_FOUND', `There is no output ${id}`);
  return found;
}

/** An output would play nothing with a profile that does not exist. */
function refuseUnknown({ settings }: Config, name = ''): void {
  const known = profilesOf(settings.transcode).map((profile) => profile.name);
  if (name === '' || name === 'copy' || known.includes(name)) return;
  const message = `has to be one of ${known.join(', ')}; or empty`;
  throw new CoaxError('BAD_REQUEST', `profile ${message}`, { details: { fields: [{ field: 'profile', message }] } });
}

export function outputRoutes({ config }: Services): Route[] {
  const view = (item: OutputConfig, request: IncomingMessage): z.input<typeof output> => {
    const base = `${baseUrlOf(request, config.current.settings.publicUrl)}/o/${item.token}`;
    return {
      id: item.id,
      name: item.name,
      token: item.token,
      groups: item.groups,
      maxStreams: item.maxStreams,
      slates: item.slates,
      catchup: item.catchup,
      live: item.live,
      profile: item.profile,
      urls: {
        m3u: `${base}/playlist.m3u`,
        xmltv: `${base}/guide.xml`,
        hdhomerun: `${base}/hdhr`,
        movies: `${base}/movies.m3u`,
      },
    };
  };
  return [
    route({
      method: 'get',
      path: '/outputs',
      tag,
      summary: 'All outputs with their addresses',
      answer: { status: 200, schema: z.array(output), description: 'The outputs' },
      run: ({ request }) => config.current.outputs.map((item) => view(item, request)),
    }),
    route({
      method: 'post',
      path: '/outputs',
      tag,
      summary: 'Make an output: a lineup for one group of clients, with a token of its own',
      body: outputCreate,
      answer: { status: 201, schema: output, description: 'The new output' },
      run: async ({ body, request }) => {
        refuseUnknown(config.current, body.profile);
        const item = outputSchema.parse({ ...body, id: newId('o'), token: newToken() });
        await config.update((draft) => draft.outputs.push(item));
        return view(item, request);
      },
    }),
    route({
      method: 'patch',
      path: '/outputs/{id}',
      tag,
      summary: 'Change an output; newToken makes its old addresses invalid',
      params,
      body: outputPatch,
      answer: { status: 200, schema: output, description: 'The output as it is now' },
      run: async ({ params: { id }, body, request }) => {
        refuseUnknown(config.current, body.profile);
        const changed = await config.update((draft) => {
          const item = find(draft, id);
          if (body.name !== undefined) item.name = body.name;
          if (body.groups !== undefined) item.groups = body.groups;
          if (body.live !== undefined) item.live = body.live;
          if (body.maxStreams !== undefined) item.maxStreams = body.maxStreams;
          if (body.slates !== undefined) item.slates = body.slates;
          if (body.catchup !== undefined) item.catchup = body.catchup;
          if (body.profile !== undefined) item.profile = body.profile;
          if (body.newToken) item.token = newToken();
          return item;
        });
        return view(changed, request);
      },
    }),
    route({
      method: 'delete',
      path: '/outputs/{id}',
      tag,
      summary: 'Revoke an output; the last one stays',
      params,
      answer: { status: 204, description: 'Revoked' },
      errors: ['CONFLICT'],
      run: async ({ params: { id } }) => {
        await config.update((draft) => {
          const item = find(draft, id);
          if (draft.outputs.length === 1)
            throw new CoaxError('CONFLICT', 'The last output can not be removed; give it a new token instead');
          draft.outputs.splice(draft.outputs.indexOf(item), 1);
        });
      },
    }),
  ];
}
