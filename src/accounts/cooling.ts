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

/** A refusal moves the learned time by at least this much. */
const smallestStepMs = 250;
/** For this long the learned time is not lowered below what was refused. */
const memoryMs = 3_600_000;
/** A doubtful refusal is explained by a close of ours for this long, or for half as long again as was ever confirmed. */
const doubtfulMs = 8_000;
const mostCloses = 64;

/**
 * Learns how long a provider still counts a connection after its socket closed. A refusal soon after our own close doubles the
 * time, the first success after refusals fixes it, later ones lower it slowly. Times are readings of one monotonic clock in ms.
 */
export class Cooling {
  readonly #bounds: CoolingBounds;
  readonly #closes: number[] = [];
  #ms: number;
  /** What was learned before the refusals that no success has confirmed yet. */
  #unconfirmedFrom: number | null = null;
  #confirmedMs = 0;
  #refusedAfterMs = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(bounds: CoolingBounds) {
    this.#bounds = bounds;
    this.#ms = bounds.coolingFloorMs;
  }

  /** How long a slot stays counted after its socket closed. */
  get ms(): number {
    return this.#ms;
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
    const believedMs = doubtful ? Math.max(doubtfulMs, this.#confirmedMs * 1.5) : this.#bounds.coolingCapMs;
    if (elapsed >= Math.min(believedMs, this.#bounds.coolingCapMs)) {
      this.gaveUp();
      return null;
    }
    this.#unconfirmedFrom ??= this.#ms;
    if (!doubtful) this.#rememberRefusal(elapsed, now);
    this.#ms = Math.min(this.#bounds.coolingCapMs, Math.max(this.#ms, elapsed * 2, elapsed + smallestStepMs));
    return Math.max(1, Math.ceil(last + this.#ms - now));
  }

  /** Nothing came of the tries: what their refusals taught is forgotten. */
  gaveUp(): void {
    if (this.#unconfirmedFrom !== null) this.#ms = this.#unconfirmedFrom;
    this.#unconfirmedFrom = null;
  }

  /** The provider took a connection. `full`: it can not have done so before it let go of the last one. */
  accepted(connectedAt: number, full: boolean): void {
    const last = this.#closes.at(-1);
    if (last === undefined) return;
    const elapsed = Math.max(0, connectedAt - last);
    if (this.#unconfirmedFrom !== null) {
      // The truth lies between the last refusal and this success; the success is the safe side of it.
      this.#ms = Math.min(this.#bounds.coolingCapMs, Math.max(this.#bounds.coolingFloorMs, elapsed));
      this.#confirmedMs = this.#ms;
      this.#unconfirmedFrom = null;
      return;
    }
    if (!full || elapsed > this.#ms * 2 + smallestStepMs) return;
    const known = connectedAt - this.#refusedAt > memoryMs ? 0 : this.#refusedAfterMs * 1.1;
    const least = Math.min(this.#ms, Math.max(this.#bounds.coolingFloorMs, known));
    this.#ms = Math.max(least, this.#ms * 0.95);
  }

  #rememberRefusal(elapsed: number, now: number): void {
    this.#refusedAfterMs = now - this.#refusedAt > memoryMs ? elapsed : Math.max(this.#refusedAfterMs, elapsed);
    this.#refusedAt = now;
  }
}
