import type { CoaxError } from '../../errors.ts';
import type { UpstreamSink } from '../upstream.ts';

/** Bytes that are fetched before they are wanted. */
const mostBytes = 16_777_216;

/** What was read and could not be given yet: before the start, and while the reader is held. */
export class Outbox {
  readonly #queue: (Buffer | 'cut')[] = [];
  #bytes = 0;
  #sink: UpstreamSink | null = null;
  #timer: NodeJS.Timeout | undefined;
  #end: CoaxError | null = null;
  #closed = false;
  #roomWaiter: (() => void) | null = null;

  /** False while more is fetched than was taken. */
  get hasRoom(): boolean {
    return this.#bytes < mostBytes || this.#closed;
  }

  /** Whether it has been emptied down to nothing. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Resolves once there is room, or at the end. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#roomWaiter = resolve;
    return promise;
  }

  push(bytes: Buffer): void {
    if (this.#closed || bytes.length === 0) return;
    if (this.#flows()) this.#sink?.data(bytes);
    else {
      this.#queue.push(bytes);
      this.#bytes += bytes.length;
    }
  }

  cut(): void {
    if (this.#closed) return;
    if (this.#flows()) this.#sink?.cut?.();
    else this.#queue.push('cut');
  }

  /** Nothing is to be sent, and nothing is wrong. */
  alive(): void {
    this.#sink?.alive?.();
  }

  /** The last thing that is told, behind everything that waits. */
  end(error: CoaxError): void {
    this.#end ??= error;
    this.#drain();
  }

  start(sink: UpstreamSink): void {
    this.#sink = sink;
    this.#drain();
  }

  hold(ms: number): void {
    if (this.#sink === null || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, ms);
  }

  /** Gives nothing any more. */
  close(): void {
    this.#closed = true;
    this.#sink = null;
    this.#queue.length = 0;
    this.#bytes = 0;
    clearTimeout(this.#timer);
    this.#wake();
  }

  #flows(): boolean {
    return this.#sink !== null && this.#timer === undefined && this.#queue.length === 0;
  }

  /** The sink may hold it again at any piece. */
  #drain(): void {
    while (this.#sink !== null && this.#timer === undefined) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      if (next === 'cut') this.#sink.cut?.();
      else {
        this.#bytes -= next.length;
        this.#sink.data(next);
      }
    }
    if (this.hasRoom) this.#wake();
    const error = this.#end;
    if (error === null || !this.#flows()) return;
    const sink = this.#sink;
    this.close();
    sink?.lost(error);
  }

  #wake(): void {
    this.#roomWaiter?.();
    this.#roomWaiter = null;
  }
}
