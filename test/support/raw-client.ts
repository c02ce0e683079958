import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface RawHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RawOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Connects here instead of to the URL's host: a proxy that drops. */
  readonly via?: number;
}

/** Takes the framing off a chunked body. */
class ChunkedBody {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes left of the present chunk, its CRLF included. */
  #left = 0;

  push(bytes: Buffer): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const out: Buffer[] = [];
    while (this.#rest.length > 0) {
      if (this.#left === 0) {
        const end = this.#rest.indexOf('\r\n');
        if (end < 0) break;
        this.#left = Number.parseInt(this.#rest.subarray(0, end).toString('latin1'), 16) + 2;
        this.#rest = this.#rest.subarray(end + 2);
      }
      const part = this.#rest.subarray(0, this.#left);
      out.push(part.subarray(0, Math.max(0, Math.min(part.length, this.#left - 2))));
      this.#left -= part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return Buffer.concat(out);
  }
}

/** An HTTP client on a bare socket, for what no library does: reset, never read, vanish. Chunked bodies are decoded. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  #buffered: Buffer = Buffer.alloc(0);
  #chunks: ChunkedBody | undefined;
  #ended = false;
  #wake: (() => void) | undefined;
  #head: RawHead | undefined;
  readonly startedAt = performance.now();
  /** Milliseconds from the request to the head and to the first body byte. */
  headMs = Number.NaN;
  firstByteMs = Number.NaN;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.once('close', () => this.#finish());
    socket.once('end', () => this.#finish());
  }

  /** Connects and sends a request; the answer is read by `head` and `read`. */
  static async send(url: string, options: RawOptions = {}): Promise<RawClient> {
    const { hostname, port, pathname, search, host } = new URL(url);
    const socket = connect({ host: hostname, port: options.via ?? Number(port), noDelay: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    const headers = { host, 'user-agent': 'raw-client/1', connection: 'close', ...options.headers };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${options.method ?? 'GET'} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`);
    return client;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The status line and header fields. Rejects when the server closes before. */
  async head(timeoutMs = 20_000): Promise<RawHead> {
    if (this.#head !== undefined) return this.#head;
    this.#listen();
    const deadline = performance.now() + timeoutMs;
    let end = -1;
    while ((end = this.#buffered.indexOf('\r\n\r\n')) < 0) {
      if (this.#ended) throw new Error(`closed before a head, after ${this.#buffered.length} bytes`);
      await this.#more(deadline);
    }
    const [first = '', ...lines] = this.#buffered.subarray(0, end).toString('latin1').split('\r\n');
    const headers: Record<string, string> = {};
    for (const line of lines)
      headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
    const rest = this.#buffered.subarray(end + 4);
    if (headers['transfer-encoding'] === 'chunked') this.#chunks = new ChunkedBody();
    this.#buffered = this.#chunks?.push(rest) ?? rest;
    this.headMs = performance.now() - this.startedAt;
    this.#head = { status: Number(first.split(' ')[1]), headers };
    return this.#head;
  }

  /** The next `count` body bytes; fewer only when the server ends before. */
  async read(count: number, timeoutMs = 20_000): Promise<Buffer> {
    await this.head(timeoutMs);
    this.#listen();
    const deadline = performance.now() + timeoutMs;
    while (this.#buffered.length < count && !this.#ended) await this.#more(deadline);
    return this.#take(count);
  }

  /** All that comes within `ms`, or until the end. */
  async readFor(ms: number): Promise<Buffer> {
    await this.head();
    this.#listen();
    const deadline = performance.now() + ms;
    while (performance.now() < deadline && !this.#ended) await this.#more(deadline).catch(() => undefined);
    return this.#take(this.#buffered.length);
  }

  /** Stops reading and keeps the socket: the window fills up. */
  stopReading(): void {
    this.socket.pause();
    this.socket.removeAllListeners('data');
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** FIN, in order. */
  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(count: number): Buffer {
    const bytes = this.#buffered.subarray(0, count);
    this.#buffered = this.#buffered.subarray(count);
    return bytes;
  }

  #listen(): void {
    if (this.socket.listenerCount('data') > 0) return;
    const chunks: Buffer[] = [];
    this.socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      queueMicrotask(() => {
        if (chunks.length === 0) return;
        const bytes = Buffer.concat(chunks.splice(0));
        this.#buffered = Buffer.concat([this.#buffered, this.#chunks?.push(bytes) ?? bytes]);
        if (this.#head !== undefined && Number.isNaN(this.firstByteMs))
          this.firstByteMs = performance.now() - this.startedAt;
        this.#wake?.();
      });
    });
    this.socket.resume();
  }

  #finish(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async #more(deadline: number): Promise<void> {
    const left = deadline - performance.now();
    if (left <= 0) throw new Error('no more bytes in time');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/**
 * A TCP proxy that can vanish: after `drop` it passes nothing on in either direction and closes nothing, so each side keeps a
 * connection whose other end is gone.
 */
export class DroppingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #dropped = false;

  constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('data', (chunk) => {
          if (!this.#dropped) to.write(chunk);
        });
        from.on('end', () => {
          if (!this.#dropped) to.end();
        });
        from.on('close', (broken) => {
          this.#sockets.delete(from);
          if (this.#dropped) return;
          if (broken) to.resetAndDestroy();
          else to.destroySoon();
        });
      }
      if (this.#dropped) for (const socket of [near, far]) socket.pause();
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  drop(): void {
    this.#dropped = true;
    for (const socket of this.#sockets) socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
