import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { toCoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, LoginKey, OutputId, SourceId, ViewerKey } from '../../src/model/ids.ts';
import type { UpstreamRequest } from '../../src/model/upstream-request.ts';
import type { Viewer } from '../../src/model/viewer.ts';
import { type SendQueueOf, SendQueues } from '../../src/net/send-queues.ts';
import type { PlayableFile } from '../../src/vod/contract.ts';
import { VodSessions, type LearnedFile, type VodSettings } from '../../src/vod/sessions.ts';
import type { RangeOpener } from '../../src/vod/upstream-range.ts';
import type { StrictProvider } from './strict-provider.ts';

export interface BenchOptions {
  readonly provider?: StrictProvider;
  /** The limit of each account. */
  readonly limits?: readonly number[];
  readonly settings?: Partial<VodSettings>;
  readonly waitMs?: number;
  readonly coolingFloorMs?: number;
  readonly open?: RangeOpener;
  readonly file?: Partial<PlayableFile>;
  readonly sendQueueOf?: SendQueueOf;
}

/** The sessions behind a small server, with the real lease pool and the real media client. Paths are `/{viewer}/{item}`. */
export class VodBench {
  readonly pool: LeasePool;
  readonly sessions: VodSessions;
  readonly learned: [string, LearnedFile][] = [];
  readonly #server: Server;
  readonly #accounts: AccountId[];
  readonly #provider: StrictProvider | undefined;
  readonly #fileOverrides: Partial<PlayableFile>;

  constructor({
    provider,
    limits = [1],
    settings,
    waitMs = 2_000,
    coolingFloorMs = 20,
    open,
    file = {},
    sendQueueOf = new SendQueues({ everyMs: 0 }).of,
  }: BenchOptions) {
    this.#provider = provider;
    this.#fileOverrides = file;
    this.#accounts = limits.map((_, index) => `account-${index}` as AccountId);
    this.pool = new LeasePool({ waitMs, coolingFloorMs, coolingCapMs: 1_000 });
    this.pool.setAccounts(
      limits.map((limit, index) => ({
        id: `account-${index}` as AccountId,
        sourceId: 'source' as SourceId,
        loginKey: `login-${index}` as LoginKey,
        label: `account ${index}`,
        limit,
      })),
    );
    this.sessions = new VodSessions({
      leases: this.pool,
      ...(open ? { open } : {}),
      sendQueueOf,
      settings: () => ({
        pauseMs: 10_000,
        sessionIdleMs: 1_000,
        cacheBytes: 16 * 1_048_576,
        connectMs: 2_000,
        stallMs: 2_000,
        turnMs: 300,
        backOffMs: 20,
        ...settings,
      }),
      log: silentLog,
      onLearned: (itemId, learned) => this.learned.push([itemId, learned]),
    });
    this.#server = createServer((request, response) => {
      const [, viewer = 'anna', item = 'film'] = (request.url ?? '').split('/');
      if (request.method === 'HEAD') {
        const { status, headers } = this.sessions.head(this.file(item));
        response.writeHead(status, headers).end();
        return;
      }
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const signal = gone.signal;
      this.sessions
        .serve(
          {
            file: this.file(item),
            viewer: viewerOf(viewer),
            outputId: 'out' as OutputId,
            headers: request.headers,
            signal,
          },
          response,
        )
        .catch((error: unknown) => {
          const { code, status, message } = toCoaxError(error);
          if (!response.headersSent) response.writeHead(status, { 'x-code': code }).end(message);
        });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  file(itemId = 'film'): PlayableFile {
    return {
      itemId,
      title: 'A film',
      ext: 'mkv',
      contentType: '',
      sourceId: 'source' as SourceId,
      accounts: this.#accounts,
      request: (account): UpstreamRequest => ({
        kind: 'http',
        urls: [`${this.#provider?.url ?? 'http://127.0.0.1:1'}/movie/user/secret/${account}/${itemId}.mkv`],
        headers: { 'user-agent': 'test' },
      }),
      ...this.#fileOverrides,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]();
    await this.pool.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function viewerOf(name: string): Viewer {
  return { key: name as ViewerKey, label: name };
}

/** A player's response whose body is read as the test says. */
export class Player {
  status = 0;
  headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  bytes = 0;
  /** Set when the response is over: `end`, or `cut` when bytes were missing. */
  outcome: 'end' | 'cut' | null = null;
  readonly over: Promise<'end' | 'cut'>;
  readonly head: Promise<this>;
  readonly #request: ReturnType<typeof httpRequest>;
  #response: IncomingMessage | null = null;
  #paused = false;

  constructor(
    url: string,
    options: {
      range?: string;
      headers?: Record<string, string>;
      paused?: boolean;
      /** Pauses as soon as so many bytes have come. */
      pauseAt?: number;
      method?: string;
    } = {},
  ) {
    const head = Promise.withResolvers<this>();
    const over = Promise.withResolvers<'end' | 'cut'>();
    this.head = head.promise;
    this.over = over.promise;
    this.#paused = options.paused ?? false;
    const settle = (outcome: 'end' | 'cut') => {
      this.outcome ??= outcome;
      over.resolve(this.outcome);
      head.resolve(this);
    };
    this.#request = httpRequest(url, {
      agent: false,
      method: options.method ?? 'GET',
      headers: { ...options.headers, ...(options.range === undefined ? {} : { range: options.range }) },
    });
    this.#request.on('error', () => settle('cut'));
    this.#request.once('response', (response) => {
      this.#response = response;
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.on('error', () => settle('cut'));
      response.once('end', () => settle(response.complete ? 'end' : 'cut'));
      response.once('close', () => settle(response.complete ? 'end' : 'cut'));
      response.on('data', (chunk: Buffer) => {
        this.#chunks.push(chunk);
        this.bytes += chunk.length;
        if (
          options.pauseAt !== undefined &&
          this.bytes - chunk.length < options.pauseAt &&
          this.bytes >= options.pauseAt
        )
          this.pause();
      });
      if (this.#paused) response.pause();
      head.resolve(this);
    });
    this.#request.end();
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  pause(): void {
    this.#paused = true;
    this.#response?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#response?.resume();
  }

  close(): void {
    this.#request.destroy();
  }

  reset(): void {
    this.#request.socket?.resetAndDestroy();
  }

  async finished(): Promise<this> {
    await this.over;
    return this;
  }

  /** Waits until so many bytes have come, or the response is over. */
  async atLeast(bytes: number): Promise<void> {
    await until(() => this.bytes >= bytes || this.outcome !== null);
  }
}

export async function until(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
