import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import type { Lease } from '../../src/accounts/lease.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { CoaxError, type ErrorCode } from '../../src/errors.ts';
import { type OpenedMedia, openMedia, type OpenMediaOptions } from '../../src/sources/media-client.ts';
import { openMediaSockets } from '../../src/sources/media-client-hop.ts';
import { account, FakeSession, viewer } from '../accounts/fake-session.ts';

/** A provider that counts its own sockets. */
export class Provider {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  /** Those whose other side has not closed yet. */
  readonly #open = new Set<Socket>();
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  most = 0;

  constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      this.#open.add(socket);
      // The end of one socket may lie in the same turn of the loop as the start of the next: whoever came first counts, so look later.
      setImmediate(() => setImmediate(() => (this.most = Math.max(this.most, this.#open.size))));
      for (const event of ['end', 'error', 'close']) socket.on(event, () => this.#open.delete(socket));
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  url(path = '/live'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** Resolves when no socket is left. */
  async idle(): Promise<void> {
    while (this.sockets.size > 0) await once([...this.sockets][0]!, 'close');
  }
}

/** Providers on real sockets and one lease; at the end of each test no socket of ours may be open. */
export function stageMedia() {
  const providers: Provider[] = [];
  let lease: Lease;
  let pool: LeasePool;

  beforeEach(() => {
    pool = new LeasePool({ waitMs: 100, coolingFloorMs: 30, coolingCapMs: 30_000 });
    pool.setAccounts([account('a', 1)]);
    lease = pool.tryAcquire(new FakeSession('1', viewer('ann')).request(['a']))!;
  });
  afterEach(async () => {
    lease.end();
    await lease.released;
    expect(openMediaSockets.size).to.equal(0);
    for (const { server, sockets } of providers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    }
  });

  async function listen(server: Server): Promise<Provider> {
    const provider = new Provider(server);
    providers.push(provider);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  async function serve(handle: RequestListener): Promise<Provider> {
    const provider: Provider = await listen(
      createServer((request, response) => {
        provider.requests.push({ url: request.url ?? '', headers: request.headers });
        handle(request, response);
      }),
    );
    return provider;
  }

  /** A server that speaks for itself, after the head of the request has come. */
  const raw = (speak: (socket: Socket) => void): Promise<Provider> =>
    listen(createTcpServer((socket) => socket.once('data', () => speak(socket))));

  const open = (
    urls: string | readonly string[],
    more: Partial<OpenMediaOptions> = {},
    headers = {},
  ): Promise<OpenedMedia> =>
    openMedia(
      { kind: 'http', urls: [urls].flat(), headers: { 'user-agent': 'VLC/3.0', ...headers } },
      { owner: lease, signal: new AbortController().signal, connectTimeoutMs: 2_000, ...more },
    );

  async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | undefined> {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof CoaxError ? error.code : undefined;
  }

  async function read(body: IncomingMessage): Promise<string> {
    let text = '';
    for await (const chunk of body) text += String(chunk);
    return text;
  }

  return { listen, serve, raw, open, codeOf, read, lease: () => lease };
}
