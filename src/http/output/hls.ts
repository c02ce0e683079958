import type { Request, Response } from 'express';
import type { Channel } from '../../catalog/contract.ts';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import type { HlsSession } from '../../relay/hls-out/hls-session.ts';
import { parseSegmentName, playlistType, writeMasterPlaylist } from '../../relay/hls-out/media-playlist.ts';
import { type Segment, segmentTypes } from '../../relay/hls-out/segment.ts';
import { parseRange, resolveRange } from '../../vod/range.ts';
import { factsFor } from '../facts-view.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';

/** What is told of a channel before anything is known of its bit rate. */
const usualBandwidth = 8_000_000;
/** A player that takes nothing of a segment for this long has gone. */
const readMs = 20_000;

/** Browsers read it from pages of other sites, and may see why it failed. */
const shared = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Length, Content-Range, Retry-After, X-Coax-Reason, X-Coax-Stream',
} as const;

function channelIn(output: OutputConfig, id: unknown, { lineup }: Services): Channel {
  const channel = lineup.channel(output, idAndExt(id).id as ChannelId);
  if (channel === null) throw new CoaxError('NOT_FOUND', 'This output has no such channel');
  return channel;
}

function sessionOf(request: Request, services: Services): { session: HlsSession; channel: Channel } {
  const output = outputOf(request, services);
  const id = String(request.params['session']);
  const channelId = idAndExt(request.params['channel']).id as ChannelId;
  const session = services.hls.get(id, { channelId, token: output.token });
  try {
    return { session, channel: channelIn(output, channelId, services) };
  } catch (error) {
    session.end(new CoaxError('NOT_FOUND', 'This output has no such channel any more'));
    throw error;
  }
}

function sendPlaylist(response: Response, text: Buffer | string): void {
  response.writeHead(200, {
    ...shared,
    'Content-Type': playlistType,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}

/** HEAD of any playlist: from memory, without a session and without the provider (design S5). */
export function headHls(request: Request, response: Response, services: Services): void {
  response.set(shared);
  if (request.params['session'] === undefined)
    channelIn(outputOf(request, services), request.params['channel'], services);
  else sessionOf(request, services);
  response.writeHead(200, { 'Content-Type': playlistType, 'Cache-Control': 'no-store' });
  response.end();
}

/** The address of a channel: a play session is made, and a playlist leads to it. The provider is not asked before the player goes there. */
export function getHlsEntry(request: Request, response: Response, services: Services): void {
  response.set(shared);
  const output = outputOf(request, services);
  const channel = channelIn(output, request.params['channel'], services);
  const { id: session, channel: media } = services.hls.create({
    channelId: channel.id,
    outputId: output.id as OutputId,
    token: output.token,
    viewer: viewerOf(request, request.query, output.token),
    slates: output.slates,
  });
  const facts = factsFor(output, channel);
  const { width, height, frameRate } = facts?.video[0] ?? {};
  const variant = {
    bandwidth: media.peakBitRate || (facts?.bitRate ?? usualBandwidth) * 1.5,
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(frameRate === undefined ? {} : { frameRate }),
    address: `${channel.id}/${session}/index.m3u8`,
  };
  sendPlaylist(response, writeMasterPlaylist(variant));
}

/** The media playlist of a session. A client that goes away while it waits for the first segments gives its place back in the same turn. */
export async function getHlsPlaylist(
  request: Request,
  response: Response,
  services: Services,
  open: OpenResponses,
): Promise<void> {
  response.set(shared);
  const { session, channel } = sessionOf(request, services);
  open.add(session.request.token, response);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  sendPlaylist(response, await session.playlist(services.lineup.playableChannel(channel), gone.signal));
}

/** One segment of a session; ranges of it as well. */
export function getHlsSegment(request: Request, response: Response, services: Services, open: OpenResponses): void {
  response.set(shared);
  const { session } = sessionOf(request, services);
  const name = parseSegmentName(String(request.params['file']));
  const segment = name === null ? null : session.segment(name.sequence);
  if (segment === null || segment.form !== name?.form) throw new CoaxError('NOT_FOUND', 'There is no such segment');
  const spec = parseRange(request.headers.range);
  const range = spec === null ? { start: 0, end: segment.bytes } : resolveRange(spec, segment.bytes);
  const headers = {
    'Content-Type': segmentTypes[segment.form],
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=60',
  };
  if (range === null) {
    response.set('Content-Range', `bytes */${segment.bytes}`);
    throw new CoaxError('RANGE_NOT_SATISFIABLE', `The segment has ${segment.bytes} bytes`);
  }
  response.writeHead(spec === null ? 200 : 206, {
    ...headers,
    'Content-Length': range.end - range.start,
    ...(spec === null ? {} : { 'Content-Range': `bytes ${range.start}-${range.end - 1}/${segment.bytes}` }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  open.add(session.request.token, response);
  send(response, session, segment, range);
}

/** Hands the shared buffers of a segment to the socket; nothing is copied. */
function send(
  response: Response,
  session: HlsSession,
  { parts }: Segment,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const sending = session.sending();
  response.once('close', () => sending[Symbol.dispose]());
  response.setTimeout(readMs, () => response.destroy());
  response.cork();
  let at = 0;
  for (const part of parts) {
    const from = Math.max(0, start - at);
    const to = Math.min(part.length, end - at);
    at += part.length;
    if (from < to) response.write(from === 0 && to === part.length ? part : part.subarray(from, to));
  }
  response.uncork();
  response.end();
  session.took(end - start);
}
