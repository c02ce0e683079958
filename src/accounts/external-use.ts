/** Without a new report, external use is forgotten after this time. */
const forgetMs = 300_000;
/** External use keeps us out for at most this long before one attempt is let through: panels also count ghosts. */
const trialMs = 10_000;

/** What others use of a login: other players of the same user, as far as the provider tells. Times are monotonic milliseconds. */
export class ExternalUse {
  #count = 0;
  #seenAt = 0;
  #blockingSince = 0;

  /** Connections of others that are believed to be open. */
  count(now: number): number {
    if (this.#count > 0 && now - this.#seenAt >= forgetMs) this.#count = 0;
    return this.#count;
  }

  /** The provider counts `count` connections that are not ours. */
  note(count: number, now: number): void {
    if (this.count(now) === 0 && count > 0) this.#blockingSince = now;
    this.#count = Math.max(0, count);
    this.#seenAt = now;
  }

  /** True when the time has come for one attempt in spite of what is believed. */
  trialDue(now: number): boolean {
    return this.count(now) > 0 && now - this.#blockingSince >= trialMs;
  }

  /** When the next attempt in spite of external use is allowed. */
  trialAt(): number {
    return this.#blockingSince + trialMs;
  }

  /** An attempt is being made; the next one has to wait again. */
  trialTaken(now: number): void {
    this.#blockingSince = now;
  }
}
