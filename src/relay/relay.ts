import type { LeaseHolder, LeasePurpose } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { SessionId, StreamId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import { Audience } from './audience.ts';
import { BitRate } from './bit-rate.ts';
import type { Consumer, ConsumerHome } from './consumer.ts';
import type { LivePurpose, LiveRequest, PlayableChannel, SessionView } from './contract.ts';
import { FanOut } from './fan-out.ts';
import { FactsWatch } from './facts-watch.ts';
import { Feed } from './feed.ts';
import type { FeedHome } from './feed-home.ts';
import { feedOutlet } from './feed-outlet.ts';
import type { Hold } from './hold.ts';
import { Linger } from './linger.ts';
import type { RelayHome, RelayParts } from './relay-parts.ts';
import { keepTrying } from './keep-trying.ts';
import { isOpening, mayChange, type RelayState } from './relay-state.ts';
import { Outlet } from './outlet.ts';
import { RelayLog } from './relay-log.ts';
import { relayView } from './relay-view.ts';
import { takenOver } from './slate-reason.ts';
import { Slate } from './slate.ts';
import { PaceMeter } from './source-pace.ts';

const sweepMs = 1_000;

/**
 * One live upstream and all who watch it. It owns the feed with its lease, the ring, the consumers and every timer; nobody else changes
 * them. Whatever ends it goes through `close`, once.
 */
export class Relay implements LeaseHolder {
  readonly sessionId: SessionId;
  readonly channel: PlayableChannel;
  readonly since = Date.now();
  readonly #ended = Promise.withResolvers<void>();
  /** Resolves when the upstream's socket has closed and nothing of the relay is left. */
  readonly closed: Promise<void> = this.#ended.promise;
  readonly #parts: RelayParts;
  readonly #home: RelayHome;
  readonly #abort = new AbortController();
  readonly #audience: Audience;
  readonly #linger = new Linger(() => this.close(null));
  readonly #out: Outlet;
  readonly #fanOut: FanOut;
  readonly #feed: Feed;
  readonly #slate: Slate<Consumer>;
  readonly #consumerHome: ConsumerHome;
  readonly #bitRate = new BitRate();
  readonly #paceMeter = new PaceMeter();
  readonly #facts: FactsWatch;
  readonly #tell: RelayLog;
  readonly #cold = new WeakSet<Consumer>();
  #state: RelayState = 'reserving';
  #successor: Relay | null = null;
  #running: Promise<void> = Promise.resolve();
  #sweepTimer: NodeJS.Timeout | undefined;
  #knownFacts: CodecFacts | null = null;
  #bytesOut = 0;
  #lastConsumer = 0;

  constructor(id: SessionId, first: LiveRequest, parts: RelayParts, home: RelayHome) {
    this.sessionId = id;
    this.channel = first.channel;
    this.#parts = parts;
    this.#home = home;
    const { settings } = parts;
    this.#tell = new RelayLog(parts.log.child({ relay: id, channelId: first.channel.channelId }), parts.observer);
    this.#facts = new FactsWatch((facts) => this.#tellFacts(facts), parts.completeFacts);
    this.#audience = new Audience({
      observer: parts.observer,
      writeProgressMs: settings.writeProgressMs,
      dropped: ({ id: consumer }, error) => this.#tell.dropped(consumer, error),
      unread: () => this.#unread(),
    });
    this.#fanOut = new FanOut(this.#audience.consumers);
    this.#out = new Outlet({
      maxBytes: settings.ringBytes,
      maxMs: settings.ringMs,
      consumers: () => this.#audience.consumers.size,
      hurry: () => this.#audience.waiting.size > 0,
      grown: () => this.#grown(),
    });
    this.#slate = this.#makeSlate();
    this.#consumerHome = this.#makeConsumerHome();
    this.#feed = new Feed({
      home: this.#makeFeedHome(first),
      leases: parts.leases,
      open: parts.openUpstream,
      times: settings,
      health: parts.health,
      random: parts.random,
    });
  }

  get state(): RelayState {
    return this.#state;
  }

  get isClosing(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** The relay its consumers should go to instead, when it closed because that one serves the stream already. */
  get successor(): Relay | null {
    return this.#successor;
  }

  /** Begins to open the upstream; only the first call counts. Call it when the first consumer has joined. */
  start(): void {
    if (this.#sweepTimer !== undefined || this.isClosing) return;
    this.#parts.observer.relays(1);
    this.#sweepTimer = setInterval(() => this.#sweep(), Math.min(sweepMs, this.#parts.settings.stallMs / 2));
    this.#running = keepTrying({
      feed: this.#feed,
      signal: this.#abort.signal,
      random: this.#parts.random,
      goOn: (error) => this.#goOnBehindSlate(error),
    }).catch((error: unknown) => this.close(toCoaxError(error)));
  }

  /** Adds a consumer, in this turn. Its `ready` tells when there is media. */
  join(request: LiveRequest): Consumer {
    if (this.isClosing) throw new CoaxError('CONFLICT', 'A relay that is closing takes no consumers');
    this.#linger.stop();
    const consumer = this.#audience.join(`${this.sessionId}.${++this.#lastConsumer}`, this.#consumerHome, request);
    if (this.#state === 'lingering') this.#enter('live');
    if (this.#out.hasStart(consumer.wantsSlates)) consumer.announce();
    else {
      this.#cold.add(consumer);
      if (consumer.wantsSlates) this.#slate.watch();
    }
    if (this.#state === 'reserving') this.#parts.leases.retry?.(this);
    return consumer;
  }

  /** Keeps it open for somebody who does not read yet, in this turn. Its `ready` tells when there is media. */
  hold(request: LiveRequest): Hold {
    if (this.isClosing) throw new CoaxError('CONFLICT', 'A relay that is closing takes no holds');
    const hold = this.#audience.hold(request);
    this.#linger.pause();
    if (this.#out.hasStart(false)) hold.announce();
    else if (hold.wantsSlates) this.#slate.expect();
    if (this.#state === 'reserving') this.#parts.leases.retry?.(this);
    return hold;
  }

  // LeaseHolder

  isIdle(): boolean {
    return this.#audience.isIdle();
  }

  isSoleViewer(viewer: Viewer): boolean {
    return this.#audience.isSoleViewer(viewer);
  }

  purpose(): LivePurpose {
    return this.#audience.purpose();
  }

  /** Who is shown slates waits behind one that says why, for the next free connection; everybody else is told and leaves. */
  yieldSlot(reason: 'taken-over' | 'idle' | 'stopped', by?: LeasePurpose): void {
    if (reason === 'idle') return this.close(null);
    const error = reason === 'stopped' ? new CoaxError('STREAM_STOPPED') : takenOver(by);
    if (reason === 'taken-over' && !this.isClosing && this.#slate.fits(error)) this.#feed.surrender(error);
    else this.close(error);
  }

  /** Goes on with another stream of the channel, under the same consumers; see `Feed.next`. */
  next(asked: StreamId | null): Promise<void> {
    return this.#feed.next(asked);
  }

  /** Ends everything; only the first call counts. `error` is null when nobody watches any more. The upstream is closed in this turn. */
  close(error: CoaxError | null): void {
    if (this.isClosing) return;
    this.#enter('closing');
    const reason = error ?? new CoaxError('CANCELLED');
    let upstreamClosed: Promise<void> = Promise.resolve();
    const steps: readonly (() => void)[] = [
      () => this.#linger.stop(),
      () => clearInterval(this.#sweepTimer),
      () => this.#slate.stop(),
      () => this.#abort.abort(reason),
      () => {
        upstreamClosed = this.#feed.stop();
      },
      () => this.#out.flush(),
      () => this.#audience.finishAll(reason),
      () => this.#out.ring.clear(),
      () => this.#tell.bytes(this.#feed.bytes, this.#bytesOut),
      () => this.#tell.ended(this.#feed, error),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (failure) {
        this.#tell.wrong('A step of closing a stream failed', { error: failure });
      }
    }
    void Promise.allSettled([this.#running, upstreamClosed]).then(() => this.#afterClose());
  }

  view(nowMs: number): SessionView {
    const { bitsPerSecond } = this.#bitRate;
    return relayView(this, nowMs, {
      slate: this.#slate.reason,
      feed: this.#feed,
      ring: this.#out.ring,
      consumers: this.#audience.consumers,
      holds: this.#audience.holds,
      facts: this.#knownFacts,
      rates: { bytesOut: this.#bytesOut, bitRate: bitsPerSecond },
    });
  }

  #enter(state: RelayState): void {
    if (state === this.#state) return;
    if (!mayChange(this.#state, state)) {
      const fields = { from: this.#state, to: state };
      if (this.#parts.strict) throw new Error(`A relay can not go from ${fields.from} to ${fields.to}`);
      this.#tell.wrong('A relay was asked for a change of state that does not exist', fields);
      return;
    }
    this.#state = state;
  }

  #makeFeedHome({ viewer, purpose = 'live' }: LiveRequest): FeedHome {
    return {
      holder: this,
      viewer,
      purpose,
      party: this.#audience.party,
      signal: this.#abort.signal,
      outlet: feedOutlet(this.#out, this.#slate, this.#facts),
      channel: () => this.#parts.channelNow(this.channel),
      full: () => this.#slate.full(),
      enter: (state) => this.#feedEnters(state),
      look: (stream) => this.#look(this.#home.serving(stream, this)),
      isTaken: (way) => this.#isServed && this.#home.servingOn(way, this) !== null,
      claim: (way) => {
        const other = this.#home.servingOn(way, this);
        this.#look(other);
        if (this.isClosing || other !== null) return false;
        this.#home.claim(way, this);
        return true;
      },
      unclaim: (kept) => this.#home.unclaim(this, kept),
      firstByte: (ms) => {
        this.#parts.observer.firstByte(ms);
        this.#facts.renew();
        this.#paceMeter.began(this.#feed.bytes, performance.now());
      },
      failed: this.#tell.failed,
      reconnecting: this.#tell.reconnecting,
      switched: (change) => {
        this.#facts.renew();
        this.#tell.switched(change);
      },
      endured: this.#tell.endured,
    };
  }

  #makeSlate(): Slate<Consumer> {
    return new Slate({
      slateMs: this.#parts.settings.slateMs,
      viewers: this.#audience.consumers,
      waiting: this.#audience.waiting,
      isAwaited: () => this.#audience.isAwaited(),
      outlet: this.#out,
      state: () => this.#state,
      isHopeless: () => this.#parts.leases.isHopeless?.(this) === true,
      facts: () => this.#knownFacts ?? this.#parts.factsOf(this.channel.channelId),
      isSlow: () => this.purpose() === 'live' && this.#parts.pace.isSlow(this.channel),
      shown: (reason) => this.#tell.slate(reason, this.#slate.failure),
      end: (consumer) => this.#endOne(consumer),
      broken: (error) => this.close(error),
    });
  }

  /** Nothing can be done for now: who asked for slates goes on to wait behind one, everybody else is told. */
  #goOnBehindSlate(error: CoaxError): boolean {
    if (this.isClosing || !this.#slate.fits(error)) return false;
    this.#out.flush();
    this.#audience.finish((consumer) => !consumer.wantsSlates, error);
    this.#slate.fail(error);
    return true;
  }

  /** Its time of slates is over. */
  #endOne(one: Consumer): void {
    const error = this.#slate.failure ?? new CoaxError('NO_CAPACITY');
    this.#audience.finish((consumer) => consumer === one, error);
    if (this.#audience.consumers.size === 0) this.close(error);
  }

  #makeConsumerHome(): ConsumerHome {
    const { settings, farewells, observer } = this.#parts;
    return {
      sessionId: this.sessionId,
      ring: this.#out.ring,
      farewells,
      backlogMs: settings.backlogMs,
      clientBufferBytes: settings.clientBufferBytes,
      writeProgressMs: settings.writeProgressMs,
      sendQueueOf: this.#parts.sendQueueOf,
      slateUntilMs: (consumer) => this.#slate.untilMs(consumer),
      consumerStarted: (consumer, start) => {
        this.#audience.started(consumer);
        const ms = performance.now() - consumer.openedMs;
        if (!start.slate) observer.joined(ms, this.#cold.has(consumer));
        this.#tell.started(consumer.id, ms, start.weak);
      },
      consumerSkipped: () => observer.skipped(),
      consumerWrote: (bytes) => {
        this.#bytesOut += bytes;
      },
      consumerLeft: (consumer, error) => this.#audience.left(consumer, error),
    };
  }

  #feedEnters(state: RelayState): void {
    if (this.isClosing) return;
    if (state === 'reconnecting' && this.#audience.consumers.size === 0) {
      this.close(null);
      return;
    }
    if (state === 'reconnecting') this.#slate.lost();
    if (state === 'live') this.#tell.live(this.#feed);
    this.#enter(state);
    if (state === 'live') {
      for (const hold of this.#audience.holds) hold.announce();
      if (this.#audience.consumers.size === 0) this.#unread();
    }
  }

  /** Somebody has got something of the channel, and can not be sent elsewhere any more. */
  get #isServed(): boolean {
    return this.#audience.isServed && this.#feed.bytes > 0;
  }

  #look(other: Relay | null): void {
    if (other === null || this.isClosing || this.#isServed) return;
    this.#successor = other;
    this.close(null);
  }

  #grown(): void {
    const isSlate = this.#slate.reason !== null;
    for (const consumer of this.#audience.waiting) if (consumer.wantsSlates || !isSlate) consumer.announce();
    this.#fanOut.wake();
  }

  /** Nobody reads: it lingers, as long as holds keep it open or for its time, unless its slot is wanted. */
  #unread(): void {
    const held = this.#audience.holds.size > 0;
    if (held && isOpening(this.#state) && this.#slate.reason === null) return;
    const account = this.#feed.lease?.accountId;
    const wanted = account !== undefined && this.isIdle() && this.#parts.leases.hasWaiters(account);
    const runs = this.#state === 'live' || this.#state === 'lingering';
    if (runs && !wanted) {
      this.#enter('lingering');
      this.#linger.begin(this.#parts.settings.lingerMs, held);
    } else this.close(null);
  }

  #afterClose(): void {
    this.#enter('closed');
    this.#parts.observer.relays(-1);
    this.#home.closed(this);
    this.#ended.resolve();
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#feed.check(nowMs);
    for (const consumer of this.#audience.consumers) consumer.checkProgress(nowMs);
    this.#bitRate.sample(nowMs, this.#feed.bytes);
    const source = this.#feed.candidate?.stream.sourceId;
    this.#parts.pace.note(source, this.#paceMeter.sample(this.#feed.bytes, nowMs));
    this.#tell.bytes(this.#feed.bytes, this.#bytesOut);
  }

  #tellFacts(facts: CodecFacts): void {
    this.#knownFacts = facts;
    const stream = this.#feed.candidate?.stream.streamId;
    if (stream !== undefined) this.#parts.onFacts(this.channel.channelId, stream, facts);
  }
}
