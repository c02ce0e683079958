import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { LeasedSocket } from '../../src/accounts/lease.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { LeasePoolOptions } from '../../src/accounts/lease-pool-options.ts';
import { CoaxError, toCoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, ChannelId, LoginKey, OutputId, SourceId, StreamId } from '../../src/model/ids.ts';
import type { LiveConsumer, LivePurpose, PlayableChannel } from '../../src/relay/contract.ts';
import { Relays, type RelaysOptions } from '../../src/relay/relays.ts';
import type { Upstream, UpstreamOptions, UpstreamSink } from '../../src/relay/upstream.ts';
import { syntheticTs } from '../support/ts-builder.ts';
import { type LiveSettings, liveSettings, viewer } from './stage.ts';

/** A player's socket without a network: it takes bytes at once, or not at all while `reading` is false. */
export class FakeSocket extends EventEmitter {
  readonly received: Buffer[] = [];
  #queue: Buffer[] = [];
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  closed = false;
  reading = true;

  asSocket(): Socket {
    return this as unknown as Socket;
  }

  write(data: Buffer): boolean {
    if (this.destroyed || this.writableEnded) throw new Error('written after the end');
    this.#queue.push(data);
    this.writableLength += data.length;
    if (this.reading) queueMicrotask(() => this.flush());
    return this.writableLength < 65_536;
  }

  /** The player reads all that waits. */
  flush(): void {
    if (this.destroyed || this.#queue.length === 0) return;
    this.received.push(...this.#queue);
    this.#queue = [];
    this.writableLength = 0;
    this.emit('drain');
    if (this.writableEnded) this.destroy();
  }

  cork(): void {}
  uncork(): void {}
  setKeepAlive(): void {}
  setNoDelay(): void {}
  #timer: NodeJS.Timeout | undefined;
  setTimeout(ms: number, listener?: () => void): void {
    clearTimeout(this.#timer);
    if (ms > 0 && listener !== undefined) this.#timer = setTimeout(listener, ms);
  }

  destroySoon(): void {
    this.writableEnded = true;
    if (this.writableLength === 0) this.destroy();
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    clearTimeout(this.#timer);
    setImmediate(() => {
      this.closed = true;
      this.emit('close');
    });
    return this;
  }

  /** The other side resets the connection. */
  reset(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.closed = true;
    clearTimeout(this.#timer);
    this.emit('close');
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received);
  }
}

/** The socket below a fake upstream: it closes a moment after it was destroyed. */
export class FakeProviderSocket extends EventEmitter implements LeasedSocket {
  closed = false;
  destroyed = false;

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    setTimeout(() => {
      this.closed = true;
      this.emit('close');
    }, 1);
    return this;
  }
}

/** A connection to a provider without a network. */
export class FakeUpstream implements Upstream {
  readonly socket = new FakeProviderSocket();
  readonly path: string;
  readonly account: string;
  readonly openedMs = performance.now();
  /** When it was over for its provider: it ended, or was closed. */
  overMs: number | null = null;
  readonly record: Buffer[] = [];
  readonly closed: Promise<void>;
  readonly #frames;
  #rest = Buffer.alloc(0);
  #sink: UpstreamSink | null = null;
  #firstSink: UpstreamSink | null = null;

  constructor(path: string, startPts: number, firstStamp: number, account = 'a1') {
    this.path = path;
    this.account = account;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.socket.once('close', resolve);
    this.#frames = syntheticTs({ bitRate: 200_000, keyFrameMs: 200, startPts, firstStamp });
  }

  start(sink: UpstreamSink): void {
    this.#sink = sink;
    this.#firstSink = sink;
  }

  /** Bytes that come although it was closed, as no upstream should. */
  stray(frames: number): void {
    for (let n = 0; n < frames; n++) this.#firstSink?.data(this.#frames.next().value);
  }

  /** Sends frames, cut at odd places. */
  send(frames: number): void {
    if (this.#sink === null || this.socket.destroyed) return;
    const bytes = Buffer.concat(Array.from({ length: frames }, () => this.#frames.next().value));
    this.record.push(Buffer.from(bytes));
    for (let at = 0; at < bytes.length; at += 1_000) this.#sink?.data(Buffer.from(bytes.subarray(at, at + 1_000)));
  }

  /** Sends these bytes as they are. */
  play(bytes: Buffer): void {
    if (this.#sink === null || this.socket.destroyed) return;
    this.record.push(Buffer.from(bytes));
    this.#sink.data(Buffer.from(bytes));
  }

  /** Bytes that are no transport stream. */
  rubbish(bytes: number): void {
    if (!this.socket.destroyed) this.#sink?.data(Buffer.alloc(bytes, 0x11));
  }

  /** Sends so many packets, wherever a picture begins or ends. */
  sendPackets(count: number): void {
    if (this.#sink === null || this.socket.destroyed) return;
    let bytes = this.#rest;
    while (bytes.length < count * 188) bytes = Buffer.concat([bytes, this.#frames.next().value]);
    const part = Buffer.from(bytes.subarray(0, count * 188));
    this.#rest = Buffer.from(bytes.subarray(part.length));
    this.record.push(part);
    this.#sink.data(part);
  }

  /** `complete`: what was played has an end, and this was it. */
  end(complete = false): void {
    const sink = this.#sink;
    this.#sink = null;
    this.overMs ??= performance.now();
    sink?.lost(new CoaxError('UPSTREAM_ENDED', undefined, complete ? { details: { complete } } : {}));
  }

  destroy(): void {
    this.#sink = null;
    this.overMs ??= performance.now();
    this.socket.destroy();
  }
}

/** One request of a player, from its `open` on. */
export class Player {
  readonly socket = new FakeSocket();
  readonly gone = new AbortController();
  consumer: LiveConsumer | null = null;
  code: string | null = null;
  error: CoaxError | null = null;

  /** The player's connection breaks; what the HTTP layer does in the same tick. */
  reset(): void {
    this.socket.reset();
    this.gone.abort();
  }

  get isWaiting(): boolean {
    return this.consumer === null && this.code === null;
  }

  get isPiped(): boolean {
    return this.consumer !== null && !this.socket.destroyed && !this.socket.writableEnded;
  }
}

export interface WorldOptions {
  readonly limit?: number;
  readonly coolingCapMs?: number;
  readonly settings?: Partial<LiveSettings>;
  readonly streams?: Readonly<Record<string, readonly string[]>>;
  readonly onFacts?: RelaysOptions['onFacts'];
  readonly observer?: RelaysOptions['observer'];
  readonly sendQueueOf?: RelaysOptions['sendQueueOf'];
  readonly factsOf?: RelaysOptions['factsOf'];
  readonly pool?: Partial<LeasePoolOptions>;
  /** Limits of more accounts than the one there is, `a1`; each has a login of its own. */
  readonly accounts?: Readonly<Record<string, number>>;
  /** The accounts that streams are played on; `a1` where nothing is said. */
  readonly accountsOf?: Readonly<Record<string, readonly string[]>>;
}

/** Relays on the real lease pool, with fake sockets on both sides. Meant for a fake clock. */
export class World {
  readonly pool: LeasePool;
  readonly relays: Relays;
  readonly upstreams: FakeUpstream[] = [];
  readonly players: Player[] = [];
  readonly limit: number;
  /** Where players come in, if not to the relays directly. */
  door: Pick<Relays, 'open'> | null = null;
  /** Errors that the next connects fail with. */
  readonly failures: CoaxError[] = [];
  /** What connects to a stream fail with, as long as it stands here. */
  readonly broken = new Map<string, CoaxError>();
  readonly accountsOf: Readonly<Record<string, readonly string[]>>;
  #channels = new Map<string, PlayableChannel>();
  readonly #streams: Readonly<Record<string, readonly string[]>>;

  constructor({
    limit = 1,
    coolingCapMs = 2_000,
    settings = {},
    streams = {},
    onFacts,
    observer,
    sendQueueOf,
    factsOf,
    pool = {},
    accounts = {},
    accountsOf = {},
  }: WorldOptions = {}) {
    this.limit = limit;
    this.accountsOf = accountsOf;
    this.#streams = streams;
    this.pool = new LeasePool({ waitMs: 3_000, coolingFloorMs: 50, coolingCapMs, ...pool });
    this.pool.setAccounts(
      Object.entries({ a1: limit, ...accounts }).map(([name, most]) => ({
        id: name as AccountId,
        sourceId: 's1' as SourceId,
        loginKey: `login of ${name}` as LoginKey,
        label: name,
        limit: most,
      })),
    );
    this.relays = new Relays({
      settings: liveSettings(settings),
      leases: this.pool,
      openUpstream: (request, options) => this.#open(request.kind === 'http' ? (request.urls[0] ?? '') : '', options),
      log: silentLog,
      strict: true,
      random: () => 0.5,
      ...(onFacts === undefined ? {} : { onFacts }),
      ...(observer === undefined ? {} : { observer }),
      ...(sendQueueOf === undefined ? {} : { sendQueueOf }),
      ...(factsOf === undefined ? {} : { factsOf }),
    });
  }

  channel(name: string): PlayableChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel: PlayableChannel = {
      channelId: name as ChannelId,
      name,
      streams: (this.#streams[name] ?? [name]).map((path) => ({
        streamId: path as StreamId,
        sourceId: 's1' as SourceId,
        accounts: (this.accountsOf[path] ?? ['a1']) as AccountId[],
        request: () => ({ kind: 'http', urls: [path], headers: {} }),
      })),
    };
    this.#channels.set(name, channel);
    return channel;
  }

  open(
    name: string,
    who: string,
    { slates = false, purpose = 'live' }: { readonly slates?: boolean; readonly purpose?: LivePurpose } = {},
  ): Player {
    const player = new Player();
    this.players.push(player);
    (this.door ?? this.relays)
      .open({
        channel: this.channel(name),
        viewer: viewer(who),
        outputId: 'default' as OutputId,
        signal: player.gone.signal,
        purpose,
        ...(slates ? { slates } : {}),
      })
      .then(
        (consumer) => {
          player.consumer = consumer;
          consumer.pipe(player.socket.asSocket());
        },
        (error: unknown) => {
          player.error = toCoaxError(error);
          player.code = player.error.code;
        },
      );
    return player;
  }

  get openUpstreams(): FakeUpstream[] {
    return this.upstreams.filter(({ socket }) => !socket.closed);
  }

  /** The upstream that carries media now. */
  get live(): FakeUpstream | undefined {
    return this.upstreams.findLast(({ socket }) => !socket.destroyed);
  }

  async #open(path: string, { lease, signal }: UpstreamOptions): Promise<Upstream> {
    const n = this.upstreams.length + 1;
    const upstream = new FakeUpstream(path, 90_000 * 1_000 * n, 100_000 * n, lease.accountId);
    this.upstreams.push(upstream);
    lease.connecting();
    lease.attach(upstream.socket);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const failure = signal.aborted ? new CoaxError('CANCELLED') : (this.broken.get(path) ?? this.failures.shift());
    if (failure === undefined) return upstream;
    upstream.destroy();
    throw failure;
  }
}
