import type { Lease } from '../../accounts/lease.ts';
import { CoaxError } from '../../errors.ts';
import type { HttpUpstreamRequest } from '../../model/upstream-request.ts';
import type { ExchangeOptions } from '../../sources/media-exchange.ts';
import { openMediaSession } from '../../sources/media-session.ts';
import { addressSecrets } from '../address-secrets.ts';
import type { Upstream, UpstreamOptions } from '../upstream.ts';
import type { HlsPlace } from './hls-lists.ts';
import { HlsReader } from './hls-reader.ts';
import { anyVariant, type HlsPolicy } from './variant-choice.ts';

const usualStallMs = 10_000;
/** A stream that was left for longer begins at the live edge again. */
const rememberedMs = 60_000;

interface Left extends HlsPlace {
  readonly url: string;
  readonly atMs: number;
}

/** Where the streams of a lease stopped, so that one that is opened anew does not play the same again. */
const places = new WeakMap<Lease, Left>();

export interface HlsOptions extends Pick<ExchangeOptions, 'health' | 'gate' | 'hasOthers'> {
  readonly policy?: HlsPolicy;
}

/**
 * Opens an HLS stream at the addresses of a request and resolves when its first media have come. Rejects with UPSTREAM_*, with OtherStream
 * when the address leads to a list of other streams, or with CANCELLED, and only after the connection has closed.
 */
export async function openHlsUpstream(
  request: HttpUpstreamRequest,
  { lease, signal, connectMs, stallMs = usualStallMs }: UpstreamOptions,
  { policy = anyVariant, ...reach }: HlsOptions = {},
): Promise<Upstream> {
  if (signal.aborted) throw new CoaxError('CANCELLED');
  const [url = ''] = request.urls;
  const left = places.get(lease);
  const session = openMediaSession(lease, request, {
    signal: new AbortController().signal,
    connectTimeoutMs: connectMs,
    ...reach,
  });
  const reader = new HlsReader({
    session,
    policy,
    secrets: addressSecrets(request.urls),
    stallMs,
    after: left?.url === url && performance.now() - left.atMs < rememberedMs ? left : null,
    reached: (place) => places.set(lease, { ...place, url, atMs: performance.now() }),
  });
  try {
    await reader.open(signal);
    return reader;
  } catch (error) {
    await reader.closed;
    throw error;
  }
}
