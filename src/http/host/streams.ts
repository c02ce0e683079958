import type { z } from 'zod';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import type { HostStreamView } from '../../relay/host/host-stream.ts';
import type { OpenHostStream } from '../../relay/host/host-streams.ts';
import { factsFor, factsView } from '../facts-view.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';
import { hostOutput } from './published-lineup.ts';
import { streamOpen, streamOpened, streamParams, streamResume, streams, viewersUpdate } from './schemas.ts';

const tag = 'streams';

/** The text of a view, without what is secret. */
const reasonOf = ({ reason }: HostStreamView, { redact }: Services): { readonly reason?: string } =>
  reason === undefined ? {} : { reason: redact(reason) };

/** A device whose user is not told has none. */
function withUser({ user, ...device }: NonNullable<z.output<typeof streamOpen>['viewer']>) {
  return { ...device, ...(user ? { user } : {}) };
}

function requestOf(body: z.output<typeof streamOpen>, services: Services): OpenHostStream {
  const { lineup } = services;
  const output = hostOutput(services, body.output);
  const channelId = body.channelId as ChannelId;
  if (lineup.channel(output, channelId) === null)
    throw new CoaxError('NOT_FOUND', `Output ${output.id} has no channel ${channelId}`);
  // The output as it is then: it may be changed or revoked while the stream is open.
  const find = () => {
    const now = services.config.current.outputs.find(({ id }) => id === output.id);
    return now === undefined ? null : lineup.channel(now, channelId);
  };
  return {
    channelId,
    channel: () => {
      const channel = find();
      return channel === null ? null : lineup.playableChannel(channel);
    },
    knownFacts: () => {
      const channel = find();
      return channel === null ? null : factsFor(output, channel);
    },
    outputId: output.id as OutputId,
    purpose: body.purpose ?? 'live',
    ...(body.viewer ? { viewer: withUser(body.viewer) } : {}),
    ...(body.replaces ? { replaces: body.replaces } : {}),
  };
}

export function hostStreamRoutes(services: Services): Route[] {
  const { hostStreams } = services;
  return [
    route({
      method: 'post',
      path: '/streams',
      tag,
      summary: 'Open a channel; answers at once, the provider is asked in the background',
      body: streamOpen,
      answer: { status: 201, schema: streamOpened, description: 'The stream and where it is read' },
      errors: ['NOT_FOUND'],
      run: async ({ body, signal }) => {
        const stream = hostStreams.open(requestOf(body, services));
        const waitMs = body.waitForFactsMs ?? 0;
        if (waitMs > 0) await hostStreams.factsOf(stream, waitMs, signal);
        const view = stream.view();
        return {
          id: stream.id,
          path: `/s/${stream.id}.ts`,
          facts: factsView(view.facts),
          state: view.state,
          ...reasonOf(view, services),
        };
      },
    }),
    route({
      method: 'get',
      path: '/streams',
      tag,
      summary: 'The streams that hosts have open',
      answer: { status: 200, schema: streams, description: 'The streams' },
      run: () => ({
        streams: hostStreams
          .list()
          .map((view) => ({ ...view, ...reasonOf(view, services), facts: factsView(view.facts) })),
      }),
    }),
    route({
      method: 'delete',
      path: '/streams/{id}',
      tag,
      summary: 'Close a stream; those who still read it are served on. One that is not open is closed already',
      params: streamParams,
      answer: { status: 204, description: 'Closed' },
      run: ({ params: { id } }) => hostStreams.close(id),
    }),
    route({
      method: 'post',
      path: '/streams/{id}/resume',
      tag,
      summary: 'The device that opened this stream watches it again, instead of the others it has open',
      params: streamParams,
      body: streamResume,
      answer: { status: 204, description: 'Taken over' },
      errors: ['NOT_FOUND'],
      run: ({ params: { id }, body }) => {
        if (!hostStreams.resume(id, body.replaces)) throw new CoaxError('NOT_FOUND', 'There is no such stream');
      },
    }),
    route({
      method: 'put',
      path: '/viewers',
      tag,
      summary: 'Tell who watches, to be shown in the list of streams',
      body: viewersUpdate,
      answer: { status: 204, description: 'Taken over' },
      run: ({ body }) => {
        for (const { id, viewers } of body.streams) {
          const stream = hostStreams.get(id);
          if (stream !== null) stream.labels = viewers;
        }
      },
    }),
  ];
}
