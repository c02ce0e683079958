export interface CoolingBounds {
  readonly coolingFloorMs: number;
  readonly coolingCapMs: number;
}

/** A refusal this long after our own close proves nothing new: the next wait is at least this much longer. */
const smallestStepMs = 250;
/** A refusal keeps the learned time above what was refused for this long. */
const memoryMs = 3_600_000;

/**
 * Learns how long a provider still counts a connection after its socket closed. A capacity refusal soon after our own close doubles
 * the time, a success lowers it slowly. All times are readings of one monotonic clock, in milliseconds.
 */
export class Cooling {
  readonly #bounds: CoolingBounds;
  #ms: number;
  #lastCloseAt: number | null = null;
  #refusedAfterMs = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #refusedSinceClose = false;

  constructor(bounds: CoolingBounds) {
    this.#bounds = bounds;
    this.#ms = bounds.coolingFloorMs;
  }

  /** How long a slot stays counted after its socket closed. */
  get ms(): number {
    return this.#ms;
  }

  /** A socket of ours towards this provider has closed. */
  closed(now: number): void {
    this.#lastCloseAt = now;
    this.#refusedSinceClose = false;
  }

  /** How much of the learned time is left since our last close, in milliseconds. */
  remaining(now: number): number {
    return this.#lastCloseAt === null ? 0 : Math.max(0, this.#lastCloseAt + this.#ms - now);
  }

  /** A capacity refusal. Returns how long to wait before the next try, or null when our own closes do not explain it. */
  refused(now: number): number | null {
    if (this.#lastCloseAt === null) return null;
    const elapsed = now - this.#lastCloseAt;
    if (elapsed >= this.#bounds.coolingCapMs) return null;
    this.#refusedSinceClose = true;
    this.#refusedAfterMs = now - this.#refusedAt > memoryMs ? elapsed : Math.max(this.#refusedAfterMs, elapsed);
    this.#refusedAt = now;
    const next = Math.max(this.#ms, elapsed * 2, elapsed + smallestStepMs);
    this.#ms = Math.min(this.#bounds.coolingCapMs, next);
    return Math.max(1, Math.ceil(this.#ms - elapsed));
  }

  /** The provider accepted a connection that needed the slot of the last close. */
  accepted(now: number): void {
    if (this.#lastCloseAt === null) return;
    const elapsed = now - this.#lastCloseAt;
    if (this.#refusedSinceClose) {
      // The truth lies between the last refusal and this success; the success is the safe side of it.
      this.#ms = Math.min(this.#bounds.coolingCapMs, Math.max(this.#bounds.coolingFloorMs, elapsed));
      this.#refusedSinceClose = false;
      return;
    }
    if (elapsed > this.#ms * 2 + smallestStepMs) return;
    const known = now - this.#refusedAt > memoryMs ? 0 : this.#refusedAfterMs * 1.1;
    const least = Math.max(this.#bounds.coolingFloorMs, known);
    if (this.#ms > least) this.#ms = Math.max(least, this.#ms * 0.95);
  }
}
