import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { Settings } from '../../src/config/schema.ts';
import { settingsSchema } from '../../src/config/settings-schema.ts';
import { toCoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, ChannelId, LoginKey, OutputId, SourceId, StreamId, ViewerKey } from '../../src/model/ids.ts';
import type { Viewer } from '../../src/model/viewer.ts';
import type { PlayableChannel } from '../../src/relay/contract.ts';
import { Relays, type RelaysOptions } from '../../src/relay/relays.ts';
import { openHttpUpstream } from '../../src/relay/upstream-http.ts';
import { RawClient } from '../support/raw-client.ts';
import { syntheticTs } from '../support/ts-builder.ts';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A provider inside the test: counts its sockets by itself, and answers as it is told. */
export class Provider implements AsyncDisposable {
  readonly #server: Server;
  readonly sockets = new Set<Socket>();
  /** Those whose other side has not closed yet. */
  readonly #open = new Set<Socket>();
  /** Connections so far, and the most at once. */
  connections = 0;
  most = 0;
  readonly #answers = new Map<string, Answer[]>();
  readonly paths: string[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '/';
      this.paths.push(path);
      const queue = this.#answers.get(path) ?? [];
      const answer = queue.length > 1 ? queue.shift() : queue[0];
      (answer ?? playing())(response, request);
    });
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.sockets.add(socket);
      this.#open.add(socket);
      // The end of one socket may lie in the same turn of the loop as the start of the next: whoever came first counts, so look later.
      setImmediate(() => setImmediate(() => (this.most = Math.max(this.most, this.#open.size))));
      socket.on('error', () => {});
      socket.on('end', () => this.#open.delete(socket));
      socket.on('close', () => {
        this.#open.delete(socket);
        this.sockets.delete(socket);
      });
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How `path` is answered, one after the other; the last one again and again. */
  answer(path: string, ...answers: Answer[]): void {
    this.#answers.set(path, answers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export interface PlayingOptions {
  /** Frames sent at once at the start. */
  readonly burst?: number;
  /** Milliseconds between frames after that. */
  readonly everyMs?: number;
  /** Frames after which it falls silent, ends, or breaks. */
  readonly frames?: number;
  readonly after?: 'silent' | 'end' | 'break';
  readonly bitRate?: number;
  readonly keyFrameMs?: number;
  readonly startPts?: number;
  /** Gets all that was sent. */
  readonly record?: Buffer[];
}

/** Sends a synthetic stream, faster than real time. */
export function playing(options: PlayingOptions = {}): Answer {
  const { burst = 30, everyMs = 5, frames = Number.POSITIVE_INFINITY, after = 'silent' } = options;
  return (response) => {
    const { bitRate = 800_000, keyFrameMs = 400, startPts = 90_000 } = options;
    const stream = syntheticTs({ bitRate, keyFrameMs, startPts });
    response.writeHead(200, { 'content-type': 'video/mp2t', connection: 'close' });
    let sent = 0;
    const send = (): void => {
      const frame = stream.next().value;
      options.record?.push(frame);
      response.write(frame);
      if (++sent < frames) return;
      clearInterval(timer);
      if (after === 'end') response.end();
      if (after === 'break') response.socket?.resetAndDestroy();
    };
    const timer = setInterval(send, everyMs);
    response.on('close', () => clearInterval(timer));
    for (let i = 0; i < Math.min(burst, frames); i++) send();
  };
}

/** Answers with a status, a type and a text. */
export function saying(status: number, text: string, type = 'text/html'): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': type, connection: 'close' });
    response.end(text);
  };
}

export type LiveSettings = Settings['live'];

export function liveSettings(changes: Partial<LiveSettings> = {}): LiveSettings {
  return { ...settingsSchema.parse({}).live, ...changes };
}

export interface StageOptions {
  readonly limit?: number | null;
  readonly settings?: Partial<LiveSettings>;
  readonly waitMs?: number;
  readonly coolingFloorMs?: number;
  readonly relays?: Partial<RelaysOptions>;
  /** Paths of each channel's streams: `['/a.ts', '/b.ts']`; each on an account of its own when `accounts` is larger than 1. */
  readonly accounts?: number;
}

export function viewer(name: string): Viewer {
  return { key: name as ViewerKey, label: name };
}

/** A provider, a lease pool, relays, and a small HTTP server before them that does what the HTTP layer does. */
export class Stage implements AsyncDisposable {
  readonly provider: Provider;
  readonly pool: LeasePool;
  readonly relays: Relays;
  readonly #front: Server;
  readonly #accounts: readonly AccountId[];
  readonly #channels = new Map<string, PlayableChannel>();
  readonly #clients: RawClient[] = [];

  private constructor(provider: Provider, options: StageOptions) {
    this.provider = provider;
    this.pool = new LeasePool({
      waitMs: options.waitMs ?? 2_000,
      coolingFloorMs: options.coolingFloorMs ?? 0,
      coolingCapMs: 2_000,
    });
    const count = options.accounts ?? 1;
    this.#accounts = Array.from({ length: count }, (_, n) => `a${n + 1}` as AccountId);
    this.pool.setAccounts(
      this.#accounts.map((id) => ({
        id,
        sourceId: 's1' as SourceId,
        loginKey: `login-${id}` as LoginKey,
        label: id,
        limit: options.limit === undefined ? 1 : options.limit,
      })),
    );
    this.relays = new Relays({
      settings: liveSettings(options.settings),
      leases: this.pool,
      openUpstream: (request, how) => {
        if (request.kind !== 'http') throw new Error('no such request here');
        return openHttpUpstream(request, how);
      },
      log: silentLog,
      strict: true,
      ...options.relays,
    });
    this.#front = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(await new Provider().start(), options);
    stage.#front.listen(0, '127.0.0.1');
    await once(stage.#front, 'listening');
    return stage;
  }

  /** Makes a channel of streams at these paths of the provider. */
  channel(name: string, ...paths: string[]): PlayableChannel {
    const channel: PlayableChannel = {
      channelId: name as ChannelId,
      name,
      streams: (paths.length === 0 ? [`/${name}.ts`] : paths).map((path) => ({
        streamId: path as StreamId,
        sourceId: 's1' as SourceId,
        accounts: this.#accounts,
        request: () => ({ kind: 'http', urls: [this.provider.url + path], headers: { 'user-agent': 'test' } }),
      })),
    };
    this.#channels.set(name, channel);
    return channel;
  }

  /** Sends a request as a player would; without `head` it does not wait for the answer. */
  async tune(name: string, who = 'viewer'): Promise<RawClient> {
    if (!this.#channels.has(name)) this.channel(name);
    const client = await RawClient.send(`http://127.0.0.1:${this.port}/${name}`, { headers: { 'x-viewer': who } });
    this.#clients.push(client);
    return client;
  }

  /** Where players connect. */
  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  /** The state of the only relay, or undefined. */
  get state(): string | undefined {
    return this.relays.snapshot()[0]?.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.relays[Symbol.asyncDispose]();
    await this.pool.stop();
    this.#front.closeAllConnections();
    await new Promise((resolve) => this.#front.close(resolve));
    await this.provider[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = this.#channels.get((request.url ?? '').slice(1));
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    if (channel === undefined) throw new Error('no such channel');
    try {
      const consumer = await this.relays.open({
        channel,
        viewer: viewer(String(request.headers['x-viewer'])),
        outputId: 'default' as OutputId,
        signal: gone.signal,
      });
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'video/mp2t', connection: 'close' });
      response.flushHeaders();
      if (response.socket === null) consumer.leave();
      else consumer.pipe(response.socket);
    } catch (error) {
      const { status, code } = toCoaxError(error);
      if (!response.destroyed) response.writeHead(status, { connection: 'close', 'x-code': code }).end();
    }
  }
}
