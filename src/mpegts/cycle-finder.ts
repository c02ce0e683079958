/** One unit of a stream: a picture, or a run of sound. */
export interface CycleUnit {
  /** Two units with the same one are taken for equal; 32 bits. */
  readonly print: number;
  readonly bytes: number;
  /** When it is shown, in ticks of a clock that never jumps. */
  readonly at: number;
  /** It holds what encoders write once, when they start. */
  readonly marked: boolean;
}

/**
 * Follows a sequence of units and tells how long a cycle it repeats at the moment. The cycle is the shortest there is when the repeating
 * begins, and is kept as long as every unit is the one of a cycle before. Cycles of more units than `capacity` are not seen.
 */
export class CycleFinder {
  readonly #capacity: number;
  readonly #prints: Int32Array;
  readonly #bytes: Uint32Array;
  readonly #ats: Float64Array;
  readonly #marks: Uint8Array;
  /** Where a print came last. */
  readonly #last = new Map<number, number>();
  #count = 0;
  #lag = 0;
  #run = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#prints = new Int32Array(capacity);
    this.#bytes = new Uint32Array(capacity);
    this.#ats = new Float64Array(capacity);
    this.#marks = new Uint8Array(capacity);
  }

  /** Units of the present cycle; 0 while nothing repeats. */
  get lag(): number {
    return this.#lag;
  }

  /** Units in a row that were the same as one cycle before. */
  get run(): number {
    return this.#run;
  }

  push({ print, bytes, at, marked }: CycleUnit): void {
    const index = this.#count++;
    const slot = index % this.#capacity;
    const own = print | 0;
    // The unit that lies a whole capacity back stands in the slot that is written now: the longest cycle still finds it.
    if (this.#lag > 0 && this.#prints[(index - this.#lag) % this.#capacity] === own) this.#run++;
    else {
      const before = this.#last.get(own);
      this.#lag = before === undefined ? 0 : index - before;
      this.#run = this.#lag === 0 ? 0 : 1;
    }
    const oldest = index - this.#capacity;
    if (oldest >= 0) {
      const gone = this.#prints[slot] ?? 0;
      if (this.#last.get(gone) === oldest) this.#last.delete(gone);
    }
    this.#prints[slot] = own;
    this.#bytes[slot] = bytes;
    this.#ats[slot] = at;
    this.#marks[slot] = marked ? 1 : 0;
    this.#last.set(own, index);
  }

  /** How long the cycle lasts, in ticks; 0 while nothing repeats. */
  get ticks(): number {
    if (this.#lag === 0 || this.#lag >= this.#capacity) return 0;
    const last = this.#count - 1;
    return this.#at(last) - this.#at(last - this.#lag);
  }

  /** The units of the last whole cycle, oldest first. */
  cycle(): CycleUnit[] {
    return Array.from({ length: this.#lag }, (_, n) => {
      const slot = (this.#count - this.#lag + n) % this.#capacity;
      return {
        print: this.#prints[slot] ?? 0,
        bytes: this.#bytes[slot] ?? 0,
        at: this.#ats[slot] ?? 0,
        marked: this.#marks[slot] === 1,
      };
    });
  }

  #at(index: number): number {
    return this.#ats[index % this.#capacity] ?? 0;
  }
}
