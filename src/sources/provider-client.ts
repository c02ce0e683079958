import { CoaxError, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { CharsetDecoder } from '../text/charset.ts';
import { unpack } from '../text/decompress.ts';
import { BaseUrlHealth } from './base-url-health.ts';
import { boundedChunks, type Bytes, patientChunks, peek, undoEncoding } from './byte-flow.ts';
import { parseLenientJson } from './lenient-json.ts';
import { localPath, openLocalFile } from './local-file.ts';
import { SessionCookies } from './cookie-jar.ts';
import { type GatePass, type GateTarget, hostAndPort, isBroken } from './host-gate.ts';
import { getOverHttp, hostOf, type HttpAnswer, type HttpRequest } from './provider-http.ts';
import { type Proxy, proxyOf } from './proxy.ts';
import { travellingHeaders } from './request-headers.ts';
import { backoffMs, defaultRetryPolicy, type RetryPolicy, waitFor } from './retry-delay.ts';
import { bodyFailure, type Expected, isPassing, isSourceFailure, statusFailure } from './source-failure.ts';

export interface ProviderClientOptions {
  /** Lower-case names, with a user agent; see `requestHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hosts to which all headers go. To others, such as those of guides that a playlist names, only those go that hold no secret. Absent: all hosts. */
  readonly hosts?: ReadonlySet<string>;
  readonly log: Log;
  /** How long a provider may be silent, before its answer and within it. */
  readonly silenceMs: number;
  /** The largest body, packed or unpacked. */
  readonly maxBytes: number;
  readonly retry?: RetryPolicy;
  readonly health?: BaseUrlHealth;
  /** What every request goes through, also those to other hosts; see `ProxyRequest.url`. */
  readonly proxy?: string;
  /** Leaves hosts alone that are down. */
  readonly gate?: ListGate;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
}

/** A `HostGate` that may be in another thread. */
export interface ListGate {
  enter(target: GateTarget): GatePass | Promise<GatePass>;
}

export interface ProviderRequest {
  /** The same thing at each address of the provider, in order of preference; one may also be a file of this machine. */
  readonly urls: readonly string[];
  readonly expect: Expected;
  readonly signal: AbortSignal;
  /** How often to try, when that is less often than the client's policy says. */
  readonly attempts?: number;
  /** A tighter bound than the client's. */
  readonly maxBytes?: number;
}

export interface ProviderBody {
  /** Unpacked and bounded. Throws SOURCE_TRUNCATED when it breaks off. */
  readonly chunks: Bytes;
  /** From now on a failure is final: what was handed over can not be taken back by trying again. */
  readonly commit: () => void;
}

const headBytes = 1_024;
/** Panels build playlists and guides when asked, which takes minutes for large ones: so many times longer they may be silent first. */
const builtOnRequest = 3;

/** Guides come in UTF-16, too. */
function textOf(bytes: Buffer): string {
  const decoder = new CharsetDecoder({ xml: true });
  return decoder.write(bytes) + decoder.end();
}

/** Reads lists, guides and API answers of one provider: failover between its addresses, retries, and answers told from excuses. */
export class ProviderClient {
  readonly #options: ProviderClientOptions;
  readonly #retry: RetryPolicy;
  readonly #health: BaseUrlHealth;
  readonly #random: () => number;
  readonly #proxy: Proxy | null | undefined;
  /** One API session: what the provider sets is sent again until this client is gone. */
  #cookies: SessionCookies | undefined;

  constructor(options: ProviderClientOptions) {
    this.#options = options;
    this.#retry = options.retry ?? defaultRetryPolicy;
    this.#health = options.health ?? new BaseUrlHealth();
    this.#random = options.random ?? Math.random;
    this.#proxy = proxyOf(options.proxy === undefined || options.proxy === '' ? undefined : { url: options.proxy });
  }

  /**
   * Opens the first address that answers and lets `consume` read it. A passing failure (overload, no connection, a body that broke
   * off) is tried again with back-off, honouring `Retry-After`; `consume` then starts anew. Throws SOURCE_* and CANCELLED, and
   * whatever else `consume` throws.
   */
  async read<Result>(request: ProviderRequest, consume: (body: ProviderBody) => Promise<Result>): Promise<Result> {
    const { signal } = request;
    const attempts = Math.min(request.attempts ?? Infinity, this.#retry.attempts);
    const state = { committed: false };
    let urls = [...request.urls];
    let worst: CoaxError | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const failures: CoaxError[] = [];
      let alone: CoaxError | undefined;
      const again: string[] = [];
      for (const url of this.#health.order(urls)) {
        try {
          const result = await this.#once(url, request, state, attempt, consume);
          this.#health.worked(url);
          return result;
        } catch (error) {
          const failure = this.#judge(error, signal, state.committed);
          // That a host is left alone says less than what another one says.
          if (failure.code === 'SOURCE_BREAKER_OPEN') alone ??= failure;
          else failures.push(failure);
          if (isPassing(failure)) {
            again.push(url);
            this.#health.failed(url);
          }
        }
      }
      // A refusal says more than an address that did not answer.
      worst = failures.find((failure) => !isPassing(failure)) ?? worst ?? failures[0] ?? alone;
      const retryAfterMs = Math.max(0, ...failures.map((failure) => failure.retryAfterMs ?? 0));
      if (again.length === 0 || attempt >= attempts || retryAfterMs > this.#retry.longestDelayMs)
        throw worst ?? new CoaxError('SOURCE_NOT_FOUND', 'The source has no address');
      urls = request.urls.filter((url) => again.includes(url));
      const delayMs = Math.max(retryAfterMs, backoffMs(attempt, this.#retry, this.#random()));
      this.#options.log.warn('provider request failed, trying again', {
        attempt,
        delayMs,
        code: failures.at(-1)?.code,
        reason: failures.at(-1)?.message,
      });
      try {
        await waitFor(delayMs, signal);
      } catch {
        throw new CoaxError('CANCELLED');
      }
    }
  }

  /** Reads a small JSON answer whole. Throws SOURCE_BAD_CONTENT for what is no JSON, SOURCE_TRUNCATED for JSON cut short. */
  readJson(request: Omit<ProviderRequest, 'expect'>): Promise<unknown> {
    return this.read({ maxBytes: 64 * 1024 * 1024, ...request, expect: 'json' }, async ({ chunks }) => {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      return parseLenientJson(textOf(Buffer.concat(parts)));
    });
  }

  /** What the caller gets to see of an error, and whether to go on: rethrows what is not ours to try again. */
  #judge(error: unknown, signal: AbortSignal, committed: boolean): CoaxError {
    if (signal.aborted) throw new CoaxError('CANCELLED');
    if (!isSourceFailure(error) || committed) throw error;
    return error;
  }

  async #once<Result>(
    url: string,
    request: ProviderRequest,
    state: { committed: boolean },
    attempt: number,
    consume: (body: ProviderBody) => Promise<Result>,
  ): Promise<Result> {
    const { signal, expect } = request;
    if (signal.aborted) throw new CoaxError('CANCELLED');
    const maxBytes = Math.min(request.maxBytes ?? Infinity, this.#options.maxBytes);
    const { chunks: raw, host, status, headers } = await this.#open(url, request, attempt, maxBytes);
    const unpacked = unpack(undoEncoding(raw, headers['content-encoding'], host), { maxBytes, signal });
    const ok = status >= 200 && status < 300;
    let start: string;
    let body: Awaited<ReturnType<typeof peek>>;
    try {
      body = await peek(unpacked, headBytes);
      start = textOf(body.head);
    } catch (error) {
      if (ok || signal.aborted) throw toCoaxError(error);
      throw statusFailure(host, status, headers, '', Date.now());
    }
    try {
      if (!ok) throw statusFailure(host, status, headers, start, Date.now());
      const failure = bodyFailure(host, expect, start);
      if (failure !== undefined) throw failure;
      return await consume({
        chunks: body.chunks,
        commit: () => {
          state.committed = true;
        },
      });
    } finally {
      await body.close();
    }
  }

  #headersFor(host: string): Readonly<Record<string, string>> {
    const { headers, hosts } = this.#options;
    const home = hosts === undefined || hosts.has(host);
    return Object.fromEntries(
      Object.entries(headers).filter(([name]) => name !== 'cookie' && (home || travellingHeaders.has(name))),
    );
  }

  async #ask(request: HttpRequest, attempt: number): Promise<HttpAnswer> {
    const proxy = this.#proxy;
    if (proxy === undefined) throw new CoaxError('SOURCE_PROXY', 'The address of the proxy is none');
    const url = URL.parse(request.url);
    if (url === null) return await getOverHttp(request);
    const { gate, headers, hosts } = this.#options;
    const home = hosts === undefined || hosts.has(hostOf(request.url));
    this.#cookies ??= new SessionCookies(headers['cookie'], hosts ?? [url.hostname]);
    // The first attempt at a provider of one's own may always look whether it is back.
    const pass = await gate?.enter({
      host: hostAndPort(url),
      insists: home && attempt === 1,
      ...(proxy === null ? {} : { via: `${proxy.host}:${proxy.port}` }),
    });
    try {
      const cookies = this.#cookies;
      const answer = await getOverHttp({ ...request, proxy, ...(cookies === undefined ? {} : { cookies }) });
      if (isBroken(answer.status)) pass?.failed();
      else pass?.worked();
      return answer;
    } catch (error) {
      if (!request.signal.aborted && toCoaxError(error).code === 'SOURCE_UNREACHABLE') pass?.failed();
      else pass?.dropped();
      throw error;
    }
  }

  async #open(
    url: string,
    { signal, expect }: ProviderRequest,
    attempt: number,
    maxBytes: number,
  ): Promise<{ chunks: Bytes; host: string; status: number; headers: Readonly<Record<string, unknown>> }> {
    const { silenceMs } = this.#options;
    const path = localPath(url);
    if (path !== undefined) {
      const host = 'The file';
      const chunks = patientChunks(await openLocalFile(path), { silenceMs, signal, host });
      return { chunks, host, status: 200, headers: {} };
    }
    const host = hostOf(url);
    const headers = this.#headersFor(host);
    const timeoutMs = expect === 'json' ? silenceMs : silenceMs * builtOnRequest;
    const answer = await this.#ask({ url, headers, signal, timeoutMs }, attempt);
    const length = Number(answer.headers['content-length'] ?? 0);
    if (length > maxBytes) {
      answer.body.destroy();
      throw new CoaxError('SOURCE_TOO_LARGE', `${host} would send ${length} bytes`, { details: { maxBytes } });
    }
    const chunks = boundedChunks(patientChunks(answer.body, { silenceMs, signal, host }), maxBytes, host);
    return { chunks, host, status: answer.status, headers: answer.headers };
  }
}
