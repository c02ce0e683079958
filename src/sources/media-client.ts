import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import { type ExchangeOptions, MediaExchange, type SocketOwner } from './media-exchange.ts';
import { type ContentRange, type OpenedMedia, parseContentRange } from './opened-media.ts';

export { parseContentRange };
export type { ContentRange, OpenedMedia, SocketOwner };

export interface OpenMediaOptions extends ExchangeOptions {
  readonly signal: AbortSignal;
  /** A Range header's value: `bytes=0-`. */
  readonly range?: string;
  readonly ifRange?: string;
}

/**
 * Opens one media connection: GET on a fresh socket that is never pooled, redirects followed, the owner's socket always the newest
 * one and never two at a time. An address that does not answer, or answers 404 or 410, leads to the next one; the last one's answer is
 * handed over whatever it is. Rejects with UPSTREAM_UNREACHABLE, UPSTREAM_PROXY, UPSTREAM_BREAKER_OPEN, UPSTREAM_ERROR,
 * UPSTREAM_BAD_CONTENT, UPSTREAM_NOT_FOUND (one said so and no other helped) or CANCELLED, and only after the last socket has closed.
 */
export function openMedia(request: HttpUpstreamRequest, options: OpenMediaOptions): Promise<OpenedMedia> {
  return new MediaExchange(request, options, false).first(options);
}
