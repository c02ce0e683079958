import type { Readable } from 'node:stream';
import { CoaxError } from '../errors.ts';
import type { Upstream, UpstreamSink } from './upstream.ts';

/** What holds the connection open: a socket, or the readable itself. */
interface Holder {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** An upstream made of a readable and the socket below it. It is read as fast as it comes, whatever the consumers do, unless it is held. */
export class ReadableUpstream implements Upstream {
  readonly closed: Promise<void>;
  readonly isRawAudio: boolean;
  readonly #body: Readable;
  readonly #holder: Holder;
  #sink: UpstreamSink | null = null;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(body: Readable, holder: Holder, isRawAudio = false) {
    this.#body = body;
    this.isRawAudio = isRawAudio;
    this.#holder = holder;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    if (holder.closed) resolve();
    else holder.once('close', resolve);
    // An error after `destroy` has no taker, but must not end the process.
    body.on('error', this.#broken);
  }

  start(sink: UpstreamSink): void {
    this.#sink = sink;
    const body = this.#body;
    body.on('end', this.#ended);
    body.on('close', this.#broken);
    body.on('data', this.#data);
    if (body.readableEnded) this.#ended();
    else if (body.destroyed) this.#broken();
  }

  hold(ms: number): void {
    if (this.#sink === null) return;
    clearTimeout(this.#holdTimer);
    this.#body.pause();
    this.#holdTimer = setTimeout(() => this.#body.resume(), ms);
  }

  destroy(): void {
    this.#sink = null;
    clearTimeout(this.#holdTimer);
    this.#body.off('data', this.#data);
    this.#body.destroy();
    this.#holder.destroy();
  }

  readonly #data = (chunk: Buffer): void => this.#sink?.data(chunk);

  readonly #ended = (): void => this.#lose(new CoaxError('UPSTREAM_ENDED', 'The provider ended the stream'));

  readonly #broken = (): void => this.#lose(new CoaxError('UPSTREAM_ENDED', 'The connection to the provider broke'));

  #lose(error: CoaxError): void {
    const sink = this.#sink;
    this.#sink = null;
    clearTimeout(this.#holdTimer);
    sink?.lost(error);
  }
}
