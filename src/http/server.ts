import http, { type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CoaxError, toProblem } from '../errors.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** What a client gets whose request could not even be read: a problem document like every other error. */
function refusal(error: NodeJS.ErrnoException): string {
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = tooLarge
    ? new CoaxError('HEADERS_TOO_LARGE')
    : new CoaxError('BAD_REQUEST', 'This is no valid HTTP request');
  const body = JSON.stringify(toProblem(problem));
  const reason = tooLarge ? 'Request Header Fields Too Large' : 'Bad Request';
  return `HTTP/1.1 ${problem.status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

/** The listening socket and its life. */
export class HttpServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Sockets on which an answer is under way. */
  readonly #busy = new WeakSet<Duplex>();

  constructor(listener: RequestListener) {
    // Streams last for hours, so nothing limits how long an answer takes; what a client sends is limited in time and size.
    this.#server = http.createServer(
      {
        headersTimeout: 15_000,
        requestTimeout: 60_000,
        keepAliveTimeout: 20_000,
        maxHeaderSize: 16_384,
        noDelay: true,
      },
      listener,
    );
    this.#server.timeout = 0;
    this.#server.maxHeadersCount = 100;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      // A socket that carries media already must not get an error text into it: what its client says there is ignored or ends it.
      if (!socket.writable || this.#busy.has(socket)) socket.destroy();
      else socket.end(refusal(error));
    });
    this.#server.on('request', (_request, response) => {
      const { socket } = response;
      if (socket === null) return;
      this.#busy.add(socket);
      response.once('finish', () => this.#busy.delete(socket));
    });
  }

  /** Connections of clients that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** With `fallback`, any free port is taken when this one can not be had. */
  async listen(host: string, port: number, fallback = false): Promise<Listening> {
    try {
      return await this.#listen(host, port);
    } catch (error) {
      if (!fallback || port === 0) throw error;
      return this.#listen(host, 0);
    }
  }

  async #listen(host: string, port: number): Promise<Listening> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE')
          reject(new CoaxError('ADDRESS_IN_USE', `Port ${port} of ${host} is taken`, { cause: error }));
        else
          reject(
            new CoaxError(
              'ADDRESS_IN_USE',
              `Coax can not listen on ${host} port ${port}: ${error.code ?? error.message}`,
              { cause: error },
            ),
          );
      });
      this.#server.listen({ host, port, backlog: 1_024 }, resolve);
    });
    const address = this.#server.address() as AddressInfo;
    return { host, port: address.port };
  }

  /** Takes no more connections and ends the idle ones. */
  stopAccepting(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Cuts what is left. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
