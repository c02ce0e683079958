import { CoaxError, toCoaxError } from '../errors.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import type { HostGate } from '../sources/host-gate.ts';
import { openMedia } from '../sources/media-client.ts';
import { judgeMedia } from '../sources/media-peek.ts';
import { addressSecrets } from './address-secrets.ts';
import { OtherStream } from './hls-in/hls-lists.ts';
import { openHlsUpstream } from './hls-in/open-hls.ts';
import type { HlsPolicy } from './hls-in/variant-choice.ts';
import { ReadableUpstream } from './readable-upstream.ts';
import { openingFailure, withHint } from './refusals.ts';
import type { Upstream, UpstreamOptions } from './upstream.ts';

/** A list of streams that leads to another list, and so on, ends here. */
const mostLists = 2;
/** What most playlists are called. Any other address is asked as a stream first, and again as HLS when a playlist comes. */
const listName = /\.m3u8?$/i;

/** What is known of hosts, and wanted of HLS. */
export interface HttpReach {
  readonly health?: BaseUrlHealth;
  readonly gate?: HostGate;
  readonly hls?: () => HlsPolicy;
}

/**
 * Opens a transport stream, an HLS stream, or the bare sound of a radio station, over HTTP; which it is, is told by what comes. What is no
 * media is refused, with the start of a text in the message.
 */
export async function openHttpUpstream(
  request: HttpUpstreamRequest,
  options: UpstreamOptions,
  reach: HttpReach = {},
): Promise<Upstream> {
  try {
    return await openEither(request, options, { reach, lists: 0 });
  } catch (error) {
    throw openingFailure(error);
  }
}

interface Way {
  readonly reach: HttpReach;
  /** Lists of streams that led here. */
  readonly lists: number;
}

async function openEither(request: HttpUpstreamRequest, options: UpstreamOptions, way: Way): Promise<Upstream> {
  if (!request.urls.some((url) => listName.test(URL.parse(url)?.pathname ?? '')))
    return (await openPlain(request, options, way)) ?? openHls(request, options, way);
  try {
    return await openHls(request, options, way);
  } catch (error) {
    if (toCoaxError(error).details?.['reason'] !== 'media' || options.signal.aborted) throw error;
    await options.lease.closeSocket(false);
    const opened = await openPlain(request, options, way);
    if (opened !== null) return opened;
    throw error;
  }
}

/** Null when a playlist came; nothing is open then. */
async function openPlain(
  request: HttpUpstreamRequest,
  { lease, signal, connectMs }: UpstreamOptions,
  { reach: { health, gate } }: Way,
): Promise<Upstream | null> {
  const opened = await openMedia(request, {
    owner: lease,
    signal,
    connectTimeoutMs: connectMs,
    ...(health === undefined ? {} : { health }),
    ...(gate === undefined ? {} : { gate }),
  });
  const verdict = await judgeMedia(opened, {
    expects: 'live',
    firstByteTimeoutMs: connectMs,
    secrets: addressSecrets(request.urls),
    signal,
  });
  if (verdict.kind === 'refused') throw withHint(verdict.error, verdict.capacity);
  if (verdict.container !== 'hls' && verdict.container !== 'archive')
    return new ReadableUpstream(opened.body, opened.socket, verdict.container === 'audio');
  await lease.closeSocket(false);
  if (signal.aborted) throw new CoaxError('CANCELLED');
  return null;
}

async function openHls(request: HttpUpstreamRequest, options: UpstreamOptions, way: Way): Promise<Upstream> {
  const { hls, ...reach } = way.reach;
  try {
    return await openHlsUpstream(request, options, { ...reach, ...(hls === undefined ? {} : { policy: hls() }) });
  } catch (error) {
    if (!(error instanceof OtherStream)) throw error;
    if (way.lists >= mostLists || !URL.canParse(error.url))
      throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent a list that leads to no stream');
    await options.lease.closeSocket(false);
    return openEither(elsewhere(request, error.url), options, { ...way, lists: way.lists + 1 });
  }
}

/** The same request at another address; what may be secret goes only where it went before. */
function elsewhere(request: HttpUpstreamRequest, url: string): HttpUpstreamRequest {
  const isOwn = request.urls.some((own) => URL.parse(own)?.host === URL.parse(url)?.host);
  return { ...request, urls: [url], foreignUrls: isOwn ? [] : [url] };
}
