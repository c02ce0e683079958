/** Writes bits, most significant first, as codec headers are laid out. */
export class BitWriter {
  readonly #bits: number[] = [];

  bits(count: number, value: number): this {
    for (let n = count - 1; n >= 0; n--) this.#bits.push(Math.floor(value / 2 ** n) % 2);
    return this;
  }

  flag(value: boolean): this {
    return this.bits(1, value ? 1 : 0);
  }

  /** Exp-Golomb, unsigned. */
  ue(value: number): this {
    const length = Math.floor(Math.log2(value + 1));
    return this.bits(length, 0).bits(length + 1, value + 1);
  }

  /** Exp-Golomb, signed. */
  se(value: number): this {
    return this.ue(value > 0 ? value * 2 - 1 : -value * 2);
  }

  /** The stop bit and zeros up to a whole byte. */
  trailing(): this {
    this.bits(1, 1);
    while (this.#bits.length % 8 !== 0) this.#bits.push(0);
    return this;
  }

  bytes(): Buffer {
    const out = Buffer.alloc(Math.ceil(this.#bits.length / 8));
    this.#bits.forEach((bit, n) => {
      out[n >> 3] = out[n >> 3]! | (bit << (7 - (n & 7)));
    });
    return out;
  }
}
