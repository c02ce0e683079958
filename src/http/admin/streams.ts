import { z } from 'zod';
import { CoaxError } from '../../errors.ts';
import type { SessionId, StreamId } from '../../model/ids.ts';
import type { SessionView } from '../../model/session-view.ts';
import { factsView } from '../facts-view.ts';
import { type Route, route } from '../route.ts';
import { account, session, sync } from '../session-schemas.ts';
import type { Services } from '../services.ts';
import { nextStreamBody } from './channel-streams-schemas.ts';

const tag = 'streams';

export function streamRoutes(services: Services): Route[] {
  const view = ({ heldFor, facts, transcode, ...item }: SessionView): z.input<typeof session> => ({
    ...item,
    ...(transcode === undefined ? {} : { transcode: { ...transcode } }),
    watchers: services.hosts.watchersOf(item),
    ...(heldFor === undefined ? {} : { heldFor: heldFor.map((viewer) => ({ ...viewer })) }),
    ...(facts === undefined ? {} : { facts: factsView(facts) }),
    consumers: item.consumers.map((consumer) => ({ ...consumer, viewer: { ...consumer.viewer } })),
  });
  return [
    route({
      method: 'get',
      path: '/accounts',
      tag,
      summary: 'Accounts with the leases held on them now',
      answer: { status: 200, schema: z.array(account), description: 'The accounts' },
      run: () => services.accounts().map((item) => ({ ...item, leases: item.leases.map((lease) => ({ ...lease })) })),
    }),
    route({
      method: 'get',
      path: '/streams',
      tag,
      summary: 'Live relays and VOD sessions with their consumers',
      answer: { status: 200, schema: z.array(session), description: 'What plays now' },
      run: () => services.sessions().map(view),
    }),
    route({
      method: 'delete',
      path: '/streams/{id}',
      tag,
      summary: 'Stop a stream; its clients are ended',
      params: z.object({ id: z.string().max(200) }),
      answer: { status: 204, description: 'Stopped' },
      run: ({ params: { id } }) => {
        if (!services.stopSession(id as SessionId)) throw new CoaxError('NOT_FOUND', `There is no stream ${id}`);
      },
    }),
    route({
      method: 'post',
      path: '/streams/{id}/next',
      tag,
      summary: 'Go on with the next stream of the channel, or with a given one, under the same players',
      params: z.object({ id: z.string().max(200) }),
      body: nextStreamBody,
      answer: { status: 200, schema: session, description: 'The stream, which plays from its new source' },
      errors: ['CONFLICT'],
      run: async ({ params: { id }, body }) => {
        const next = await services.nextStream(id, (body.streamId ?? null) as StreamId | null);
        if (next === null) throw new CoaxError('NOT_FOUND', `There is no stream ${id}`);
        return view(next);
      },
    }),
    route({
      method: 'get',
      path: '/debug/sync',
      tag,
      summary: 'Leases, sockets, sessions and consumers side by side; mismatches has to be empty',
      answer: { status: 200, schema: sync, description: 'The comparison' },
      run: () => {
        const view = services.sync();
        return { ...view, mismatches: [...view.mismatches] };
      },
    }),
  ];
}
