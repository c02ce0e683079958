import { LeaseAuditor } from '../../src/accounts/auditor.ts';
import type { LeaseEvent } from '../../src/accounts/lease-events.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { CoaxError, toCoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, ChannelId, LoginKey, OutputId, SourceId, StreamId } from '../../src/model/ids.ts';
import type { PlayableChannel, PlayableFile } from '../../src/model/playable.ts';
import type { SessionView } from '../../src/model/session-view.ts';
import type { LivePurpose } from '../../src/relay/contract.ts';
import { Front } from '../../src/relay/front.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { Pretune } from '../../src/relay/pretune/pretune.ts';
import { Relays } from '../../src/relay/relays.ts';
import type { Upstream, UpstreamOptions } from '../../src/relay/upstream.ts';
import { VodSessions } from '../../src/vod/sessions.ts';
import { liveSettings, viewer } from '../relay/stage.ts';
import { FakeUpstream, Player } from '../relay/world.ts';
import { FilmProvider, FilmRequest } from './film.ts';

export const accounts = ['a1', 'a2'] as const;
export type AccountName = (typeof accounts)[number];

/** Which streams a channel has, each with the accounts that can play it. */
const channels: Readonly<Record<string, readonly (readonly [string, readonly AccountName[]])[]>> = {
  c1: [
    ['c1/a', ['a1']],
    ['c1/b', ['a2']],
  ],
  c2: [['c2/a', ['a1', 'a2']]],
  c3: [
    ['c3/a', ['a1']],
    // Another channel has it, too.
    ['c2/a', ['a1', 'a2']],
  ],
  c4: [['c4/a', ['a1']]],
};

export interface StandOptions {
  readonly limits: Readonly<Record<AccountName, number>>;
  readonly preempt: boolean;
  readonly pretune: boolean;
  readonly perUser: number;
  readonly perOutput: number;
  readonly lingerMs: number;
}

export const stallMs = 5_000;
export const startMs = 4_000;
export const slateMs = 8_000;
export const ringBytes = 200_000;

/** A live player with what was asked for it. */
export class LivePlayer extends Player {
  readonly who: string;
  readonly channel: string;
  readonly slates: boolean;
  readonly purpose: LivePurpose;
  outcomes = 0;

  constructor(channel: string, who: string, slates: boolean, purpose: LivePurpose) {
    super();
    this.channel = channel;
    this.who = who;
    this.slates = slates;
    this.purpose = purpose;
    // What the HTTP layer does when the connection of a player has closed.
    this.socket.once('close', () => this.gone.abort());
  }

  /** True while its place at a relay, or in a queue, is there. */
  get isThere(): boolean {
    return !this.gone.signal.aborted && (this.isWaiting || this.isPiped);
  }
}

/** Everything that plays, put together as the application does, with fake sockets on all sides. Meant for a fake clock. */
export class Stand {
  readonly options: StandOptions;
  readonly limits = new Map<AccountName, number>();
  readonly removed = new Set<AccountName>();
  readonly pool: LeasePool;
  readonly relays: Relays;
  readonly pretune: Pretune;
  readonly front: Front;
  readonly films: VodSessions;
  readonly filmProvider = new FilmProvider();
  readonly auditor: LeaseAuditor;
  readonly upstreams: { readonly upstream: FakeUpstream; readonly account: string; readonly at: number }[] = [];
  readonly players: LivePlayer[] = [];
  readonly requests: FilmRequest[] = [];
  readonly failures: CoaxError[] = [];
  readonly problems: string[] = [];
  /** Times a player that did not read went on at a key frame. */
  skips = 0;
  readonly #channels = new Map<string, PlayableChannel>();

  constructor(options: StandOptions) {
    this.options = options;
    for (const name of accounts) this.limits.set(name, options.limits[name]);
    this.pool = new LeasePool({
      waitMs: 3_000,
      coolingFloorMs: 50,
      coolingCapMs: 2_000,
      recordingsPreempt: () => options.preempt,
      spare: () => 1,
      seatLimits: { user: () => options.perUser, output: () => options.perOutput },
      observe: (event) => this.#observe(event),
    });
    this.applyAccounts();
    this.relays = new Relays({
      settings: liveSettings({ stallMs, startMs, slateMs, ringBytes, backlogMs: 200, lingerMs: options.lingerMs }),
      leases: this.pool,
      openUpstream: (request, how) => this.#open(request.kind === 'http' ? (request.urls[0] ?? '') : '', how),
      log: silentLog,
      observer: { ...blindObserver, skipped: () => (this.skips += 1) },
      strict: true,
      random: () => 0.5,
      sendQueueOf: () => Promise.resolve(null),
    });
    this.pretune = new Pretune({
      relays: this.relays,
      settings: () => ({ enabled: options.pretune, neighbours: 2 }),
      neighbours: (_output, channel, count) => {
        const names = Object.keys(channels);
        const at = names.indexOf(channel);
        const some = (list: readonly string[]) => list.slice(0, count).map((name) => this.channel(name));
        return { before: some(names.slice(0, at).reverse()), after: some(names.slice(at + 1)) };
      },
      hasSpare: (of, more) => this.pool.hasSpare(of, more),
      observe: () => {},
      log: silentLog,
    });
    this.front = new Front({
      relays: this.relays,
      seats: this.pool.seats,
      began: (request) => this.pretune.began(request),
    });
    this.films = new VodSessions({
      leases: this.pool,
      seats: this.pool.seats,
      open: (request, how) => this.filmProvider.open(request.kind === 'http' ? (request.urls[0] ?? '') : '', how),
      settings: () => ({
        pauseMs: 2_000,
        sessionIdleMs: 1_000,
        cacheBytes: 262_144,
        connectMs: 2_000,
        stallMs: 2_000,
        turnMs: 300,
        backOffMs: 20,
      }),
      sendQueueOf: () => Promise.resolve(null),
      log: silentLog,
    });
    this.auditor = new LeaseAuditor({
      leases: () => this.pool.leases(),
      sessions: () => new Set(this.sessions().map(({ id }) => id)),
      sockets: () => [...this.providerSockets()].map(({ socket }) => socket),
      log: silentLog,
    });
  }

  applyAccounts(): void {
    this.pool.setAccounts(
      accounts
        .filter((name) => !this.removed.has(name))
        .map((name) => ({
          id: name as AccountId,
          sourceId: 's' as SourceId,
          loginKey: name as unknown as LoginKey,
          label: name,
          limit: this.limits.get(name) ?? 0,
        })),
    );
  }

  sessions(): SessionView[] {
    return [...this.relays.snapshot(), ...this.films.snapshot()];
  }

  channel(name: string): PlayableChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel: PlayableChannel = {
      channelId: name as ChannelId,
      name,
      streams: (channels[name] ?? []).map(([path, of]) => ({
        streamId: path as StreamId,
        sourceId: 's' as SourceId,
        accounts: of as readonly string[] as readonly AccountId[],
        request: () => ({ kind: 'http', urls: [path], headers: {} }),
      })),
    };
    this.#channels.set(name, channel);
    return channel;
  }

  open(name: string, who: string, slates: boolean, purpose: 'live' | 'recording'): LivePlayer {
    const player = new LivePlayer(name, who, slates, purpose);
    this.players.push(player);
    const request = {
      channel: this.channel(name),
      viewer: viewer(who),
      outputId: 'o' as OutputId,
      signal: player.gone.signal,
      purpose,
      slates,
    };
    this.front.open(request).then(
      (consumer) => {
        player.outcomes += 1;
        player.consumer = consumer;
        consumer.pipe(player.socket.asSocket());
      },
      (error: unknown) => {
        player.outcomes += 1;
        player.error = toCoaxError(error);
        player.code = player.error.code;
      },
    );
    return player;
  }

  film(name: string): PlayableFile {
    return {
      itemId: name,
      title: name,
      ext: 'mp4',
      contentType: 'video/mp4',
      sourceId: 's' as SourceId,
      accounts: ['a1' as AccountId],
      request: () => ({ kind: 'http', urls: [name], headers: {} }),
    };
  }

  get(film: string, who: string, range: string): FilmRequest {
    const request = new FilmRequest(film, who);
    this.requests.push(request);
    request.follow(
      this.films.serve(
        {
          file: this.film(film),
          viewer: viewer(who),
          outputId: 'o' as OutputId,
          headers: { range },
          signal: request.gone.signal,
        },
        request.response.asResponse(),
      ),
    );
    return request;
  }

  /** Sockets towards providers that the provider has not seen closing. */
  *providerSockets(): Generator<{ readonly socket: FakeUpstream['socket']; readonly account: string }> {
    for (const { upstream, account } of this.upstreams)
      if (!upstream.socket.closed) yield { socket: upstream.socket, account };
    for (const { socket, account } of this.filmProvider.bodies) if (!socket.closed) yield { socket, account };
  }

  get live(): FakeUpstream[] {
    return this.upstreams.map(({ upstream }) => upstream).filter(({ socket }) => !socket.destroyed);
  }

  leasesOf(account: string) {
    return this.pool.leases().filter(({ accountId }) => String(accountId) === account);
  }

  #observe(event: LeaseEvent): void {
    if (event.kind !== 'granted') return;
    const limit = this.limits.get(event.accountId as unknown as AccountName) ?? 0;
    // A limit of 0 is none.
    if (limit > 0 && this.leasesOf(event.accountId).length > limit)
      this.problems.push(`granted beyond the limit of ${event.accountId}`);
  }

  async #open(path: string, { lease, signal }: UpstreamOptions): Promise<Upstream> {
    const n = this.upstreams.length + 1;
    const upstream = new FakeUpstream(path, 90_000 * 1_000 * n, 100_000 * n);
    this.upstreams.push({ upstream, account: lease.accountId, at: performance.now() });
    lease.connecting();
    lease.attach(upstream.socket);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const failure = signal.aborted ? new CoaxError('CANCELLED') : this.failures.shift();
    if (failure === undefined) return upstream;
    upstream.destroy();
    throw failure;
  }
}
