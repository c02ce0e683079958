const windowMs = 60_000;
const firstBackOffMs = 250;
const longestBackOffMs = 8_000;
/** After a run this long, pauses begin anew. */
export const steadyMs = 10_000;

/** How often a provider may be asked within a minute while nothing comes of it. */
export class AttemptBudget {
  #at: number[] = [];

  /** Attempts within the last minute. */
  count(nowMs: number): number {
    this.#at = this.#at.filter((atMs) => nowMs - atMs < windowMs);
    return this.#at.length;
  }

  /** Takes one of `most`; false when all are used up. */
  take(nowMs: number, most: number): boolean {
    if (this.count(nowMs) >= most) return false;
    this.#at.push(nowMs);
    return true;
  }

  /** A stream has played for long: what was before does not count any more. */
  renew(): void {
    this.#at = [];
  }
}

/** Attempts a minute for a channel with so many ways to play it. */
export function mostAttempts(candidates: number): number {
  return Math.min(12, 4 + 2 * Math.max(1, candidates));
}

/** The pause before attempt number `attempt`, from 1; `random` is 0..1. */
export function backOffMs(attempt: number, random: number): number {
  const fullMs = Math.min(longestBackOffMs, firstBackOffMs * 2 ** (attempt - 1));
  return fullMs * (0.5 + random / 2);
}
