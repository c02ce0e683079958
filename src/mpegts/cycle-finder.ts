/** Units that are remembered: half a minute of pictures and more. */
const capacity = 4_096;

/** One unit of a stream: a picture, or a run of sound. */
export interface CycleUnit {
  /** Two units with the same one are taken for equal. */
  readonly print: number;
  readonly bytes: number;
  /** When it is shown, in ticks of a clock that never jumps. */
  readonly at: number;
  /** It holds what encoders write once, when they start. */
  readonly marked: boolean;
}

/**
 * Follows a sequence of units and tells how long a cycle it repeats at the moment. The cycle is the shortest there is when the repeating
 * begins, and is kept as long as every unit is the one of a cycle before.
 */
export class CycleFinder {
  readonly #units: (CycleUnit | undefined)[] = Array.from({ length: capacity });
  /** Where a print came last. */
  readonly #last = new Map<number, number>();
  #count = 0;
  #lag = 0;
  #run = 0;

  /** Units of the present cycle; 0 while nothing repeats. */
  get lag(): number {
    return this.#lag;
  }

  /** Units in a row that were the same as one cycle before. */
  get run(): number {
    return this.#run;
  }

  push(unit: CycleUnit): void {
    const index = this.#count++;
    if (this.#lag > 0 && this.#at(index - this.#lag)?.print === unit.print) this.#run++;
    else {
      const before = this.#last.get(unit.print);
      this.#lag = before === undefined ? 0 : index - before;
      this.#run = this.#lag === 0 ? 0 : 1;
    }
    const oldest = this.#at(index - capacity);
    if (oldest !== undefined && this.#last.get(oldest.print) === index - capacity) this.#last.delete(oldest.print);
    this.#units[index % capacity] = unit;
    this.#last.set(unit.print, index);
  }

  /** How long the cycle lasts, in ticks; 0 while nothing repeats. */
  get ticks(): number {
    const last = this.#at(this.#count - 1);
    const before = this.#at(this.#count - 1 - this.#lag);
    return this.#lag === 0 || last === undefined || before === undefined ? 0 : last.at - before.at;
  }

  /** The units of the last whole cycle, oldest first. */
  cycle(): CycleUnit[] {
    return Array.from({ length: this.#lag }, (_, n) => this.#at(this.#count - this.#lag + n)).flatMap(
      (unit) => unit ?? [],
    );
  }

  #at(index: number): CycleUnit | undefined {
    return index < 0 || index < this.#count - capacity ? undefined : this.#units[index % capacity];
  }
}
