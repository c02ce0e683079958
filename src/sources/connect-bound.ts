import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

/** A host that answers at all takes a connection in less; one behind a firewall that swallows packets would be waited for in vain. */
export const connectMs = 15_000;

type Connected = (error: Error | null, stream: Duplex) => void;

/** Ends a socket that is not connected (and, with TLS, not secured) in time, as the system itself does after minutes. */
function bound(socket: Duplex | null | undefined, event: 'connect' | 'secureConnect', ms: number): void {
  if (socket === null || socket === undefined) return;
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })),
    ms,
  );
  const done = (): void => clearTimeout(timer);
  socket.once(event, done);
  socket.once('close', done);
}

/** An agent whose connections are made within a time; looking up the name is part of it. */
export class ConnectBoundHttpAgent extends HttpAgent {
  readonly #ms: number;

  constructor(options: AgentOptions, ms = connectMs) {
    super(options);
    this.#ms = ms;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    const socket = super.createConnection(options, connected);
    bound(socket, 'connect', this.#ms);
    return socket;
  }
}

/** The same with TLS. */
export class ConnectBoundHttpsAgent extends HttpsAgent {
  readonly #ms: number;

  constructor(options: AgentOptions, ms = connectMs) {
    super(options);
    this.#ms = ms;
  }

  override createConnection(options: ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    const socket = super.createConnection(options, connected);
    bound(socket, 'secureConnect', this.#ms);
    return socket;
  }
}
