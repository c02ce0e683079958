import { z } from 'zod';
import type { Channel } from '../../catalog/contract.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, StreamId } from '../../model/ids.ts';
import { factsView } from '../facts-view.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';
import { channelStreams, channelStreamsBody } from './channel-streams-schemas.ts';

const params = z.object({ id: z.string().max(200) });
const tag = 'channels';

/** From which streams a channel is played, and how they fare. */
export function channelStreamRoutes({ catalog, streamHealth, redact }: Services): Route[] {
  const found = (channel: Channel | null, id: string): Channel => {
    if (channel === null) throw new CoaxError('NOT_FOUND', `There is no channel ${id}`);
    return channel;
  };
  const view = (channel: Channel): z.input<typeof channelStreams> => {
    const listed = catalog.channels.listedStreams(channel.id);
    const there = new Set(channel.streams.map(({ id }) => id));
    return {
      channelId: channel.id,
      listed: listed !== null,
      streams: channel.streams.map(({ id, channelId, sourceId, codecs }) => {
        const health = streamHealth(id);
        const { lastFailure } = health;
        return {
          id,
          channelId,
          name: catalog.channels.get(channelId)?.name ?? '',
          sourceId,
          codecs: factsView(codecs),
          health: {
            ...health,
            ...(lastFailure === undefined
              ? {}
              : { lastFailure: { ...lastFailure, message: redact(lastFailure.message) } }),
          },
        };
      }),
      missing: (listed ?? []).filter((id) => !there.has(id)),
    };
  };
  return [
    route({
      method: 'get',
      path: '/channels/{id}/streams',
      tag,
      summary: 'The streams a channel is played from, in order of preference, and how they fare',
      params,
      answer: { status: 200, schema: channelStreams, description: 'The streams' },
      run: ({ params: { id } }) => view(found(catalog.channels.get(id as ChannelId), id)),
    }),
    route({
      method: 'put',
      path: '/channels/{id}/streams',
      tag,
      summary: 'Play a channel from these streams, in order of preference; an empty list goes back to its own stream',
      params,
      body: channelStreamsBody,
      answer: { status: 200, schema: channelStreams, description: 'The streams as they are now' },
      run: async ({ params: { id }, body }) =>
        view(found(await catalog.channels.setStreams(id as ChannelId, body.streams as StreamId[]), id)),
    }),
  ];
}
