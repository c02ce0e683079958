import type { Lease } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { Candidate } from './candidates.ts';
import { atMost, delay } from '../delay.ts';
import type { GenerationSink } from './generation.ts';
import { type NextGeneration, nextGeneration } from './next-generation.ts';
import type { Pacer } from './pacer.ts';
import type { Seam } from './seam.ts';
import type { StreamLoss } from './stream-loss.ts';
import { StreamWatch, type WatchTimes } from './stream-watch.ts';
import { CapacityRefusal, type OpenUpstream, isFullNow, stillCounted, type Upstream } from './upstream.ts';

/** What is to be waited for is longer than a viewer waits: a last try comes this long before their time is over. */
const lastTryMs = 1_500;
/** A socket that was destroyed is waited for this long. */
const closeCapMs = 2_500;
/** What knows by itself when it is late says so first, and why. */
const lateMs = 250;

export interface ConnectionTimes extends WatchTimes {
  readonly connectMs: number;
}

/** What a connection needs of its feed. Called synchronously. */
export interface ConnectionHome {
  readonly signal: AbortSignal;
  readonly times: ConnectionTimes;
  readonly pacer: Pacer;
  readonly open: OpenUpstream;
  /** Where its packets go. */
  readonly outlet: GenerationSink & {
    /** All packets of one upstream chunk were given. */
    settle(): void;
    seam(): Seam | null;
  };
  /** It sends something; no picture may have come yet. */
  connected(connection: Connection): void;
  /** Its first packets go out now: whatever gave packets before must have stopped when this returns. */
  begins(connection: Connection): void;
  received(bytes: number): void;
  firstByte(ms: number): void;
  /** The provider says that it is full; it is asked again in a moment. */
  full(): void;
  /** What comes is not worth watching, although it comes: another stream would be better. Told with each check. */
  suspicious(connection: Connection, loss: StreamLoss): void;
}

/**
 * One connection to a provider, from its opening to its loss, with all that is known of its health: nothing of that can outlive it. The
 * lease belongs to the feed, which may open another connection on it.
 */
export class Connection {
  readonly candidate: Candidate;
  readonly lease: Lease;
  readonly #home: ConnectionHome;
  readonly #watch: StreamWatch;
  readonly #lost = Promise.withResolvers<CoaxError>();
  readonly #begun = Promise.withResolvers<null>();
  /** Resolves with the reason when the connection is over. */
  readonly lost: Promise<CoaxError> = this.#lost.promise;
  #upstream: Upstream | null = null;
  #generation: ReturnType<typeof nextGeneration> | null = null;
  #liveMs: number | null = null;
  #closed = false;

  constructor(candidate: Candidate, lease: Lease, home: ConnectionHome) {
    this.candidate = candidate;
    this.lease = lease;
    this.#home = home;
    this.#watch = new StreamWatch(home.times);
  }

  /** True from its first packets until it is closed. */
  get isLive(): boolean {
    return this.#liveMs !== null && !this.#closed;
  }

  /** How long it has been giving packets. */
  ranMs(nowMs: number): number {
    return this.#liveMs === null ? 0 : nowMs - this.#liveMs;
  }

  /** Connects, and resolves at the first entry point; then it is live. `startBy` is a reading of the monotonic clock. */
  async open(startBy: number): Promise<void> {
    await this.#connectPatiently(startBy);
    this.#home.connected(this);
    const timer = setTimeout(
      () => this.lose(new CoaxError('UPSTREAM_STALLED', 'The provider sends no picture that can be started at')),
      Math.max(0, startBy - performance.now()),
    );
    const lost = await Promise.race([this.#begun.promise, this.lost]);
    clearTimeout(timer);
    if (lost !== null) throw lost;
  }

  /** It is over; only the first reason counts. */
  lose(error: CoaxError): void {
    this.#lost.resolve(error);
  }

  /**
   * Closes the socket in this turn; no byte comes afterwards. With `whole` even half a picture at the end goes out: nothing follows.
   * Resolves when the socket has closed.
   */
  close(whole = false): Promise<void> {
    const upstream = this.#upstream;
    if (!this.#closed) {
      this.#closed = true;
      try {
        upstream?.destroy();
      } finally {
        if (whole) this.#generation?.flush();
        else this.#generation?.finish();
        this.#generation = null;
      }
      this.lose(new CoaxError('CANCELLED'));
    }
    return upstream === null ? Promise.resolve() : atMost(upstream.closed, closeCapMs);
  }

  /** Closes it and gives its lease back, in this turn, whatever fails. */
  end(whole = false): Promise<void> {
    try {
      return this.close(whole);
    } finally {
      this.lease.end();
    }
  }

  /** Notices that the upstream sends nothing, or nothing that can be used. Call it about once a second. */
  check(nowMs: number): void {
    // Before its first picture it has the time that `open` was given.
    if (!this.isLive) return;
    const loss = this.#watch.silence(nowMs);
    const { suspicion } = this.#watch;
    if (loss !== null) this.lose(loss);
    else if (suspicion !== null) this.#home.suspicious(this, suspicion);
  }

  /** A capacity refusal is waited out on the same lease, as long as the pool and the time allow. */
  async #connectPatiently(startBy: number): Promise<void> {
    const { signal } = this.#home;
    const { lease } = this;
    for (;;) {
      if (this.#closed || signal.aborted) throw new CoaxError('CANCELLED');
      const pauseMs = lease.reopenDelayMs ?? 0;
      // oxlint-disable-next-line no-await-in-loop -- the provider still counts the last socket
      if (pauseMs > 0) await delay(pauseMs, signal);
      try {
        // oxlint-disable-next-line no-await-in-loop -- attempts come one after the other
        await this.#connect(startBy);
        lease.report('accepted');
        return;
      } catch (error) {
        const failure = toCoaxError(error);
        // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
        await lease.closeSocket();
        if (!(failure instanceof CapacityRefusal) || signal.aborted || this.#closed) throw failure;
        const waitMs = lease.report(failure.outcome, failure.code === 'UPSTREAM_UNREACHABLE');
        const leftMs = startBy - performance.now();
        if (failure.code === 'UPSTREAM_CAPACITY') this.#home.full();
        if (waitMs === null) throw lease.usedByOthers === true ? isFullNow(failure) : failure;
        if (waitMs >= leftMs && leftMs < lastTryMs * 1.5) throw stillCounted(failure, waitMs);
        // oxlint-disable-next-line no-await-in-loop
        await delay(waitMs < leftMs ? waitMs : leftMs - lastTryMs, signal);
      }
    }
  }

  async #connect(startBy: number): Promise<void> {
    const { signal, times } = this.#home;
    const { candidate, lease } = this;
    const startedMs = performance.now();
    const connectMs = Math.max(1, Math.min(times.connectMs, startBy - startedMs));
    // The original request each time: what a redirect led to may have expired.
    const request = candidate.stream.request(lease.accountId);
    const upstream = await this.#openBy(startBy + lateMs, (ending) =>
      this.#home.open(request, { lease, signal: ending, connectMs, stallMs: times.stallMs }),
    );
    if (signal.aborted || this.#closed) {
      upstream.destroy();
      throw new CoaxError('CANCELLED');
    }
    this.#upstream = upstream;
    this.#watch.began(performance.now(), upstream.isRawAudio === true);
    this.#generation = this.#nextGeneration(upstream);
    this.#home.firstByte(performance.now() - startedMs);
    upstream.start({
      data: (chunk) => this.#take(upstream, chunk),
      lost: (error) => this.lose(error),
      cut: () => this.#cut(upstream),
      alive: () => this.#watch.alive(performance.now()),
    });
  }

  /** Something may answer all the time and yet never send a stream, such as a playlist without segments. */
  async #openBy(latestMs: number, open: (signal: AbortSignal) => Promise<Upstream>): Promise<Upstream> {
    const { signal } = this.#home;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.max(0, latestMs - performance.now()));
    try {
      return await open(AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (!late.signal.aborted || signal.aborted) throw error;
      throw new CoaxError('UPSTREAM_STALLED', 'The provider answers, but sends no stream', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #nextGeneration(upstream: Upstream): ReturnType<typeof nextGeneration> {
    const { outlet, pacer } = this.#home;
    const parts: NextGeneration = {
      upstream,
      home: {
        position: () => outlet.position(),
        packets: (packets) => outlet.packets(packets),
        entry: (entry) => {
          this.#begin();
          outlet.entry(entry);
        },
        seam: () => {
          this.#begin();
          return outlet.seam();
        },
      },
      pacer,
      entered: () => this.#begin(),
      inspect: this.#watch.inspect,
    };
    return nextGeneration(parts);
  }

  /** The first packets are about to go out. */
  #begin(): void {
    if (this.#liveMs !== null || this.#closed) return;
    this.#liveMs = performance.now();
    this.#home.begins(this);
    this.#begun.resolve(null);
  }

  /** The same connection goes on with another time line. */
  #cut(upstream: Upstream): void {
    if (this.#closed) return;
    this.#generation?.finish();
    this.#watch.cut();
    this.#generation = this.#nextGeneration(upstream);
  }

  #take(upstream: Upstream, chunk: Buffer): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    this.#watch.received(nowMs);
    this.#home.received(chunk.length);
    this.#generation?.push(chunk, nowMs);
    this.#home.outlet.settle();
    const waitMs = this.#home.pacer.waitMs(nowMs);
    if (waitMs > 0 && !this.#closed) {
      upstream.hold?.(waitMs);
      // Silence that was asked for is no stall.
      this.#watch.held(waitMs);
    }
  }
}
