/** Reads bits, most significant first. Past the end it gives zeros and says so by `overrun`; it never throws. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes;
    this.#position = from * 8;
    this.#end = to * 8;
  }

  get overrun(): boolean {
    return this.#position > this.#end;
  }

  /** Up to 32 bits as an unsigned number. */
  bits(count: number): number {
    let value = 0;
    for (let n = 0; n < count; n++) value = value * 2 + this.#bit();
    return value;
  }

  flag(): boolean {
    return this.#bit() === 1;
  }

  skip(count: number): void {
    this.#position += count;
  }

  /** Exp-Golomb, unsigned. Codes of more than 32 zeros do not exist and read as 0. */
  ue(): number {
    let zeros = 0;
    while (this.#position < this.#end && this.#bit() === 0) zeros++;
    if (zeros > 32 || this.#position > this.#end) return 0;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb, signed. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  #bit(): number {
    const position = this.#position++;
    if (position >= this.#end) return 0;
    return ((this.#bytes[position >> 3] ?? 0) >> (7 - (position & 7))) & 1;
  }
}
