import type { ServerResponse } from 'node:http';

const mostWaitingBytes = 262_144;
const heartbeatMs = 15_000;

/**
 * A server-sent event stream to one client. A client that does not read is cut off when 256 KiB wait for it: it reconnects and reads the
 * state anew, and costs no memory meanwhile.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
      Connection: 'close',
    });
    response.flushHeaders();
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), heartbeatMs);
    response.once('close', () => clearInterval(this.#heartbeat));
  }

  send(event: string, data: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    clearInterval(this.#heartbeat);
    this.#response.end();
  }

  #write(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.writableLength > mostWaitingBytes) this.#response.destroy();
    else this.#response.write(text);
  }
}
