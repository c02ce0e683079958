import { CoaxError } from '../errors.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import { type CapacityHint, capacityOfError } from '../sources/media-answer.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import { openMedia } from '../sources/media-client.ts';
import { judgeMedia } from '../sources/media-peek.ts';
import { ReadableUpstream } from './readable-upstream.ts';
import { CapacityRefusal, type Upstream, type UpstreamOptions } from './upstream.ts';

/** Opens a transport stream, or the bare sound of a radio station, over HTTP. What is no media is refused, with the start of a text in the message. */
export async function openHttpUpstream(
  request: HttpUpstreamRequest,
  options: UpstreamOptions,
  health?: BaseUrlHealth,
): Promise<Upstream> {
  const { lease, signal, connectMs } = options;
  try {
    const opened = await openMedia(request, {
      owner: lease,
      signal,
      connectTimeoutMs: connectMs,
      ...(health === undefined ? {} : { health }),
    });
    const verdict = await judgeMedia(opened, {
      expects: 'live',
      firstByteTimeoutMs: connectMs,
      secrets: secretsOf(request.urls),
      signal,
    });
    if (verdict.kind === 'refused') throw withHint(verdict.error, verdict.capacity);
    if (verdict.container === 'hls' || verdict.container === 'archive')
      throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent an HLS playlist, which can not be played yet');
    return new ReadableUpstream(opened.body, opened.socket, verdict.container === 'audio');
  } catch (error) {
    if (error instanceof CoaxError && !(error instanceof CapacityRefusal))
      throw withHint(error, capacityOfError(error));
    throw error;
  }
}

function withHint(error: CoaxError, capacity: CapacityHint): CoaxError {
  return capacity === 'no' ? error : new CapacityRefusal(error, capacity === 'yes' ? 'refused' : 'doubtful');
}

/** The parts of a stream's address that may be a login or a token; they are never quoted. */
function secretsOf(urls: readonly string[]): string[] {
  return urls.flatMap((text) => {
    const url = URL.parse(text);
    if (url === null) return [];
    const parts = [...url.pathname.split('/'), ...url.searchParams.values(), url.username, url.password];
    return parts.filter((part) => part.length >= 3).flatMap((part) => [part, decode(part)]);
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
