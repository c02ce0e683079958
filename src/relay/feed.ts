import type { Lease } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { StreamId } from '../model/ids.ts';
import type { FailoverView } from '../model/session-view.ts';
import { AttemptBudget, backOffMs, mostAttempts, steadyMs } from './attempt-budget.ts';
import { type Candidate, Candidates, isSame } from './candidates.ts';
import { ChangeOver } from './change-over.ts';
import { Connection, type ConnectionHome } from './connection.ts';
import { delay } from '../delay.ts';
import type { FeedHome, FeedOptions, FeedTimes } from './feed-home.ts';
import { type Granted, LeaseTaker } from './lease-taker.ts';
import { Pacer } from './pacer.ts';
import { isFull, isOfStream, saysNothing } from './stream-failure.ts';
import type { StreamHealth } from './stream-health.ts';
import { isComplete, reasonOf, StreamLoss } from './stream-loss.ts';
import { SwitchRecord } from './switch-record.ts';
import { Ways } from './ways.ts';

/** An upstream that ran this long was healthy: its end is one of those many panels have every few minutes. */
const healthyMs = 30_000;
/** A quick failure that may be a hiccup of the provider is tried once more. */
const quickRetryMs = 300;
const quickMs = 2_000;
const hiccups = new Set(['UPSTREAM_ERROR', 'UPSTREAM_UNREACHABLE', 'UPSTREAM_ENDED']);
/** Where there is another way, a provider has this long at least to send a picture. */
const leastTryMs = 3_000;

/**
 * The upstream side of a relay: gets a lease, opens a stream of the channel on it, and goes on with the next one, or the same, when it is
 * lost. One connection at a time, but while a stream that still plays is left for another: then the new one is opened beside it where a
 * connection is free. `run` goes on until the relay closes or nothing can be done any more.
 */
export class Feed {
  readonly #home: FeedHome;
  readonly #times: FeedTimes;
  readonly #health: StreamHealth;
  readonly #random: () => number;
  readonly #connectionHome: ConnectionHome;
  readonly #ways: Ways;
  readonly #taker: LeaseTaker;
  readonly #change: ChangeOver;
  readonly #budget = new AttemptBudget();
  readonly #record = new SwitchRecord();
  readonly #endured = new WeakSet<Connection>();
  /** What gives packets, or is being opened while nothing does. */
  #now: Connection | null = null;
  /** What is being opened beside it. */
  #next: Connection | null = null;
  /** A lease without a connection: of the one that was lost, until another one has begun. */
  #kept: Lease | null = null;
  /** Why its slot was given to somebody else. */
  #surrendered: CoaxError | null = null;
  #bytes = 0;
  #reconnects = 0;
  #rounds = 0;
  /** Pauses before reconnects since the last long run. */
  #pauses = 0;
  /** When the first picture has to be there. */
  #startBy = Number.POSITIVE_INFINITY;

  constructor({ home, leases, open, times, health, random = Math.random }: FeedOptions) {
    this.#home = home;
    this.#times = times;
    this.#health = health;
    this.#random = random;
    const { holder, viewer, purpose, party, signal } = home;
    this.#ways = new Ways({ channel: () => home.channel(), health, isTaken: (way) => home.isTaken(way) });
    this.#taker = new LeaseTaker({
      leases,
      holder,
      viewer,
      purpose,
      party,
      signal,
      claim: (candidate) => home.claim(candidate),
      keep: (lease) => void (this.#kept = lease),
    });
    this.#change = new ChangeOver({
      signal,
      now: () => this.#now,
      free: (candidates) => this.#taker.free(candidates, null),
      openBeside: (granted, loss, others) => this.#openBeside(granted, loss, others),
      failure: () => this.#record.failure,
    });
    this.#connectionHome = {
      signal,
      times,
      pacer: new Pacer({ leadMs: times.ringMs / 2, leadBytes: times.ringBytes / 2 }),
      open,
      outlet: home.outlet,
      connected: (connection) => {
        if (connection === this.#now && !this.#record.isLost) home.enter('starting');
      },
      begins: (connection) => this.#begins(connection),
      received: (bytes) => void (this.#bytes += bytes),
      firstByte: (ms) => home.firstByte(ms),
      full: () => home.full(),
      suspicious: (connection, loss) => this.#suspicious(connection, loss),
    };
  }

  get lease(): Lease | null {
    return this.#now?.lease ?? this.#kept;
  }

  get candidate(): Candidate | null {
    return this.#now?.candidate ?? null;
  }

  /** Bytes received. */
  get bytes(): number {
    return this.#bytes;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  get failover(): FailoverView {
    const all = this.#ways.all();
    const place = all.findIndex((each) => this.candidate !== null && isSame(each, this.candidate));
    const counts = { candidates: all.length, attempts: this.#budget.count(performance.now()) };
    return { ...counts, ...(place < 0 ? {} : { candidate: place + 1 }), ...this.#record.view };
  }

  /** Opens and keeps the upstream open. Never resolves; rejects with the error that ended it. It may run again after a `rest`. */
  async run(): Promise<never> {
    let now = await this.#openAny();
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other
      const error = await now.lost;
      if (this.#home.signal.aborted) throw error;
      // oxlint-disable-next-line no-await-in-loop
      if (now === this.#now) await this.#goOn(error, now);
      if (this.#now === null) throw error;
      now = this.#now;
    }
  }

  /** Closes the upstream and gives the lease back, synchronously. Resolves when the sockets have closed. */
  async stop(): Promise<void> {
    const closed = [this.#next, this.#now].map((each) => each?.end(each === this.#now) ?? Promise.resolve());
    this.#kept?.end();
    await Promise.all(closed);
  }

  /** Its slot goes to somebody else: gives everything back in this turn. `run` rejects with the error. */
  surrender(error: CoaxError): void {
    this.#surrendered = error;
    this.#now?.lose(error);
    for (const connection of [this.#next, this.#now]) void connection?.end();
    this.#kept?.end();
  }

  /** Holds nothing any more, after `run` has failed. */
  rest(): void {
    this.#surrendered = null;
    this.#giveUp();
    this.#record.forget();
    this.#startBy = Number.POSITIVE_INFINITY;
    this.#home.enter('reserving');
  }

  /** Notices an upstream that has stopped sending. Call it about once a second. */
  check(nowMs: number): void {
    const now = this.#now;
    now?.check(nowMs);
    if (now?.isLive === true && now.ranMs(nowMs) >= healthyMs) this.#health.worked(now.candidate);
  }

  /**
   * Goes on with the next stream of the channel, or with this one; resolves when it plays. The present one plays on until then where a
   * connection is free for both. Rejects with CONFLICT when there is no other stream or a change is under way, NOT_FOUND when the channel
   * has no such stream, and with the error of the new stream when it can not be opened; then the old one is kept, or opened again.
   */
  async next(asked: StreamId | null): Promise<void> {
    const present = (): StreamId => (this.#now?.candidate.stream.streamId ?? '') as StreamId;
    this.#ways.byHand(present(), asked);
    await this.#change.possible(this.#times.startMs);
    const loss = new StreamLoss('by-hand', 'CANCELLED', 'The stream was switched by hand');
    await this.#change.begin(this.#ways.byHand(present(), asked), loss);
  }

  async #openBeside({ candidate, lease }: Granted, loss: StreamLoss, others: boolean): Promise<void> {
    const old = this.#now;
    const connection = new Connection(candidate, lease, this.#connectionHome);
    this.#next = connection;
    if (old !== null) this.#record.leaves(loss.reason, old.candidate, true);
    try {
      await connection.open(this.#tryUntil(others));
    } catch (error) {
      void connection.end();
      if (!this.#home.signal.aborted) this.#noteFailure(candidate, toCoaxError(error));
      this.#home.unclaim(this.candidate);
      throw error;
    } finally {
      if (this.#next === connection) this.#next = null;
    }
  }

  /** The first packets of a connection go out: it is the one from now on. */
  #begins(connection: Connection): void {
    const old = this.#now;
    this.#now = connection;
    if (connection === this.#next) this.#next = null;
    if (old !== null && old !== connection) void old.end();
    if (this.#kept !== connection.lease) this.#kept?.end();
    this.#kept = null;
    this.#home.unclaim(connection.candidate);
    const change = this.#record.begins(connection.candidate);
    if (change !== null) this.#home.switched(change);
  }

  /** What plays is a slate of the provider or a loop: it is left where something better may be had, and endured where not. */
  #suspicious(connection: Connection, loss: StreamLoss): void {
    if (connection !== this.#now || this.#change.isUnderWay || this.#home.signal.aborted) return;
    const others = this.#ways.others(connection.candidate);
    if (others.length > 0) {
      this.#health.failed(connection.candidate, loss, loss.reason);
      this.#home.reconnecting(loss, 1);
      this.#change.begin(others, loss).catch(() => {});
    } else if (!this.#endured.has(connection)) {
      this.#endured.add(connection);
      this.#home.endured(loss);
    }
  }

  async #openAny(): Promise<Connection> {
    let candidates = this.#ways.round(this.#rounds++ === 0);
    let first: CoaxError | null = null;
    let queued = false;
    while (candidates.preferred !== undefined) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- candidates are tried one after the other
        return await this.#openNext(candidates);
      } catch (error) {
        if (this.#surrendered !== null) throw this.#surrendered;
        const failure = toCoaxError(error);
        first ??= failure;
        const { candidate } = this;
        if (candidate !== null && !this.#home.signal.aborted) {
          this.#noteFailure(candidate, failure);
          if (failure.code === 'UPSTREAM_NOT_FOUND') candidates.putLast(candidate.stream.streamId);
        }
        const over = this.#home.signal.aborted || !isOfStream(failure) || performance.now() >= this.#startBy;
        if (over || failure.code === 'NO_CAPACITY') throw first;
        // Full with streams of ours among them: worth a place in the queue, once.
        if (!queued && candidates.preferred === undefined && isFull(failure) && this.lease?.hasCompany === true) {
          candidates = this.#ways.round(true);
          queued = true;
        }
        this.#giveUp();
        this.#home.enter('reserving');
      }
    }
    throw first ?? new CoaxError('NO_STREAM');
  }

  async #openNext(candidates: Candidates): Promise<Connection> {
    const { signal } = this.#home;
    if (candidates.preferred !== undefined) this.#home.look(candidates.preferred.streamId);
    const leftMs = this.#startBy - performance.now();
    const granted = await this.#taker.waitFor(candidates, Number.isFinite(leftMs) ? leftMs : undefined);
    this.#startBy = Math.min(this.#startBy, performance.now() + this.#times.startMs);
    this.#home.enter('connecting');
    try {
      return await this.#open(granted, candidates.size > 0);
    } catch (error) {
      const failure = toCoaxError(error);
      const quick = performance.now() + quickMs < this.#startBy;
      const over = signal.aborted || this.#surrendered !== null || candidates.preferred !== undefined;
      if (!hiccups.has(failure.code) || over || !quick) throw failure;
      void this.#now?.close();
      await granted.lease.closeSocket();
      await delay(quickRetryMs * (0.5 + this.#random()), signal);
      this.#home.enter('connecting');
      return await this.#open(granted, false).catch(() => Promise.reject(failure));
    }
  }

  /** Opens the one connection there is. */
  async #open({ candidate, lease }: Granted, others: boolean): Promise<Connection> {
    const connection = new Connection(candidate, lease, this.#connectionHome);
    this.#now = connection;
    await connection.open(Math.min(this.#startBy, this.#tryUntil(others)));
    this.#home.enter('live');
    return connection;
  }

  /** By when a picture has to be there: soon, where there is another way. */
  #tryUntil(others: boolean): number {
    const { startMs, stallMs } = this.#times;
    return performance.now() + (others ? Math.min(startMs, Math.max(stallMs, leastTryMs)) : startMs);
  }

  /** Goes on after a loss: `#now` plays when it resolves. */
  async #goOn(error: CoaxError, old: Connection): Promise<void> {
    this.#home.enter('reconnecting');
    try {
      if (this.#surrendered !== null) throw this.#surrendered;
      // One that is being opened beside it may be there in a moment.
      if (this.#next !== null) {
        this.#record.leaves(reasonOf(error, true), old.candidate);
        void old.close();
        await this.#change.ended();
      }
      if (this.#now !== old && this.#now?.isLive === true) this.#home.enter('live');
      else await this.#replace(error, old);
      this.#change.settle(old, null);
    } catch (failure) {
      this.#change.settle(old, toCoaxError(failure));
      throw failure;
    }
  }

  async #replace(error: CoaxError, old: Connection): Promise<void> {
    const { signal } = this.#home;
    const left = old.candidate;
    if (isComplete(error) && this.#ways.others(left).length === 0) throw error;
    const reason = reasonOf(error, true);
    const ranMs = old.ranMs(performance.now());
    this.#record.leaves(reason, left);
    this.#kept = old.lease;
    void old.close();
    if (ranMs >= this.#times.stallMs) this.#budget.renew();
    let again = ranMs >= healthyMs && reason === 'ended' && !isComplete(error);
    if (ranMs >= steadyMs) this.#pauses = again ? 1 : 0;
    if (!again && error.code !== 'CANCELLED' && error.code !== 'UPSTREAM_LOOPING')
      this.#health.failed(left, error, reason);
    let wish = this.#change.takeWish();
    let failure = error;
    for (let attempt = 1; ; attempt++) {
      const most = mostAttempts(this.#ways.all().length);
      if ((reason !== 'by-hand' || attempt > 1) && !this.#budget.take(performance.now(), most)) throw failure;
      if (failure !== error || reason !== 'by-hand') this.#home.reconnecting(failure, attempt);
      const others = this.#othersAfter(left, again || reason === 'by-hand', wish);
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        if (others.length === 0 && !again && reason !== 'by-hand')
          await delay(backOffMs(++this.#pauses, this.#random()), signal);
        // oxlint-disable-next-line no-await-in-loop
        await this.#attempt(new Candidates(others.length > 0 ? others : [left]), left);
        return;
      } catch (thrown) {
        failure = this.#surrendered ?? toCoaxError(thrown);
        if (signal.aborted || this.#surrendered !== null || failure.code === 'TAKEN_OVER') throw failure;
        wish = wish.filter((each) => this.candidate === null || !isSame(each, this.candidate));
        if (again) this.#health.failed(left, error, reason);
        again = false;
        if (reason === 'by-hand' && others.length === 0) throw failure;
      }
    }
  }

  #othersAfter(left: Candidate, same: boolean, wish: readonly Candidate[]): readonly Candidate[] {
    if (wish.length > 0) return wish;
    const nowMs = performance.now();
    return same ? [] : this.#ways.others(left).filter((each) => !this.#record.isPingPong(left, each, nowMs));
  }

  /** Opens one of these: on the lease that is there, on one that is free, or after a wait for one. */
  async #attempt(candidates: Candidates, left: Candidate): Promise<void> {
    const several = candidates.size > 1;
    this.#startBy = performance.now() + this.#times.startMs;
    await this.#kept?.closeSocket();
    let granted = this.#taker.free(candidates, this.#kept);
    if (granted === null) {
      this.#kept?.end();
      this.#kept = null;
      granted = await this.#taker.waitFor(candidates, this.#tryUntil(several) - performance.now());
    }
    const { candidate, lease } = granted;
    if (isSame(candidate, left)) this.#reconnects++;
    try {
      await this.#open(granted, several);
    } catch (error) {
      const failure = (this.#record.failure = toCoaxError(error));
      void this.#now?.close();
      if (!this.#home.signal.aborted && !isSame(candidate, left)) this.#noteFailure(candidate, failure);
      this.#home.unclaim(left);
      if (lease !== this.#kept) lease.end();
      await lease.closeSocket();
      throw failure;
    }
  }

  #noteFailure(candidate: Candidate, error: CoaxError): void {
    this.#home.failed(candidate, error);
    if (!saysNothing(error)) this.#health.failed(candidate, error, reasonOf(error, false));
  }

  #giveUp(): void {
    for (const connection of [this.#next, this.#now]) void connection?.end();
    this.#next = null;
    this.#now = null;
    this.#kept?.end();
    this.#kept = null;
    this.#home.unclaim(null);
  }
}
