import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import { wishedTime, type WishedTime } from '../../catchup/archive-time.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import type { PlayableArchive } from '../../model/playable.ts';
import type { Programme } from '../../model/programme.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';
import { redirectArchive } from './redirect.ts';

/** A player that asks to the second may ask a little before its programme. */
const slackSec = 60;

interface Wish extends WishedTime {
  readonly archive: PlayableArchive;
  readonly outputId: OutputId;
  readonly token: string;
  readonly catchupId?: string;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The programme that is on at a time. */
function programmeAt(channel: Channel, unix: number, { guide }: Services): Programme | undefined {
  const found = guide.programmesOf([channel], unix, unix + slackSec).get(channel.id) ?? [];
  return found.findLast(({ startUnix }) => startUnix <= unix) ?? found[0];
}

function wishOf(request: Request, services: Services): Wish {
  const output = outputOf(request, services);
  const { id, ext } = idAndExt(request.params['file']);
  const channel = ext === 'ts' || ext === '' ? services.lineup.channel(output, id as ChannelId) : null;
  if (channel === null) throw new CoaxError('NOT_FOUND', 'This output has no such channel');
  const { query } = request;
  const time = wishedTime(
    {
      start: textOf(query['start'] ?? query['utc']),
      end: textOf(query['end'] ?? query['utcend']),
      duration: textOf(query['duration']),
      offset: textOf(query['offset']),
    },
    {
      bufferMin: services.config.current.settings.catchup.bufferMinutes,
      programmeEnd: (unix) => programmeAt(channel, unix, services)?.stopUnix,
    },
  );
  const programme = programmeAt(channel, time.startUnix, services);
  const catchupId = programme?.catchupId;
  const title = programme === undefined ? channel.name : `${channel.name}: ${programme.title}`;
  const nowUnix = Math.floor(Date.now() / 1000);
  return {
    ...time,
    archive: services.lineup.playableArchive(channel, { ...time, nowUnix, title }),
    outputId: output.id as OutputId,
    token: output.token,
    ...(catchupId === undefined ? {} : { catchupId }),
  };
}

/** HEAD: from what is known; never asks the provider. */
export function headCatchup(request: Request, response: Response, services: Services): void {
  response.writeHead(200, { ...services.catchup.head(wishOf(request, services)), 'access-control-allow-origin': '*' });
  response.end();
}

/** GET: a time of a channel's archive, as a file that can be sought in; see docs/streams.md for what `start` and `end` may be. */
export async function getCatchup(
  request: Request,
  response: Response,
  services: Services,
  open: OpenResponses,
): Promise<void> {
  const { token, ...wish } = wishOf(request, services);
  open.add(token, response);
  const output = outputOf(request, services);
  const window = { ...wish, nowUnix: Math.floor(Date.now() / 1000) };
  if (await redirectArchive(request, response, { archive: wish.archive, window, output }, services)) return;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.setHeader('Access-Control-Allow-Origin', '*');
  const viewer = viewerOf(request, request.query, token);
  await services.catchup.serve({ ...wish, viewer, headers: request.headers, signal: gone.signal }, response);
}
