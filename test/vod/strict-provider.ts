import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the provider does with one request; the default is to serve it well. */
export interface Behaviour {
  /** Cuts the connection after so many bytes of the body. */
  readonly dropAfter?: number;
  /** How it cuts: with a reset, or as if it were the end. */
  readonly dropBy?: 'reset' | 'end';
  /** Sends so many bytes of the body and then nothing. */
  readonly stallAfter?: number;
  readonly status?: number;
  readonly body?: string;
  /** Waits before it answers. */
  readonly delayMs?: number;
  /** Added to what Content-Length says. */
  readonly lengthError?: number;
  /** Added to both ends of what Content-Range says. */
  readonly rangeError?: number;
  readonly ignoreRange?: boolean;
  readonly noLength?: boolean;
  /** Neither a length nor chunks: only the end of the connection ends the body. */
  readonly noFraming?: boolean;
}

export interface ProviderOptions {
  readonly file: Buffer;
  /** Sockets it allows; one more is refused with 403. */
  readonly max: number;
  readonly etag?: string;
  readonly bytesPerSecond?: number;
}

export interface SeenRequest {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly path: string;
}

/** A provider that counts its own sockets, from accept to the end that the other side made, and refuses what is over the limit. */
export class StrictProvider {
  file: Buffer;
  etag: string | undefined;
  bytesPerSecond: number;
  peak = 0;
  refused = 0;
  readonly requests: SeenRequest[] = [];
  behave: (request: SeenRequest, index: number) => Behaviour = () => ({});
  readonly #max: number;
  readonly #sockets = new Set<Socket>();
  /** Those whose other side has not closed yet. */
  readonly #open = new Set<Socket>();
  readonly #server: Server;

  constructor({ file, max, etag, bytesPerSecond = Infinity }: ProviderOptions) {
    this.file = file;
    this.etag = etag;
    this.bytesPerSecond = bytesPerSecond;
    this.#max = max;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      this.#open.add(socket);
      // The end of one socket may lie in the same turn of the loop as the start of the next: whoever came first counts, so look later.
      setImmediate(() => setImmediate(() => (this.peak = Math.max(this.peak, this.#open.size))));
      for (const event of ['end', 'error', 'close']) socket.on(event, () => this.#open.delete(socket));
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sockets open now. */
  get active(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    if (this.#open.size > this.#max) {
      this.refused += 1;
      response.writeHead(403, { 'content-type': 'text/plain', connection: 'close' }).end('Forbidden');
      return;
    }
    const seen = {
      range: request.headers.range,
      ifRange: request.headers['if-range']?.toString(),
      path: request.url ?? '',
    };
    this.requests.push(seen);
    const behaviour = this.behave(seen, this.requests.length - 1);
    if (behaviour.delayMs) setTimeout(() => this.#serve(seen, behaviour, response), behaviour.delayMs);
    else this.#serve(seen, behaviour, response);
  }

  #serve(seen: SeenRequest, behaviour: Behaviour, response: ServerResponse): void {
    if (response.destroyed) return;
    if (behaviour.status !== undefined) {
      response.writeHead(behaviour.status, { 'content-type': 'text/html', connection: 'close' });
      response.end(behaviour.body ?? '');
      return;
    }
    const { file, etag } = this;
    const headers: Record<string, string> = { 'content-type': 'video/x-matroska', connection: 'close' };
    if (etag !== undefined) headers['etag'] = etag;
    const wanted = behaviour.ignoreRange ? null : /^bytes=(\d*)-(\d*)$/.exec(seen.range ?? '');
    const match = wanted && (seen.ifRange === undefined || seen.ifRange === etag) ? wanted : null;
    let [start, end] = [0, file.length];
    if (match) {
      if (match[1] === '') start = Math.max(0, file.length - Number(match[2]));
      else {
        start = Number(match[1]);
        if (match[2] !== '') end = Math.min(file.length, Number(match[2]) + 1);
      }
      if (start >= file.length || start >= end) {
        response.writeHead(416, { 'content-range': `bytes */${file.length}`, connection: 'close' }).end();
        return;
      }
      const shift = behaviour.rangeError ?? 0;
      headers['content-range'] = `bytes ${start + shift}-${end - 1 + shift}/${file.length + shift}`;
    }
    if (!behaviour.ignoreRange) headers['accept-ranges'] = 'bytes';
    response.useChunkedEncodingByDefault = behaviour.noFraming !== true;
    if (!behaviour.noLength && !behaviour.noFraming)
      headers['content-length'] = String(end - start + (behaviour.lengthError ?? 0));
    response.writeHead(match ? 206 : 200, headers);
    response.flushHeaders();
    this.#send(response, file, start, end, behaviour);
  }

  #send(response: ServerResponse, file: Buffer, start: number, end: number, behaviour: Behaviour): void {
    const last = Math.min(end, start + Math.min(behaviour.dropAfter ?? Infinity, behaviour.stallAfter ?? Infinity));
    let at = start;
    const chunk = 32_768;
    const step = () => {
      for (;;) {
        if (response.destroyed) return;
        if (at >= last) break;
        const to = Math.min(last, at + chunk);
        const more = response.write(file.subarray(at, to));
        at = to;
        if (this.bytesPerSecond !== Infinity) {
          setTimeout(step, (chunk / this.bytesPerSecond) * 1_000);
          return;
        }
        if (!more) {
          response.once('drain', step);
          return;
        }
      }
      if (behaviour.dropAfter !== undefined && last < end) {
        // What was written has to leave first, or the cut would come before it.
        setTimeout(() => {
          if (behaviour.dropBy === 'end') response.socket?.end();
          else response.socket?.resetAndDestroy();
        }, 10);
      } else if (behaviour.stallAfter === undefined || last === end) {
        if (behaviour.lengthError) response.socket?.end();
        else response.end();
      }
    };
    step();
  }
}

/** Bytes that differ everywhere and look like a Matroska file. */
export function makeFile(size: number, seed = 1): Buffer {
  const file = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at + 4 <= size; at += 4) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    file.writeUInt32LE(state, at);
  }
  if (size >= 4) file.writeUInt32BE(0x1a45dfa3, 0);
  return file;
}
