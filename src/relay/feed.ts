import type { Lease, LeaseHolder, LeaseParty, Leases } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { StreamId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import { type Candidate, Candidates } from './candidates.ts';
import type { PlayableChannel } from './contract.ts';
import { atMost, delay } from './delay.ts';
import type { Generation, GenerationSink } from './generation.ts';
import { nextGeneration } from './next-generation.ts';
import { Pacer } from './pacer.ts';
import type { RelayState } from './relay-state.ts';
import type { Seam } from './seam.ts';
import { CapacityRefusal, type OpenUpstream, isFullNow, stillCounted, type Upstream } from './upstream.ts';

/** An upstream that ran this long was healthy: its end is taken for one of those many panels have every few minutes. */
const healthyMs = 30_000;
/** Reconnects in a row without a healthy run in between. */
const mostReconnects = 6;
const firstBackOffMs = 250;
const longestBackOffMs = 8_000;
/** A quick failure that may be a hiccup of the provider is tried once more. */
const quickRetryMs = 300;
const quickMs = 2_000;
const hiccups = new Set(['UPSTREAM_ERROR', 'UPSTREAM_UNREACHABLE', 'UPSTREAM_ENDED']);
/** What is to be waited for is longer than a viewer waits: a last try comes this long before their time is over. */
const lastTryMs = 1_500;
/** A socket that was destroyed is waited for this long. */
const closeCapMs = 2_500;

export interface FeedTimes {
  readonly connectMs: number;
  readonly startMs: number;
  readonly stallMs: number;
  readonly ringMs: number;
  readonly ringBytes: number;
}

/** What the feed needs of its relay. Called synchronously. */
export interface FeedHome extends GenerationSink {
  readonly holder: LeaseHolder;
  readonly viewer: Viewer;
  readonly purpose: 'live' | 'recording';
  /** Everybody who waits. */
  readonly party: LeaseParty;
  /** Aborts when the relay closes. */
  readonly signal: AbortSignal;
  enter(state: RelayState): void;
  /** Another relay may serve the stream already: this one closes then, and its consumers go there. Aborts `signal` in that case. */
  look(stream: StreamId): void;
  /** `look`, and makes this relay the one that serves the stream. */
  claim(stream: StreamId): void;
  /** Gives up a stream that could not be opened. */
  unclaim(stream: StreamId): void;
  firstByte(ms: number): void;
  /** All packets of one upstream chunk were given. */
  settle(): void;
  /** Makes the next generation go on from what was given so far; null while that is nothing. */
  seam(): Seam | null;
  /** The provider says that it is full; it is asked again in a moment. */
  full(): void;
  reconnecting(error: CoaxError, attempt: number): void;
  /** A stream could not be opened on an account. */
  failed(candidate: Candidate, error: CoaxError): void;
}

/** One upstream connection, from its first byte to its loss. */
interface Run {
  readonly upstream: Upstream;
  generation: Pick<Generation, 'push'>;
  readonly sinceMs: number;
  dataMs: number;
  /** Resolves with the reason when the connection is over. */
  readonly lost: Promise<CoaxError>;
  readonly lose: (error: CoaxError) => void;
  /** Resolves at the first entry point. */
  readonly begun: Promise<null>;
  readonly entered: () => void;
}

/**
 * The upstream side of a relay: gets a lease, opens a stream of the channel on it, and opens it anew when it is lost. One lease, one
 * connection at a time. `run` goes on until the relay closes or nothing can be done any more.
 */
export class Feed {
  readonly #home: FeedHome;
  readonly #channel: PlayableChannel;
  readonly #leases: Leases;
  readonly #open: OpenUpstream;
  readonly #times: FeedTimes;
  readonly #random: () => number;
  readonly #pacer: Pacer;
  #lease: Lease | null = null;
  #candidate: Candidate | null = null;
  #run: Run | null = null;
  #bytes = 0;
  #reconnects = 0;
  /** When the first picture has to be there. */
  #startBy = Number.POSITIVE_INFINITY;

  constructor(options: {
    readonly home: FeedHome;
    readonly channel: PlayableChannel;
    readonly leases: Leases;
    readonly open: OpenUpstream;
    readonly times: FeedTimes;
    readonly random?: () => number;
  }) {
    this.#home = options.home;
    this.#channel = options.channel;
    this.#leases = options.leases;
    this.#open = options.open;
    this.#times = options.times;
    this.#random = options.random ?? Math.random;
    this.#pacer = new Pacer({ leadMs: options.times.ringMs / 2, leadBytes: options.times.ringBytes / 2 });
  }

  get lease(): Lease | null {
    return this.#lease;
  }

  get candidate(): Candidate | null {
    return this.#candidate;
  }

  /** Bytes received. */
  get bytes(): number {
    return this.#bytes;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  /** Opens and keeps the upstream open. Never resolves; rejects with the error that ended it. It may run again after a `rest`. */
  async run(): Promise<never> {
    let run = await this.#openAny();
    let attempts = 0;
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other
      const error = await run.lost;
      if (this.#home.signal.aborted) throw error;
      const ranMs = performance.now() - run.sinceMs;
      if (ranMs >= healthyMs) attempts = 0;
      // oxlint-disable-next-line no-await-in-loop
      [run, attempts] = await this.#reopen(error, ranMs >= healthyMs, attempts);
    }
  }

  /** Closes the upstream and gives the lease back, synchronously. Resolves when the socket has closed. */
  stop(): Promise<void> {
    const run = this.#run;
    try {
      run?.upstream.destroy();
    } finally {
      this.#lease?.end();
    }
    run?.lose(new CoaxError('CANCELLED'));
    return run === null ? Promise.resolve() : atMost(run.upstream.closed, closeCapMs);
  }

  /** Holds nothing any more, after `run` has failed. */
  rest(): void {
    this.#giveUp();
    this.#startBy = Number.POSITIVE_INFINITY;
    this.#home.enter('reserving');
  }

  /** Notices an upstream that has stopped sending. Call it about once a second. */
  check(nowMs: number): void {
    const run = this.#run;
    if (run === null || nowMs - run.dataMs < this.#times.stallMs) return;
    run.lose(new CoaxError('UPSTREAM_STALLED', `The provider sent nothing for ${Math.round(nowMs - run.dataMs)} ms`));
  }

  async #openAny(): Promise<Run> {
    let candidates = new Candidates(this.#channel);
    let first: CoaxError | null = null;
    let queued = false;
    while (candidates.preferred !== undefined) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- candidates are tried one after the other
        return await this.#openNext(candidates);
      } catch (error) {
        const failure = toCoaxError(error);
        first ??= failure;
        if (this.#candidate !== null && !this.#home.signal.aborted) this.#home.failed(this.#candidate, failure);
        const over = this.#home.signal.aborted || !isOfStream(failure) || performance.now() >= this.#startBy;
        if (over || failure.code === 'NO_CAPACITY') throw first;
        // Full with streams of ours among them: worth a place in the queue, once.
        if (!queued && candidates.preferred === undefined && isFull(failure) && this.#lease?.hasCompany === true) {
          candidates = new Candidates(this.#channel);
          queued = true;
        }
        this.#giveUp();
        this.#home.enter('reserving');
      }
    }
    throw first ?? new CoaxError('NO_STREAM');
  }

  async #openNext(candidates: Candidates): Promise<Run> {
    const { holder, viewer, purpose, party, signal } = this.#home;
    const { preferred } = candidates;
    if (preferred !== undefined) this.#home.look(preferred.streamId);
    const leftMs = this.#startBy - performance.now();
    const lease = await this.#leases.acquire({
      candidates: candidates.accounts,
      viewer,
      party,
      zaps: true,
      purpose,
      holder,
      signal,
      ...(Number.isFinite(leftMs) ? { deadlineMs: Math.max(0, leftMs) } : {}),
    });
    const candidate = candidates.take(lease.accountId);
    if (candidate === undefined || signal.aborted) {
      lease.end();
      throw new CoaxError('CANCELLED');
    }
    this.#lease = lease;
    this.#home.claim(candidate.stream.streamId);
    if (signal.aborted) throw new CoaxError('CANCELLED');
    this.#candidate = candidate;
    this.#startBy = Math.min(this.#startBy, performance.now() + this.#times.startMs);
    this.#home.enter('connecting');
    try {
      return await this.#begin(false);
    } catch (error) {
      const failure = toCoaxError(error);
      const quick = performance.now() + quickMs < this.#startBy;
      if (!hiccups.has(failure.code) || signal.aborted || !quick || candidates.preferred !== undefined) throw failure;
      await this.#closeRun();
      await delay(quickRetryMs * (0.5 + this.#random()), signal);
      this.#home.enter('connecting');
      return await this.#begin(false).catch(() => Promise.reject(failure));
    }
  }

  #giveUp(): void {
    this.#run?.upstream.destroy();
    this.#run = null;
    this.#lease?.end();
    this.#lease = null;
    if (this.#candidate !== null) this.#home.unclaim(this.#candidate.stream.streamId);
    this.#candidate = null;
  }

  async #reopen(error: CoaxError, healthy: boolean, attemptsSoFar: number): Promise<[Run, number]> {
    const { signal } = this.#home;
    let failure = error;
    this.#home.enter('reconnecting');
    for (let attempt = attemptsSoFar + 1; attempt <= mostReconnects; attempt++) {
      this.#home.reconnecting(failure, attempt);
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        await this.#closeRun();
        // oxlint-disable-next-line no-await-in-loop
        if (!(healthy && attempt === 1)) await delay(this.#backOffMs(attempt), signal);
        this.#reconnects++;
        this.#startBy = performance.now() + this.#times.startMs;
        // oxlint-disable-next-line no-await-in-loop
        return [await this.#begin(true), attempt];
      } catch (reason) {
        failure = toCoaxError(reason);
        if (signal.aborted) throw failure;
      }
    }
    throw failure;
  }

  #backOffMs(attempt: number): number {
    const fullMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (attempt - 1));
    return fullMs * (0.5 + this.#random() / 2);
  }

  /** Connects and waits for the first entry point; the relay is live then. */
  async #begin(continues: boolean): Promise<Run> {
    const run = await this.#connectPatiently();
    if (!continues) this.#home.enter('starting');
    const timer = setTimeout(
      () => run.lose(new CoaxError('UPSTREAM_STALLED', 'The provider sends no picture that can be started at')),
      Math.max(0, this.#startBy - performance.now()),
    );
    const lost = await Promise.race([run.begun, run.lost]);
    clearTimeout(timer);
    if (lost !== null) throw lost;
    this.#home.enter('live');
    return run;
  }

  /** A capacity refusal is waited out on the same lease, as long as the pool and the time allow. */
  async #connectPatiently(): Promise<Run> {
    const { signal } = this.#home;
    for (;;) {
      const lease = this.#lease;
      if (lease === null || signal.aborted) throw new CoaxError('CANCELLED');
      const pauseMs = lease.reopenDelayMs ?? 0;
      // oxlint-disable-next-line no-await-in-loop -- the provider still counts the last socket
      if (pauseMs > 0) await delay(pauseMs, signal);
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        const run = await this.#connect(lease);
        lease.report('accepted');
        return run;
      } catch (error) {
        const failure = toCoaxError(error);
        // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
        await lease.closeSocket();
        if (!(failure instanceof CapacityRefusal) || signal.aborted) throw failure;
        const waitMs = lease.report(failure.outcome, failure.code === 'UPSTREAM_UNREACHABLE');
        const leftMs = this.#startBy - performance.now();
        if (failure.code === 'UPSTREAM_CAPACITY') this.#home.full();
        if (waitMs === null) throw lease.usedByOthers === true ? isFullNow(failure) : failure;
        if (waitMs >= leftMs && leftMs < lastTryMs * 1.5) throw stillCounted(failure, waitMs);
        // oxlint-disable-next-line no-await-in-loop
        await delay(waitMs < leftMs ? waitMs : leftMs - lastTryMs, signal);
      }
    }
  }

  async #connect(lease: Lease): Promise<Run> {
    const candidate = this.#candidate;
    if (candidate === null) throw new CoaxError('CANCELLED');
    const startedMs = performance.now();
    const { signal } = this.#home;
    const connectMs = Math.max(1, Math.min(this.#times.connectMs, this.#startBy - startedMs));
    // The original request each time: what a redirect led to may have expired.
    const request = candidate.stream.request(lease.accountId);
    const upstream = await this.#open(request, { lease, signal, connectMs, stallMs: this.#times.stallMs });
    if (signal.aborted) {
      upstream.destroy();
      throw new CoaxError('CANCELLED');
    }
    const run = this.#newRun(upstream);
    this.#run = run;
    this.#home.firstByte(performance.now() - startedMs);
    upstream.start({
      data: (chunk) => this.#take(run, chunk),
      lost: run.lose,
      cut: () => this.#cut(run),
      alive: () => void (run.dataMs = Math.max(run.dataMs, performance.now())),
    });
    return run;
  }

  #newRun(upstream: Upstream): Run {
    const lost = Promise.withResolvers<CoaxError>();
    const begun = Promise.withResolvers<null>();
    const nowMs = performance.now();
    const entered = (): void => begun.resolve(null);
    return {
      upstream,
      generation: this.#generation({ upstream, entered }),
      sinceMs: nowMs,
      dataMs: nowMs,
      lost: lost.promise,
      lose: lost.resolve,
      begun: begun.promise,
      entered,
    };
  }

  #generation({ upstream, entered }: Pick<Run, 'upstream' | 'entered'>): Pick<Generation, 'push'> {
    return nextGeneration({ upstream, home: this.#home, pacer: this.#pacer, entered });
  }

  /** The same connection goes on with another time line. */
  #cut(run: Run): void {
    if (run === this.#run) run.generation = this.#generation(run);
  }

  #take(run: Run, chunk: Buffer): void {
    if (run !== this.#run) return;
    run.dataMs = performance.now();
    this.#bytes += chunk.length;
    run.generation.push(chunk, run.dataMs);
    this.#home.settle();
    const waitMs = this.#pacer.waitMs(run.dataMs);
    if (waitMs === 0 || run !== this.#run) return;
    run.upstream.hold?.(waitMs);
    // Silence that was asked for is no stall.
    run.dataMs += waitMs;
  }

  async #closeRun(): Promise<void> {
    this.#run?.upstream.destroy();
    this.#run = null;
    await this.#lease?.closeSocket();
  }
}

/** Whether another stream or account could do better. */
function isOfStream(error: CoaxError): boolean {
  return error.code.startsWith('UPSTREAM_') || error.code === 'NO_CAPACITY' || error.code === 'NO_STREAM';
}

function isFull(error: CoaxError): boolean {
  return error instanceof CapacityRefusal && error.outcome === 'refused';
}
