import { Agent, type ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { connectMs } from './connect-bound.ts';
import { ConnectionFailure } from './connection-failure.ts';
import { dial } from './media-line.ts';
import { type Proxy, proxyAuthorization } from './proxy.ts';

export interface ProxyAgentOptions {
  readonly proxy: Proxy;
  /** Whether it is for addresses with https. */
  readonly secure: boolean;
  /** What is being connected is given up at once. */
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** The agents for both kinds of address. */
export function proxyAgents(proxy: Proxy, signal: AbortSignal): { httpAgent: ProxyAgent; httpsAgent: ProxyAgent } {
  return {
    httpAgent: new ProxyAgent({ proxy, secure: false, signal }),
    httpsAgent: new ProxyAgent({ proxy, secure: true, signal }),
  };
}

/** Makes connections through a proxy, one for each request, within a time. Requests fail with ConnectionFailure for what the proxy says. */
export class ProxyAgent extends Agent {
  /** Node compares it with that of the request. */
  readonly protocol: string;
  readonly #options: ProxyAgentOptions;

  constructor(options: ProxyAgentOptions) {
    super({ keepAlive: false });
    this.#options = options;
    this.protocol = options.secure ? 'https:' : 'http:';
  }

  /** Node's own method, which its types leave out. An HTTP proxy wants the whole address in a plain request (RFC 9112 3.2.2). */
  addRequest(request: ClientRequest, options: unknown): void {
    const { proxy, secure } = this.#options;
    if (!secure && (proxy.kind === 'http' || proxy.kind === 'https')) {
      const host = request.getHeader('host');
      if (typeof host === 'string' && request.path.startsWith('/')) request.path = `http://${host}${request.path}`;
      const authorization = proxyAuthorization(proxy);
      if (authorization !== undefined) request.setHeader('proxy-authorization', authorization);
    }
    const inherited: unknown = Reflect.get(Agent.prototype, 'addRequest');
    if (typeof inherited === 'function') Reflect.apply(inherited, this, [request, options]);
  }

  override createConnection(
    options: { readonly host?: string | null; readonly port?: number | string | null },
    created?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { proxy, secure, signal, timeoutMs = connectMs } = this.#options;
    const host = options.host ?? 'localhost';
    const origin = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${options.port ?? ''}`;
    const { socket, ready } = dial(new URL(origin), proxy);
    const late = new ConnectionFailure(
      'proxy',
      `The proxy made no connection within ${Math.round(timeoutMs / 1000)} s`,
      'ETIMEDOUT',
    );
    let failure: Error | undefined;
    const giveUp = (): void => void socket.destroy();
    const timer = setTimeout(() => {
      failure = late;
      giveUp();
    }, timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    ready.then(
      ({ stream }) => {
        stop();
        created?.(null, stream);
      },
      (error: Error) => {
        stop();
        giveUp();
        // Node looks at the error alone.
        (created as ((error: Error) => void) | undefined)?.(failure ?? error);
      },
    );
  }
}
