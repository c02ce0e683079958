import { CoaxError } from '../errors.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import { type Asked, type ExchangeOptions, MediaExchange, type SocketOwner } from './media-exchange.ts';
import type { OpenedMedia } from './opened-media.ts';

export interface MediaSessionOptions extends Omit<ExchangeOptions, 'owner'> {
  /** The end of the session: on abort everything is closed in that turn. */
  readonly signal: AbortSignal;
}

export interface MediaGet extends Partial<Asked> {}

/**
 * Several requests on one lease, one after the other: the playlists, keys and segments of an HLS stream. Headers, cookies and proxy of the
 * request go with each of them, the connection is kept for the next one to the same origin, and there is never a second one.
 */
export interface MediaSession {
  /** Asks the stream's own addresses in order, as `openMedia` does. */
  open(get?: MediaGet): Promise<OpenedMedia>;
  /**
   * Asks an address that the stream names. The body of the last answer must be at its end, or its connection is closed first. Rejects with
   * what `openMedia` rejects with; an answer of any status resolves.
   */
  get(url: string, get?: MediaGet): Promise<OpenedMedia>;
  /** Closes in this turn whatever is open. Idempotent. */
  destroy(): void;
  /** True once `destroy` was called or the signal has fired. */
  readonly destroyed: boolean;
  /** Resolves when the session was destroyed and its socket has closed. */
  readonly closed: Promise<void>;
}

/** Begins a session on a lease. Nothing is connected before the first request. */
export function openMediaSession(
  owner: SocketOwner,
  request: HttpUpstreamRequest,
  options: MediaSessionOptions,
): MediaSession {
  return new KeptSession(owner, request, options);
}

class KeptSession implements MediaSession {
  readonly closed: Promise<void>;
  readonly #exchange: MediaExchange;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #resolveClosed: () => void;
  readonly #destroy = (): void => this.destroy();
  #busy = false;

  constructor(owner: SocketOwner, request: HttpUpstreamRequest, options: MediaSessionOptions) {
    this.#exchange = new MediaExchange(request, { ...options, owner }, true);
    this.#signal = options.signal;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    if (options.signal.aborted) this.destroy();
    else options.signal.addEventListener('abort', this.#destroy, { once: true });
  }

  get destroyed(): boolean {
    return this.#end.signal.aborted;
  }

  open(get: MediaGet = {}): Promise<OpenedMedia> {
    return this.#inTurn(get, (asked) => this.#exchange.first(asked));
  }

  get(url: string, get: MediaGet = {}): Promise<OpenedMedia> {
    return this.#inTurn(get, (asked) => this.#exchange.get(url, asked));
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#signal.removeEventListener('abort', this.#destroy);
    const { socket } = this.#exchange;
    this.#end.abort();
    this.#exchange.destroy();
    if (socket === null) this.#resolveClosed();
    else socket.once('close', this.#resolveClosed);
  }

  async #inTurn(get: MediaGet, ask: (asked: Asked) => Promise<OpenedMedia>): Promise<OpenedMedia> {
    if (this.destroyed) throw new CoaxError('CANCELLED');
    if (this.#busy) throw new CoaxError('INTERNAL', 'A media session asks one thing at a time');
    this.#busy = true;
    const end = this.#end.signal;
    try {
      return await ask({ ...get, signal: get.signal === undefined ? end : AbortSignal.any([end, get.signal]) });
    } finally {
      this.#busy = false;
    }
  }
}
