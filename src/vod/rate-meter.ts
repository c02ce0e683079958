const buckets = 5;

/** Bits per second over the last five seconds. */
export class RateMeter {
  readonly #bytes = new Float64Array(buckets);
  #second = 0;
  #total = 0;

  /** All bytes so far. */
  get total(): number {
    return this.#total;
  }

  add(bytes: number): void {
    this.#total += bytes;
    this.#advance();
    const index = this.#second % buckets;
    this.#bytes[index] = (this.#bytes[index] ?? 0) + bytes;
  }

  bitRate(): number {
    this.#advance();
    return Math.round((this.#bytes.reduce((sum, bytes) => sum + bytes, 0) * 8) / buckets);
  }

  #advance(): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second - this.#second >= buckets) this.#bytes.fill(0);
    else for (let at = this.#second + 1; at <= second; at += 1) this.#bytes[at % buckets] = 0;
    this.#second = second;
  }
}
