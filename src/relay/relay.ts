import type { LeaseHolder } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { SessionId, StreamId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import { BitRate } from './bit-rate.ts';
import { ChunkJoiner } from './chunk-joiner.ts';
import { Consumer, type ConsumerHome } from './consumer.ts';
import type { LiveRequest, PlayableChannel, SessionView } from './contract.ts';
import { FanOut } from './fan-out.ts';
import { FactsWatch } from './facts-watch.ts';
import { Feed, type FeedHome } from './feed.ts';
import { expected, Hold } from './hold.ts';
import { Linger } from './linger.ts';
import type { RelayHome, RelayParts } from './relay-parts.ts';
import { keepTrying } from './keep-trying.ts';
import { startPoint } from './join.ts';
import { isOpening, mayChange, type RelayState } from './relay-state.ts';
import { Ring } from './ring.ts';
import { Seam } from './seam.ts';
import { Slate } from './slate.ts';
import { firstLayout, layoutOf } from './slate-layout.ts';
import { slateWords } from './slate-reason.ts';
import { waitingParty } from './waiting-party.ts';

const sweepMs = 1_000;
/** A socket gets this long to take what is queued when its stream was stopped. */
const stopPatienceMs = 2_000;

/**
 * One live upstream and all who watch it. It owns the feed with its lease, the ring, the consumers and every timer; nobody else changes
 * them. Whatever ends it goes through `close`, once.
 */
export class Relay implements LeaseHolder {
  readonly sessionId: SessionId;
  readonly channel: PlayableChannel;
  readonly since = Date.now();
  /** Resolves when the upstream's socket has closed and nothing of the relay is left. */
  readonly closed: Promise<void>;
  readonly #parts: RelayParts;
  readonly #home: RelayHome;
  readonly #resolveClosed: () => void;
  readonly #abort = new AbortController();
  readonly #consumers = new Set<Consumer>();
  /** Those who keep it open without reading. */
  readonly #holds = new Set<Hold>();
  readonly #linger = new Linger(() => this.close(null));
  /** Consumers that have got no byte yet. */
  readonly #waiting = new Set<Consumer>();
  readonly #ring: Ring;
  readonly #fanOut: FanOut;
  readonly #joiner: ChunkJoiner;
  readonly #feed: Feed;
  readonly #slate: Slate<Consumer>;
  readonly #consumerHome: ConsumerHome;
  readonly #bitRate = new BitRate();
  readonly #facts: FactsWatch;
  readonly #log: Log;
  readonly #cold = new WeakSet<Consumer>();
  #state: RelayState = 'reserving';
  #successor: Relay | null = null;
  #running: Promise<void> = Promise.resolve();
  #sweepTimer: NodeJS.Timeout | undefined;
  #knownFacts: CodecFacts | null = null;
  /** From the second generation on. */
  #seam: Seam | null = null;
  #position = 0;
  #bytesOut = 0;
  #told = { received: 0, sent: 0 };
  #lastConsumer = 0;

  constructor(id: SessionId, first: LiveRequest, parts: RelayParts, home: RelayHome) {
    this.sessionId = id;
    this.channel = first.channel;
    this.#parts = parts;
    this.#home = home;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    const { settings } = parts;
    this.#log = parts.log.child({ relay: id, channelId: first.channel.channelId });
    this.#ring = new Ring({ maxBytes: settings.ringBytes, maxMs: settings.ringMs });
    this.#facts = new FactsWatch((facts) => this.#tellFacts(facts), parts.completeFacts);
    this.#fanOut = new FanOut(this.#consumers);
    this.#joiner = new ChunkJoiner({
      out: (chunk) => this.#publish(chunk),
      consumers: () => this.#consumers.size,
      hurry: () => this.#waiting.size > 0,
    });
    this.#slate = this.#makeSlate();
    this.#consumerHome = this.#makeConsumerHome();
    this.#feed = new Feed({
      home: this.#makeFeedHome(first),
      channel: first.channel,
      leases: parts.leases,
      open: parts.openUpstream,
      times: settings,
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
    const { random } = this.#parts;
    this.#running = keepTrying({
      feed: this.#feed,
      signal: this.#abort.signal,
      random,
      goOn: (error) => this.#goOnBehindSlate(error),
    }).catch((error: unknown) => this.close(toCoaxError(error)));
  }

  /** Adds a consumer, in this turn. Its `ready` tells when there is media. */
  join(request: LiveRequest): Consumer {
    if (this.isClosing) throw new CoaxError('CONFLICT', 'A relay that is closing takes no consumers');
    this.#linger.stop();
    const consumer = new Consumer(`${this.sessionId}.${++this.#lastConsumer}`, this.#consumerHome, request);
    this.#consumers.add(consumer);
    this.#waiting.add(consumer);
    this.#parts.observer.consumers(1);
    if (this.#state === 'lingering') this.#enter('live');
    if (this.#hasStart(consumer.wantsSlates)) consumer.announce();
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
    const hold = new Hold(request, (left) => this.#holdLeft(left));
    this.#holds.add(hold);
    this.#linger.pause();
    if (this.#hasStart(false)) hold.announce();
    if (this.#state === 'reserving') this.#parts.leases.retry?.(this);
    return hold;
  }

  // LeaseHolder

  isIdle(): boolean {
    return this.#consumers.size === 0 && expected(this.#holds).length === 0;
  }

  isSoleViewer(viewer: Viewer): boolean {
    const served = [...this.#consumers, ...expected(this.#holds)];
    return served.length > 0 && served.every(({ viewer: { key } }) => key === viewer.key);
  }

  yieldSlot(reason: 'taken-over' | 'idle' | 'stopped'): void {
    this.close(reason === 'idle' ? null : new CoaxError(reason === 'stopped' ? 'STREAM_STOPPED' : 'TAKEN_OVER'));
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
      () => this.#abort.abort(),
      () => {
        upstreamClosed = this.#feed.stop();
      },
      () => this.#joiner.flush(),
      () => this.#finishConsumers(reason),
      () => this.#ring.clear(),
      () => this.#tellBytes(),
      () => this.#parts.observer.ended(error?.code ?? null),
      () => this.#logEnd(error),
    ];
    for (const step of steps) {
      try {
        step();
      } catch (failure) {
        this.#log.error('A step of closing a stream failed', { error: failure });
      }
    }
    void Promise.allSettled([this.#running, upstreamClosed]).then(() => this.#afterClose());
  }

  view(nowMs: number): SessionView {
    const { lease, candidate, bytes, reconnects } = this.#feed;
    const { reason } = this.#slate;
    return {
      id: this.sessionId,
      kind: 'live',
      state: reason === null ? this.#state : 'slate',
      ...(reason === null ? {} : { reason: slateWords[reason] }),
      title: this.channel.name,
      channelId: this.channel.channelId,
      ...(candidate === null ? {} : { streamId: candidate.stream.streamId, sourceId: candidate.stream.sourceId }),
      ...(lease === null ? {} : { accountId: lease.accountId, leaseId: lease.id }),
      since: this.since,
      bytesIn: bytes,
      bytesOut: this.#bytesOut,
      bitRate: this.#bitRate.bitsPerSecond,
      bufferedBytes: this.#ring.bytes,
      bufferedMs: Math.round(this.#ring.ageMs(nowMs)),
      reconnects,
      consumers: [...this.#consumers].map((consumer) => consumer.view(nowMs)),
      ...(this.#holds.size === 0 ? {} : { heldFor: [...this.#holds].map(({ viewer }) => viewer) }),
      ...(this.#knownFacts === null ? {} : { facts: this.#knownFacts }),
    };
  }

  #enter(state: RelayState): void {
    if (state === this.#state) return;
    if (!mayChange(this.#state, state)) {
      const fields = { from: this.#state, to: state };
      if (this.#parts.strict) throw new Error(`A relay can not go from ${fields.from} to ${fields.to}`);
      this.#log.error('A relay was asked for a change of state that does not exist', fields);
      return;
    }
    this.#state = state;
  }

  #makeFeedHome({ viewer, purpose = 'live' }: LiveRequest): FeedHome {
    return {
      holder: this,
      viewer,
      purpose,
      party: waitingParty(this.#consumers, this.#holds),
      signal: this.#abort.signal,
      position: () => this.#position,
      packets: (packets) => {
        this.#position += packets.length;
        this.#joiner.add(packets);
        this.#facts.packets(packets);
      },
      entry: (entry) => {
        this.#slate.started(entry);
        this.#ring.mark(entry);
        this.#facts.entry(entry);
      },
      settle: () => this.#joiner.settle(),
      seam: () => this.#seamOf(),
      full: () => this.#slate.full(),
      enter: (state) => this.#feedEnters(state),
      look: (stream) => this.#look(stream),
      claim: (stream) => {
        this.#look(stream);
        if (!this.isClosing) this.#home.claim(stream, this);
      },
      unclaim: (stream) => this.#home.unclaim(stream, this),
      firstByte: (ms) => {
        this.#parts.observer.firstByte(ms);
        this.#facts.renew();
      },
      failed: ({ stream: { streamId }, account }, { code, message }) =>
        this.#log.warn('A stream could not be opened', { streamId, accountId: account, code, reason: message }),
      reconnecting: (error, attempt) => {
        if (attempt === 1) this.#slate.lost();
        this.#parts.observer.reconnecting(error.code);
        this.#log.warn('The upstream was lost and is opened anew', {
          code: error.code,
          reason: error.message,
          attempt,
        });
      },
    };
  }

  #makeSlate(): Slate<Consumer> {
    return new Slate({
      slateMs: this.#parts.settings.slateMs,
      viewers: this.#consumers,
      waiting: this.#waiting,
      sink: {
        position: () => this.#position,
        packets: (packets) => {
          this.#position += packets.length;
          this.#joiner.add(packets);
        },
        entry: (entry) => this.#ring.mark({ ...entry, slate: true }),
      },
      settle: () => this.#joiner.settle(),
      seam: () => this.#seamOf(),
      state: () => this.#state,
      isHopeless: () => this.#parts.leases.isHopeless?.(this) === true,
      layout: () => {
        const sent = this.#ring.entries.at(-1);
        if (sent !== undefined) return layoutOf(sent.tables, this.#knownFacts);
        return this.#position === 0 ? firstLayout(this.#parts.factsOf(this.channel.channelId)) : null;
      },
      shown: (reason) => {
        this.#parts.observer.slate(reason);
        const { code, message } = this.#slate.failure ?? {};
        this.#log.info('Viewers see a slate', { slate: slateWords[reason], code, reason: message });
      },
      end: (consumer) => this.#endOne(consumer),
    });
  }

  /** What makes the next generation one stream with what was sent. */
  #seamOf(): Seam | null {
    if (this.#position === 0) return null;
    this.#seam ??= new Seam(() => {
      this.#joiner.flush();
      return this.#ring.history();
    });
    return this.#seam;
  }

  #hasStart(slates: boolean): boolean {
    return startPoint(this.#ring, performance.now(), 0, slates) !== null;
  }

  /** Nothing can be done for now: who asked for slates goes on to wait behind one, everybody else is told. */
  #goOnBehindSlate(error: CoaxError): boolean {
    if (this.isClosing || !this.#slate.fits(error)) return false;
    this.#joiner.flush();
    this.#finish((consumer) => !consumer.wantsSlates, error);
    this.#slate.fail(error);
    return true;
  }

  /** Its time of slates is over. */
  #endOne(one: Consumer): void {
    const error = this.#slate.failure ?? new CoaxError('NO_CAPACITY');
    this.#finish((consumer) => consumer === one, error);
    if (this.#consumers.size === 0) this.close(error);
  }

  #makeConsumerHome(): ConsumerHome {
    const { settings, farewells, observer } = this.#parts;
    return {
      sessionId: this.sessionId,
      ring: this.#ring,
      farewells,
      backlogMs: settings.backlogMs,
      clientBufferBytes: settings.clientBufferBytes,
      writeProgressMs: settings.writeProgressMs,
      sendQueueOf: this.#parts.sendQueueOf,
      slateUntilMs: (consumer) => this.#slate.untilMs(consumer),
      consumerStarted: (consumer, start) => {
        this.#waiting.delete(consumer);
        const ms = performance.now() - consumer.openedMs;
        if (!start.slate) observer.joined(ms, this.#cold.has(consumer));
        setImmediate(() =>
          this.#log.debug('A player has got its first bytes', { consumer: consumer.id, ms, weak: start.weak }),
        );
      },
      consumerSkipped: () => observer.skipped(),
      consumerWrote: (bytes) => {
        this.#bytesOut += bytes;
      },
      consumerLeft: (consumer, error) => this.#consumerLeft(consumer, error),
    };
  }

  #feedEnters(state: RelayState): void {
    if (this.isClosing) return;
    if (state === 'reconnecting' && this.#consumers.size === 0) {
      this.close(null);
      return;
    }
    if (state === 'live') {
      const fields = { ...this.#place(), ms: Math.round(Date.now() - this.since) };
      // Writing a log takes milliseconds, and the players get their first bytes in this turn.
      setImmediate(() => this.#log.info('A live stream is open', fields));
    }
    this.#enter(state);
    if (state === 'live') {
      for (const hold of this.#holds) hold.announce();
      if (this.#consumers.size === 0) this.#unread();
    }
  }

  #look(stream: StreamId): void {
    const other = this.#home.serving(stream);
    if (other === null || other === this || this.isClosing) return;
    this.#successor = other;
    this.close(null);
  }

  #publish(chunk: Buffer): void {
    this.#ring.push(chunk, performance.now());
    const isSlate = this.#slate.reason !== null;
    if (this.#waiting.size > 0)
      for (const consumer of this.#waiting) if (consumer.wantsSlates || !isSlate) consumer.announce();
    this.#fanOut.wake();
  }

  #consumerLeft(consumer: Consumer, error: CoaxError | null): void {
    if (!this.#consumers.delete(consumer)) return;
    this.#waiting.delete(consumer);
    this.#parts.observer.consumers(-1);
    if (error !== null) {
      this.#parts.observer.dropped(error.code);
      this.#log.warn('A player was dropped', { consumer: consumer.id, code: error.code, reason: error.message });
    }
    if (this.#consumers.size === 0) this.#unread();
  }

  #holdLeft(hold: Hold): void {
    if (!this.#holds.delete(hold)) return;
    if (this.#consumers.size === 0 && this.#holds.size === 0) this.#unread();
  }

  /** Nobody reads: it lingers, as long as holds keep it open or for its time, unless its slot is wanted. */
  #unread(): void {
    const held = this.#holds.size > 0;
    if (held && isOpening(this.#state) && this.#slate.reason === null) return;
    const account = this.#feed.lease?.accountId;
    const wanted = account !== undefined && this.isIdle() && this.#parts.leases.hasWaiters(account);
    const runs = this.#state === 'live' || this.#state === 'lingering';
    if (runs && !wanted) {
      this.#enter('lingering');
      this.#linger.begin(this.#parts.settings.lingerMs, held);
    } else this.close(null);
  }

  #finishConsumers(reason: CoaxError): void {
    this.#finish(() => true, reason);
    for (const hold of this.#holds) hold.end(reason);
    this.#holds.clear();
  }

  #finish(who: (consumer: Consumer) => boolean, reason: CoaxError): void {
    const ended = reason.code.startsWith('UPSTREAM_');
    const patienceMs = ended ? this.#parts.settings.writeProgressMs : stopPatienceMs;
    for (const consumer of [...this.#consumers].filter(who)) {
      this.#consumers.delete(consumer);
      this.#waiting.delete(consumer);
      consumer.finish(reason, patienceMs, ended);
      this.#parts.observer.consumers(-1);
    }
  }

  #afterClose(): void {
    this.#enter('closed');
    this.#parts.observer.relays(-1);
    this.#home.closed(this);
    this.#resolveClosed();
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#feed.check(nowMs);
    for (const consumer of this.#consumers) consumer.checkProgress(nowMs);
    this.#bitRate.sample(nowMs, this.#feed.bytes);
    this.#tellBytes();
  }

  #tellBytes(): void {
    const received = this.#feed.bytes;
    const sent = this.#bytesOut;
    this.#parts.observer.bytes(received - this.#told.received, sent - this.#told.sent);
    this.#told = { received, sent };
  }

  #tellFacts(facts: CodecFacts): void {
    this.#knownFacts = facts;
    const stream = this.#feed.candidate?.stream.streamId;
    if (stream !== undefined) this.#parts.onFacts(this.channel.channelId, stream, facts);
  }

  #logEnd(error: CoaxError | null): void {
    const fields = { ...this.#place(), code: error?.code ?? null, reason: error?.message, bytes: this.#feed.bytes };
    this.#log.info('A live stream is over', { ...fields, ms: Math.round(Date.now() - this.since) });
  }

  #place(): { readonly streamId: StreamId | undefined; readonly accountId: string | undefined } {
    return { streamId: this.#feed.candidate?.stream.streamId, accountId: this.#feed.lease?.accountId };
  }
}
