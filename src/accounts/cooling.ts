export interface CoolingBounds {
  readonly coolingFloorMs: number;
  readonly coolingCapMs: number;
}

export interface Refusal {
  /** When the refused connection was begun. */
  readonly connectedAt: number;
  readonly now: number;
  /** The answer may mean something else than "all connections in use". */
  readonly doubtful: boolean;
}

/** A refusal moves the learned time by at least this much, and by at most that much. */
const smallestStepMs = 250;
const largestStepMs = 7_000;
/** For this long the learned time is not lowered below what was refused. */
const memoryMs = 3_600_000;
/**
 * At a provider that is known to let go sooner, or that never gave us a stream, a doubtful refusal is explained by a close of ours
 * for this long, or for half as long again as was ever confirmed.
 */
const doubtfulMs = 8_000;
const mostCloses = 64;
/** What lies between the last refusal and the learned time is narrowed by this part with each success, until it is that small. */
const narrowing = 0.25;
const narrowEnough = 0.2;
const narrowEnoughMs = 100;

/**
 * Learns how long a provider still counts a connection after its socket closed: between the longest time that was refused and the
 * shortest that worked. A refusal soon after our own close doubles the time, the first success after refusals fixes it, later ones
 * lower it towards what was refused; what is refused on that way brings back the time that had worked. Times are readings of one
 * monotonic clock in ms.
 */
export class Cooling {
  readonly #bounds: CoolingBounds;
  readonly #closes: number[] = [];
  #ms: number;
  /** What was learned before the refusals that no success has confirmed yet. */
  #unconfirmedFrom: number | null = null;
  /** The longest doubtful refusal since then: a success has to show first that it was one for lack of connections. */
  #doubtedMs = 0;
  #confirmedMs = 0;
  #refusedAfterMs = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** After this time a connection was taken that could not have been before; 0 when that has never been seen. */
  #workedMs = 0;
  #hasWorked = false;

  constructor(bounds: CoolingBounds) {
    this.#bounds = bounds;
    this.#ms = bounds.coolingFloorMs;
  }

  /** How long a slot stays counted after its socket closed. */
  get ms(): number {
    return this.#ms;
  }

  /** True once the provider has taken a connection. */
  get hasWorked(): boolean {
    return this.#hasWorked;
  }

  /** A socket of ours that the provider may have counted has closed. */
  closed(at: number): void {
    this.#closes.push(at);
    if (this.#closes.length > mostCloses) this.#closes.shift();
  }

  /** The socket that closed at `at` was none the provider counts: a redirect, a refusal. */
  uncount(at: number): void {
    const index = this.#closes.lastIndexOf(at);
    if (index !== -1) this.#closes.splice(index, 1);
  }

  /** How many of our closed sockets the provider may still count, at most. */
  recentCloses(now: number): number {
    return this.#closes.filter((at) => now - at < this.#bounds.coolingCapMs).length;
  }

  /** True when a socket of ours has closed in the time before `at`. */
  closedWithin(ms: number, at: number): boolean {
    const last = this.#closes.at(-1);
    return last !== undefined && at - last < ms;
  }

  /** How much of the learned time is left since our last close. */
  remaining(now: number): number {
    const last = this.#closes.at(-1);
    return last === undefined ? 0 : Math.max(0, last + this.#ms - now);
  }

  /** Learns from a refusal. Returns how long to wait before the next try, or null when our own closes do not explain it. */
  refused({ connectedAt, now, doubtful }: Refusal): number | null {
    const last = this.#closes.at(-1);
    if (last === undefined) return null;
    const elapsed = Math.max(0, connectedAt - last);
    if (elapsed >= (doubtful ? this.#believedMs : this.#bounds.coolingCapMs)) {
      this.gaveUp();
      return null;
    }
    this.#unconfirmedFrom ??= this.#ms;
    if (doubtful) this.#doubtedMs = Math.max(this.#doubtedMs, elapsed);
    else this.#rememberRefusal(elapsed, now);
    this.#ms = Math.min(this.#bounds.coolingCapMs, Math.max(this.#ms, this.#nextTryMs(elapsed)));
    return Math.max(1, Math.ceil(last + this.#ms - now));
  }

  /** Nothing came of the tries: what their refusals taught is forgotten. */
  gaveUp(): void {
    if (this.#unconfirmedFrom !== null) this.#ms = this.#unconfirmedFrom;
    this.#unconfirmedFrom = null;
    this.#doubtedMs = 0;
  }

  /** The provider took a connection. `full`: it can not have done so before it let go of the last one. */
  accepted(connectedAt: number, full: boolean): void {
    this.#hasWorked = true;
    const last = this.#closes.at(-1);
    if (last === undefined) return;
    const elapsed = Math.max(0, connectedAt - last);
    if (this.#unconfirmedFrom !== null) {
      // The truth lies between the last refusal and this success; the success is the safe side of it.
      this.#ms = Math.min(this.#bounds.coolingCapMs, Math.max(this.#bounds.coolingFloorMs, elapsed));
      this.#confirmedMs = this.#ms;
      this.#workedMs = this.#ms;
      this.#unconfirmedFrom = null;
      if (this.#doubtedMs > 0) this.#rememberRefusal(this.#doubtedMs, connectedAt);
      this.#doubtedMs = 0;
      return;
    }
    if (!full || elapsed > this.#ms * 2 + smallestStepMs) return;
    this.#workedMs = Math.max(this.#ms, elapsed);
    const refusedMs = connectedAt - this.#refusedAt > memoryMs ? 0 : this.#refusedAfterMs;
    const least = Math.min(this.#ms, Math.max(this.#bounds.coolingFloorMs, refusedMs));
    if (this.#ms - least > Math.max(narrowEnoughMs, this.#ms * narrowEnough))
      this.#ms -= (this.#ms - least) * narrowing;
    else if (refusedMs === 0) this.#ms = least;
  }

  /** For how long after our last close a doubtful refusal is explained by it. */
  get #believedMs(): number {
    const { coolingCapMs } = this.#bounds;
    const isSlow = this.#hasWorked && this.#workedMs === 0;
    return isSlow
      ? coolingCapMs
      : Math.min(coolingCapMs, Math.max(doubtfulMs, this.#confirmedMs * 1.5, this.#workedMs * 1.5));
  }

  /** After how long to try again when a connection was refused after `elapsed`: what worked before, else twice as long. */
  #nextTryMs(elapsed: number): number {
    if (this.#workedMs > elapsed) return this.#workedMs;
    return elapsed + Math.min(largestStepMs, Math.max(smallestStepMs, elapsed));
  }

  #rememberRefusal(elapsed: number, now: number): void {
    this.#refusedAfterMs = now - this.#refusedAt > memoryMs ? elapsed : Math.max(this.#refusedAfterMs, elapsed);
    this.#refusedAt = now;
  }
}
