import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';

/** Keeps one connection that was made already for one request after the other. It never makes another: when that one is gone, requests fail. */
export class OneLineAgent extends Agent {
  #stream: Duplex | null;

  constructor(stream: Duplex) {
    super({ keepAlive: true, keepAliveMsecs: 15_000, maxSockets: 1, maxFreeSockets: 1 });
    this.#stream = stream;
  }

  override createConnection(
    _options: unknown,
    created?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const stream = this.#stream;
    this.#stream = null;
    if (stream !== null) return stream;
    const gone = Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' });
    // Node looks at the error alone.
    (created as ((error: Error) => void) | undefined)?.(gone);
    return undefined;
  }
}
