import type { ServerResponse } from 'node:http';
import type { EndPoints } from '../net/send-queues.ts';

/** How a response tells its reader what its client does. */
export interface WriterEvents {
  /** The client took bytes. */
  drained(): void;
  /** The client is gone, or the response is over. Called once, in the tick of the `close` event (design C2). */
  closed(): void;
}

/**
 * A response with a queue before it, so that it is known how many bytes the client has not taken. The queue is not bounded here:
 * whoever pushes looks at `queuedBytes` first. Buffers are not copied.
 */
export class ResponseWriter {
  readonly #response: ServerResponse;
  readonly #events: WriterEvents;
  #queue: Uint8Array[] = [];
  #next = 0;
  #queuedBytes = 0;
  #sentBytes = 0;
  #blocked = false;
  #ending = false;
  #over = false;
  #progressAt = performance.now();

  constructor(response: ServerResponse, events: WriterEvents) {
    this.#response = response;
    this.#events = events;
  }

  /** Starts to listen. A response that is closed already says so at once. */
  start(): void {
    this.#response.on('drain', () => this.#drain());
    // A reset while writing is an error of the response too; `close` follows.
    this.#response.on('error', () => {});
    this.#response.once('close', () => this.#close());
    this.#response.socket?.setKeepAlive(true, 15_000);
    if (this.#response.destroyed || this.#response.closed) this.#close();
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  /** Bytes handed to the response. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get socket(): EndPoints | null {
    return this.#response.socket;
  }

  /** True while the client has to read before it gets more. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** When the client last took bytes, as a `performance.now()` reading. */
  get progressAt(): number {
    return this.#progressAt;
  }

  get over(): boolean {
    return this.#over;
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (!this.#over) this.#response.writeHead(status, headers);
  }

  push(chunk: Uint8Array): void {
    if (this.#over) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#flush();
  }

  /** Forgets what the response has not taken yet, and tells how many bytes that was. */
  dropQueue(): number {
    const dropped = this.#queuedBytes;
    this.#queue = [];
    this.#next = 0;
    this.#queuedBytes = 0;
    return dropped;
  }

  /** Ends the response once the queue is out. */
  end(): void {
    this.#ending = true;
    this.#flush();
  }

  /** Cuts the connection, so that the client knows that bytes are missing. */
  destroy(): void {
    this.#response.destroy();
    this.#close();
  }

  /** Lets go of a response nothing was written to, so that somebody else can answer. */
  release(): void {
    this.#close();
  }

  #flush(): void {
    if (this.#over) return;
    while (!this.#blocked && this.#next < this.#queue.length) {
      const chunk = this.#queue[this.#next];
      this.#next += 1;
      if (chunk === undefined) break;
      this.#queuedBytes -= chunk.length;
      this.#sentBytes += chunk.length;
      this.#progressAt = performance.now();
      this.#blocked = !this.#response.write(chunk);
    }
    if (this.#next === this.#queue.length || this.#next > 256) {
      this.#queue.splice(0, this.#next);
      this.#next = 0;
    }
    if (this.#ending && this.#queuedBytes === 0 && !this.#response.writableEnded) this.#response.end();
  }

  #drain(): void {
    if (this.#over) return;
    this.#blocked = false;
    this.#progressAt = performance.now();
    this.#flush();
    this.#events.drained();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.dropQueue();
    this.#events.closed();
  }
}
