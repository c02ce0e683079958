import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Lease } from '../../src/accounts/lease.ts';
import { CoaxError, toCoaxError } from '../../src/errors.ts';
import type { OpenOptions, RangeAnswer } from '../../src/vod/upstream-range.ts';
import { FakeProviderSocket } from '../relay/world.ts';

export const filmSize = 4_000_000;

/** No two places of it are alike for long. */
const pattern = Buffer.from(Uint8Array.from({ length: 65_521 }, (_, n) => ((n >> 8) * 31 + n) & 0xff));

/** What stands at a place of a film; no two films are alike. */
export function filmBytes(film: string, from: number, length: number): Buffer {
  const seed = film.charCodeAt(film.length - 1);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const start = (from + at + seed * 997) % pattern.length;
    at += pattern.copy(bytes, at, start, Math.min(pattern.length, start + length - at));
  }
  return bytes;
}

/** A range that a provider sends as fast as the test says. */
export class FakeBody extends Readable {
  readonly socket = new FakeProviderSocket();
  readonly film: string;
  readonly account: string;
  #at: number;

  constructor(film: string, from: number, lease: Lease) {
    super({ highWaterMark: 65_536 });
    this.film = film;
    this.account = lease.accountId;
    this.#at = from;
    this.socket.once('close', () => this.destroy());
  }

  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.socket.destroy();
    callback(error);
  }

  /** Sends so many bytes, or what is left. */
  feed(bytes: number): void {
    if (this.destroyed || this.readableEnded) return;
    const length = Math.min(bytes, filmSize - this.#at);
    if (length > 0) this.push(filmBytes(this.film, this.#at, length));
    this.#at += length;
    if (this.#at >= filmSize) this.push(null);
  }
}

/** Opens ranges without a network, on the lease as the media client does. */
export class FilmProvider {
  readonly bodies: FakeBody[] = [];
  /** Errors that the next opens fail with. */
  readonly failures: CoaxError[] = [];

  async open(film: string, { lease, signal, range }: OpenOptions): Promise<RangeAnswer> {
    if (lease === null) throw new Error('a film needs a lease here');
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
    const from = first === '' ? Math.max(0, filmSize - Number(last)) : Number(first);
    const body = new FakeBody(film, from, lease);
    lease.connecting();
    lease.attach(body.socket);
    this.bodies.push(body);
    signal.addEventListener('abort', () => body.destroy(), { once: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const failure = signal.aborted ? new CoaxError('CANCELLED') : this.failures.shift();
    if (failure !== undefined) {
      body.destroy();
      throw failure;
    }
    const headers = { 'content-range': `bytes ${from}-${filmSize - 1}/${filmSize}`, 'content-type': 'video/mp4' };
    return { status: 206, headers, body };
  }
}

/** A player's response without a network. */
export class FakeResponse extends EventEmitter {
  headersSent = false;
  status = 0;
  head: Readonly<Record<string, string>> = {};
  readonly chunks: Buffer[] = [];
  readonly socket = null;
  reading = true;
  destroyed = false;
  closed = false;
  writableEnded = false;

  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  writeHead(status: number, headers: Readonly<Record<string, string>>): this {
    this.headersSent = true;
    this.status = status;
    this.head = headers;
    return this;
  }

  write(chunk: Buffer): boolean {
    this.chunks.push(Buffer.from(chunk));
    return this.reading;
  }

  resume(): void {
    this.reading = true;
    if (!this.destroyed) this.emit('drain');
  }

  end(): this {
    this.writableEnded = true;
    return this.destroy();
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    setImmediate(() => this.reset());
    return this;
  }

  /** The connection is gone. */
  reset(): void {
    this.destroyed = true;
    if (this.closed) return;
    this.closed = true;
    this.emit('close');
  }
}

/** One request of a film, from its GET on. */
export class FilmRequest {
  readonly film: string;
  readonly who: string;
  readonly response = new FakeResponse();
  readonly gone = new AbortController();
  outcomes = 0;
  code: string | null = null;

  constructor(film: string, who: string) {
    this.film = film;
    this.who = who;
    // What the HTTP layer does with a client that has gone.
    this.response.once('close', () => this.gone.abort());
  }

  follow(served: Promise<void>): void {
    served.then(
      () => (this.outcomes += 1),
      (error: unknown) => {
        this.outcomes += 1;
        this.code = toCoaxError(error).code;
        this.response.destroy();
      },
    );
  }

  /** True while somebody waits for bytes. */
  get isOpen(): boolean {
    return this.outcomes === 0 && !this.response.destroyed;
  }

  /** What came is what stands in this film at the place that the head names. */
  get isRight(): boolean {
    const body = Buffer.concat(this.response.chunks);
    const from = Number(/^bytes (\d+)-/.exec(this.response.head['content-range'] ?? '')?.[1] ?? 0);
    return body.equals(filmBytes(this.film, from, body.length));
  }
}
