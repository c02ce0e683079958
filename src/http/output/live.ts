import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import { sendLive, sendLiveHead } from '../live-answer.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';

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
  sendLiveHead(response);
}

/** GET: opens the channel and hands the socket to the relay. */
export async function getLive(
  request: Request,
  response: Response,
  services: Services,
  open: OpenResponses,
): Promise<void> {
  const { channel, outputId, token } = channelOf(request, services);
  open.add(token, response);
  const viewer = viewerOf(request, request.query, token);
  await sendLive(response, (signal) =>
    services.live.open({ channel: services.lineup.playableChannel(channel), viewer, outputId, signal }),
  );
}
