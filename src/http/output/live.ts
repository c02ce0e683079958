import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';

const mediaHeaders = {
  'Content-Type': 'video/mp2t',
  'Cache-Control': 'no-store',
  'Accept-Ranges': 'none',
  'Access-Control-Allow-Origin': '*',
} as const;

function channelOf(request: Request, services: Services): { channel: Channel; outputId: OutputId; token: string } {
  const output = outputOf(request, services);
  const { id, ext } = idAndExt(request.params['file']);
  const channel = ext === 'ts' || ext === '' ? services.lineup.channel(output, id as ChannelId) : null;
  if (channel === null) throw new CoaxError('NOT_FOUND', 'This output has no such channel');
  return { channel, outputId: output.id as OutputId, token: output.token };
}

/** HEAD: answered from memory. Jellyfin asks it before it plays and waits up to 100 s for it (jellyfin#9813). */
export function headLive(request: Request, response: Response, services: Services): void {
  channelOf(request, services);
  response.writeHead(200, { ...mediaHeaders, Connection: 'close' });
  response.end();
}

/**
 * GET: opens the channel and hands the socket to the relay. The client's `close` leaves in its own tick, whether the consumer is there
 * already or still being opened (design C2). The body has no chunked encoding: the relay writes shared buffers straight to the socket.
 */
export async function getLive(
  request: Request,
  response: Response,
  services: Services,
  open: OpenResponses,
): Promise<void> {
  const { channel, outputId, token } = channelOf(request, services);
  open.add(token, response);
  const gone = new AbortController();
  let leave = (): void => gone.abort();
  response.once('close', () => leave());
  const consumer = await services.live.open({
    channel: services.lineup.playableChannel(channel),
    viewer: viewerOf(request, request.query, token),
    outputId,
    signal: gone.signal,
  });
  leave = () => {
    gone.abort();
    consumer.leave();
  };
  const { socket } = response;
  if (socket === null || socket.destroyed) {
    leave();
    return;
  }
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(200, { ...mediaHeaders, Connection: 'close', 'X-Coax-Stream': consumer.relayId });
  // Head and first picture leave in one segment.
  socket.cork();
  response.flushHeaders();
  consumer.pipe(socket);
  socket.uncork();
}
