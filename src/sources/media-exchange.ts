import type { Agent, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { secretsOfRequest } from '../config/secrets.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import type { BaseUrlHealth } from './base-url-health.ts';
import { SessionCookies } from './cookie-jar.ts';
import { type HostGate, hostAndPort, isBroken } from './host-gate.ts';
import { connectLine, requestOver } from './media-client-hop.ts';
import type { Line } from './media-line.ts';
import { type OpenedMedia, openedMedia } from './opened-media.ts';
import { OneLineAgent } from './one-line-agent.ts';
import { type Proxy, proxyOf } from './proxy.ts';
import { sendableHeaders, travellingHeaders } from './request-headers.ts';

/** What the client needs of a lease: it is told of each socket as soon as there is one, and closes it. */
export interface SocketOwner {
  connecting(): void;
  attach(socket: Socket): void;
  /** `counted` is false for a socket that carried no stream: a redirect, a failed connect. */
  closeSocket(counted?: boolean): Promise<void>;
  /** The present socket turned out to carry no stream. */
  noStream?(): void;
}

export interface ExchangeOptions {
  readonly owner: SocketOwner;
  /** For each connect; also for each head of an answer, unless `headerTimeoutMs` is given. */
  readonly connectTimeoutMs: number;
  readonly headerTimeoutMs?: number;
  readonly maxRedirects?: number;
  readonly health?: BaseUrlHealth;
  /** Leaves hosts alone that are down; that of `health` when absent. */
  readonly gate?: HostGate;
  /** Somebody has other streams to try than this one, should its host be left alone. */
  readonly hasOthers?: boolean;
}

/** What one request asks for beside its address. */
export interface Asked {
  readonly signal: AbortSignal;
  /** A Range header's value: `bytes=0-`. */
  readonly range?: string;
  readonly ifRange?: string;
  /** Lower-case names; they win over those of the stream. */
  readonly headers?: Readonly<Record<string, string>>;
}

interface Kept {
  readonly origin: string;
  readonly line: Line;
  readonly agent: Agent;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const mostCandidates = 4;
/** An answer that is passed over is read to its end where that costs less than a new connection. */
const smallBodyBytes = 16_384;
const smallBodyMs = 500;

/**
 * The requests of one stream: its headers, its cookies, its proxy, and its one connection at a time, which is the owner's from the turn in
 * which the socket is made. With `keep`, the connection serves further requests to the same origin.
 */
export class MediaExchange {
  readonly #request: HttpUpstreamRequest;
  readonly #options: ExchangeOptions;
  readonly #keep: boolean;
  readonly #proxy: Proxy | null | undefined;
  readonly #home: readonly URL[];
  readonly #cookies: SessionCookies;
  readonly #secrets: readonly string[];
  #kept: Kept | null = null;
  #socket: Socket | null = null;
  #body: IncomingMessage | null = null;

  constructor(request: HttpUpstreamRequest, options: ExchangeOptions, keep: boolean) {
    this.#request = request;
    this.#options = options;
    this.#keep = keep;
    this.#proxy = proxyOf(request.proxy);
    this.#secrets = secretsOfRequest({ headers: request.headers, proxy: request.proxy?.url ?? '' });
    const own = request.urls.filter((url) => request.foreignUrls?.includes(url) !== true);
    this.#home = own.flatMap((url) => parseHttpUrl(url) ?? []);
    this.#cookies = new SessionCookies(
      request.headers['cookie'],
      this.#home.map(({ hostname }) => hostname),
    );
  }

  /** Destroys what is open, in this turn. */
  destroy(): void {
    this.#body?.destroy();
    this.#socket?.destroy();
  }

  /** The newest socket, while it is open; there is at most one. */
  get socket(): Socket | null {
    return this.#socket?.closed === false ? this.#socket : null;
  }

  /**
   * Asks the addresses of the stream in order. One that does not answer, or answers 404 or 410, leads to the next one; the last one's
   * answer is handed over whatever it is.
   */
  async first(asked: Asked): Promise<OpenedMedia> {
    const { health, owner } = this.#options;
    const urls = (health?.order(this.#request.urls) ?? [...this.#request.urls]).slice(0, mostCandidates);
    let failure = new CoaxError('NO_STREAM', 'The stream has no address');
    let missing: CoaxError | undefined;
    for (const url of urls) {
      const start = parseHttpUrl(url);
      if (start === null) {
        failure = new CoaxError('NO_STREAM', 'The address of the stream is not a web address');
        continue;
      }
      try {
        // oxlint-disable-next-line no-await-in-loop -- candidates are tried one after the other
        const opened = await this.#follow(start, asked, this.#request.foreignUrls?.includes(url) === true);
        health?.worked(url);
        if ((opened.status !== 404 && opened.status !== 410) || url === urls.at(-1)) return opened;
        // The same stream may be at the next address; this one's socket goes first.
        opened.noStream();
        missing ??= new CoaxError('UPSTREAM_NOT_FOUND', `The provider answers ${opened.status}`);
        // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
        await owner.closeSocket(false);
        if (asked.signal.aborted) throw new CoaxError('CANCELLED');
      } catch (error) {
        // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
        const now = await this.#failed(error, asked.signal);
        if (now.code !== 'UPSTREAM_UNREACHABLE' && now.code !== 'UPSTREAM_BREAKER_OPEN') throw now;
        // That a host is left alone says less than what another one says.
        if (now.code === 'UPSTREAM_UNREACHABLE' || failure.code === 'NO_STREAM') failure = now;
        if (now.code === 'UPSTREAM_UNREACHABLE') health?.failed(url);
      }
    }
    throw missing ?? failure;
  }

  /** Asks one address. Rejects only after the socket has closed, unless that one still serves. */
  async get(address: string, asked: Asked): Promise<OpenedMedia> {
    const url = parseHttpUrl(address);
    if (url === null) throw new CoaxError('NO_STREAM', 'The address of the stream is not a web address');
    try {
      return await this.#follow(url, asked, false);
    } catch (error) {
      throw await this.#failed(error, asked.signal);
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<CoaxError> {
    const failure = toCoaxError(error);
    await this.#options.owner.closeSocket(signal.aborted || failure.details?.['reason'] === 'no answer');
    this.#kept = null;
    if (signal.aborted) throw new CoaxError('CANCELLED', undefined, { cause: error });
    return failure;
  }

  async #follow(first: URL, asked: Asked, foreign: boolean): Promise<OpenedMedia> {
    const most = this.#options.maxRedirects ?? 5;
    let url = first;
    for (let hops = 0; ; hops++) {
      // oxlint-disable-next-line no-await-in-loop -- each redirect depends on the one before
      const { response, line } = await this.#ask(url, asked, foreign);
      if (asked.signal.aborted) throw new CoaxError('CANCELLED');
      this.#cookies.take(response.headers['set-cookie'], url);
      const { location } = response.headers;
      if (!redirectStatuses.has(response.statusCode ?? 0) || location === undefined) {
        this.#body = response;
        return openedMedia(response, line.socket, {
          secrets: this.#secrets,
          hops,
          url: url.href,
          noStream: () => this.#options.owner.noStream?.(),
        });
      }
      if (hops >= most) throw new CoaxError('UPSTREAM_ERROR', `The provider redirects more than ${most} times`);
      const next = parseHttpUrl(location, url);
      if (next === null)
        throw new CoaxError('UPSTREAM_ERROR', 'The provider redirects to something that is no web address');
      // oxlint-disable-next-line no-await-in-loop -- the provider must not count two
      await this.#passOver(response, next);
      url = next;
      if (asked.signal.aborted) throw new CoaxError('CANCELLED');
    }
  }

  /** After an answer that is not wanted: its connection stays where the next request can use it. */
  async #passOver(response: IncomingMessage, next: URL): Promise<void> {
    const reusable = this.#kept?.origin === next.origin && (await drained(response));
    if (reusable) return;
    this.#kept = null;
    await this.#options.owner.closeSocket(false);
  }

  async #ask(url: URL, asked: Asked, foreign: boolean): Promise<{ response: IncomingMessage; line: Line }> {
    const { connectTimeoutMs, headerTimeoutMs = connectTimeoutMs } = this.#options;
    const headers = this.#headersFor(url, asked, foreign);
    const kept = await this.#keptFor(url);
    if (kept !== null) {
      try {
        const response = await requestOver(kept.line, {
          url,
          headers,
          signal: asked.signal,
          headerTimeoutMs,
          agent: kept.agent,
        });
        return { response, line: kept.line };
      } catch (error) {
        // A server may close an idle connection while the next request is on its way (RFC 9112 9.3.1).
        if (asked.signal.aborted || toCoaxError(error).details?.['reset'] !== true) throw error;
        this.#kept = null;
        await this.#options.owner.closeSocket(false);
      }
    }
    const proxy = this.#proxy;
    if (proxy === undefined) throw new CoaxError('UPSTREAM_PROXY', 'The address of the proxy is none');
    const pass = (this.#options.gate ?? this.#options.health?.gate)?.enter({
      host: hostAndPort(url),
      insists: this.#options.hasOthers !== true && this.#request.hasOthers !== true,
      ...(proxy === null ? {} : { via: `${proxy.host}:${proxy.port}` }),
    });
    let answered = false;
    try {
      this.#options.owner.connecting();
      const line = await connectLine({
        url,
        proxy,
        onSocket: (socket) => {
          this.#socket = socket;
          this.#options.owner.attach(socket);
        },
        signal: asked.signal,
        connectTimeoutMs,
      });
      const agent = this.#keep ? new OneLineAgent(line.stream) : undefined;
      if (agent !== undefined) this.#kept = { origin: url.origin, line, agent };
      const response = await requestOver(line, {
        url,
        headers,
        signal: asked.signal,
        headerTimeoutMs,
        ...(agent === undefined ? {} : { agent }),
      });
      answered = true;
      if (isBroken(response.statusCode ?? 0)) pass?.failed();
      else pass?.worked();
      return { response, line };
    } catch (error) {
      if (!answered) {
        // What the proxy does is no fault of the host behind it.
        if (!asked.signal.aborted && toCoaxError(error).code === 'UPSTREAM_UNREACHABLE') pass?.failed();
        else pass?.dropped();
      }
      throw error;
    }
  }

  /** The open connection if it can take this request; otherwise it is closed. */
  async #keptFor(url: URL): Promise<Kept | null> {
    const kept = this.#kept;
    const body = this.#body;
    this.#body = null;
    if (kept === null) return null;
    // Bytes that nobody has read yet keep the connection from the next request, although all have come.
    const idle = body === null || (body.complete && body.readableEnded);
    if (idle && kept.origin === url.origin && !kept.line.socket.destroyed && kept.line.stream.writable) return kept;
    this.#kept = null;
    await this.#options.owner.closeSocket(!idle);
    return null;
  }

  #headersFor(url: URL, asked: Asked, foreign: boolean): Record<string, string> {
    const home = !foreign && this.#isHome(url);
    const headers = Object.fromEntries(
      Object.entries(sendableHeaders({ ...this.#request.headers, ...asked.headers })).filter(
        ([name]) => name !== 'cookie' && (home || travellingHeaders.has(name)),
      ),
    );
    if (url.username !== '' || url.password !== '') {
      const login = `${decode(url.username)}:${decode(url.password)}`;
      headers['authorization'] = `Basic ${Buffer.from(login, 'utf8').toString('base64')}`;
    }
    const cookie = foreign ? undefined : this.#cookies.headerFor(url);
    return {
      accept: '*/*',
      ...headers,
      ...(cookie === undefined ? {} : { cookie }),
      'accept-encoding': 'identity',
      ...(this.#keep ? {} : { connection: 'close' }),
      ...(asked.range === undefined ? {} : { range: asked.range }),
      ...(asked.ifRange === undefined ? {} : { 'if-range': asked.ifRange }),
    };
  }

  /** Headers that may be secret go to the hosts of the stream's own addresses, and not from TLS to plain text. */
  #isHome(url: URL): boolean {
    const same = this.#home.filter(({ hostname }) => hostname === url.hostname);
    return same.length > 0 && (url.protocol === 'https:' || same.some(({ protocol }) => protocol === 'http:'));
  }
}

function drained(response: IncomingMessage): Promise<boolean> {
  if (Number(response.headers['content-length'] ?? 0) > smallBodyBytes) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), smallBodyMs);
    response.once('close', () => {
      clearTimeout(timer);
      resolve(response.complete);
    });
    response.resume();
  });
}

function parseHttpUrl(text: string, base?: URL): URL | null {
  const url = URL.parse(text.trim(), base?.href);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
