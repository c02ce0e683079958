import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import { sendLive, sendLiveHead } from '../live-answer.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';
import { redirectChannel } from './redirect.ts';

/** A recorder says what it is: its connection is never taken for anything else. */
const purposeOf = ({ query }: Request): 'live' | 'recording' =>
  query['purpose'] === 'recording' ? 'recording' : 'live';

function channelOf(request: Request, services: Services): { channel: Channel; output: OutputConfig } {
  const output = outputOf(request, services);
  const { id, ext } = idAndExt(request.params['file']);
  const channel = ext === 'ts' || ext === '' ? services.lineup.channel(output, id as ChannelId) : null;
  if (channel === null) throw new CoaxError('NOT_FOUND', 'This output has no such channel');
  return { channel, output };
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
  const { channel, output } = channelOf(request, services);
  open.add(output.token, response);
  if (await redirectChannel(request, response, { channel, output }, services)) return;
  const who = {
    viewer: viewerOf(request, request.query, output.token),
    outputId: output.id as OutputId,
    purpose: purposeOf(request),
    slates: output.slates,
  };
  await sendLive(response, (signal) =>
    services.live.open({ channel: services.lineup.playableChannel(channel), signal, ...who }),
  );
}
