/** Bits per second over the last few seconds, from samples of a byte count. */
export class BitRate {
  readonly #windowMs: number;
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  constructor(windowMs = 5_000) {
    this.#windowMs = windowMs;
  }

  /** `bytes` is the count so far. Call it about once a second. */
  sample(atMs: number, bytes: number): void {
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= this.#windowMs) this.#samples.shift();
  }

  get bitsPerSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
    return Math.round(((last.bytes - first.bytes) * 8_000) / (last.atMs - first.atMs));
  }
}
