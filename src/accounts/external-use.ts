/** Without a new report, external use is forgotten after this time. */
const forgetMs = 300_000;
/** External use keeps us out for at most this long before one attempt is let through: panels also count ghosts. */
const trialMs = 10_000;
/** What a refusal taught is kept for this long, twice as long each time it is confirmed, and for that long at most. */
const learnedMs = 120_000;
const longestLearnedMs = 1_800_000;

/**
 * What others use of a login: other players of the same user, as far as the provider tells, or what its refusals showed to be
 * unusable whatever limit it tells. Times are monotonic milliseconds.
 */
export class ExternalUse {
  #count = 0;
  #seenAt = 0;
  #learned = 0;
  #learnedUntil = 0;
  #learnedMs = learnedMs;
  #blockingSince = 0;

  /** Connections of others that are believed to be open. */
  count(now: number): number {
    if (this.#count > 0 && now - this.#seenAt >= forgetMs) this.#count = 0;
    if (now >= this.#learnedUntil) this.#learned = 0;
    return Math.max(this.#count, this.#learned);
  }

  /** The provider counts `count` connections that are not ours. */
  note(count: number, now: number): void {
    if (this.count(now) === 0 && count > 0) this.#blockingSince = now;
    this.#count = Math.max(0, count);
    this.#seenAt = now;
  }

  /** Refusals show that `count` of the connections told can not be used. */
  learn(count: number, now: number): void {
    if (this.count(now) === 0 && count > 0) this.#blockingSince = now;
    // Learned before: it will not be otherwise soon.
    if (this.#learnedUntil > 0) this.#learnedMs = Math.min(longestLearnedMs, this.#learnedMs * 2);
    this.#learned = count;
    this.#learnedUntil = now + this.#learnedMs;
  }

  /** What was learned last has turned out to be wrong. */
  unlearn(): void {
    this.#learned = 0;
    this.#learnedUntil = 0;
    this.#learnedMs = learnedMs;
  }

  /** A connection that was taken shows that others use `most` at most. */
  disprove(most: number, now: number): void {
    this.unlearn();
    this.note(Math.min(most, this.count(now)), now);
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
