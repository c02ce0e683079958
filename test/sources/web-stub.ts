import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** A web server on a free port of the loopback, which counts what it is asked. */
export interface WebStub extends AsyncDisposable {
  readonly base: string;
  readonly requests: readonly { readonly url: URL; readonly headers: IncomingMessage['headers'] }[];
  /** Sockets that are open now. */
  readonly sockets: number;
}

export async function startWebStub(handler: Handler): Promise<WebStub> {
  const requests: { url: URL; headers: IncomingMessage['headers'] }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stub');
    requests.push({ url, headers: request.headers });
    handler(request, response, url);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get sockets() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** An address of the loopback at which nobody listens. */
export async function deadBase(): Promise<string> {
  const stub = await startWebStub(() => {});
  await stub[Symbol.asyncDispose]();
  return stub.base;
}
