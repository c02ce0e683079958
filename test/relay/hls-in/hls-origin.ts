import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The connection it came on, counted from 1. */
  readonly connection: number;
}

/** A web server that answers as a test says, and counts its own connections. */
export class HlsOrigin implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  readonly #numbers = new Map<Socket, number>();
  readonly #answers = new Map<string, Answer | Buffer | string>();
  readonly asked: Asked[] = [];
  connections = 0;
  most = 0;

  constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => this.#serve(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#numbers.set(socket, this.connections);
      this.#open.add(socket);
      setImmediate(() => setImmediate(() => (this.most = Math.max(this.most, this.#open.size))));
      socket.on('error', () => {});
      const gone = (): void => void this.#open.delete(socket);
      socket.on('end', gone);
      socket.on('close', gone);
    });
  }

  static async start(): Promise<HlsOrigin> {
    const origin = new HlsOrigin();
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Paths that were asked for, without their queries. */
  get paths(): string[] {
    return this.asked.map(({ path }) => path.replace(/\?.*/, ''));
  }

  /** Answers a path: with bytes, with a text, or as the function says. */
  put(path: string, answer: Answer | Buffer | string): void {
    this.#answers.set(path, answer);
  }

  /** Puts segments at /1.ts, /2.ts and so on, and gives their names. */
  putAll(segments: readonly Buffer[], name = (n: number): string => `${n}.ts`): string[] {
    return segments.map((bytes, index) => {
      this.put(`/${name(index + 1)}`, bytes);
      return name(index + 1);
    });
  }

  /** Breaks all connections. */
  reset(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/';
    this.asked.push({ path, headers: request.headers, connection: this.#numbers.get(request.socket) ?? 0 });
    const answer = this.#answers.get(path) ?? this.#answers.get(path.replace(/\?.*/, ''));
    if (answer === undefined) response.writeHead(404, { 'content-type': 'text/html' }).end('<html>gone</html>');
    else if (typeof answer === 'function') answer(response, request);
    else if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(answer);
    else sendRange(answer)(response, request);
  }
}

/** Sends bytes, or the range of them that was asked for. */
export function sendRange(bytes: Buffer): Answer {
  return (response, request) => {
    const range = /^bytes=(\d+)-(\d+)?$/.exec(request.headers.range ?? '');
    if (range === null) {
      response
        .writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length })
        .end(bytes);
      return;
    }
    const first = Number(range[1]);
    const last = Math.min(bytes.length - 1, Number(range[2] ?? bytes.length));
    const part = bytes.subarray(first, last + 1);
    response
      .writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}`, 'content-length': part.length })
      .end(part);
  };
}

/** Sends the first bytes of a body and then no more; with `breakMs` its connection breaks that long after. */
export function beginning(body: Buffer, length: number, breakMs?: number): Answer {
  return (response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, length));
    if (breakMs !== undefined) setTimeout(() => response.socket?.resetAndDestroy(), breakMs);
  };
}

/** Answers with a status and a page. */
export const saying =
  (status: number, text = '<html>no</html>', headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(text);

/** The first answer once, then the next; the last one for ever. */
export function inTurn(...answers: readonly (Answer | Buffer | string)[]): Answer {
  let turn = 0;
  return (response, request) => {
    const answer = answers[Math.min(turn++, answers.length - 1)];
    if (typeof answer === 'function') answer(response, request);
    else if (typeof answer === 'string') response.writeHead(200).end(answer);
    else sendRange(answer ?? Buffer.alloc(0))(response, request);
  };
}
