/** What the fan-out needs of a consumer: take what is new, and never throw. */
export interface Pumped {
  pump(): void;
}

/** libuv accepts one connection per turn of the loop, so a long turn keeps new viewers out: this many writes, then a new turn. */
const sliceSize = 200;

/** Lets all consumers take what is new in the ring, in slices of the event loop. */
export class FanOut {
  readonly #consumers: ReadonlySet<Pumped>;
  #pass: Iterator<Pumped> | null = null;
  #again = false;

  constructor(consumers: ReadonlySet<Pumped>) {
    this.#consumers = consumers;
  }

  /** Call it when the ring has grown. The first slice is served before it returns. */
  wake(): void {
    // Consumers that the running pass has not reached yet take the new bytes with the old; the others need one more pass.
    if (this.#pass !== null) {
      this.#again = true;
      return;
    }
    // A Set's iterator goes on past members that left and reaches those that come, so no copy of the list is needed.
    this.#pass = this.#consumers.values();
    this.#slice();
  }

  readonly #slice = (): void => {
    for (let i = 0; i < sliceSize && this.#pass !== null; i++) {
      const next = this.#pass.next();
      if (next.done === true) {
        this.#pass = this.#again ? this.#consumers.values() : null;
        this.#again = false;
        if (this.#pass === null) return;
      } else next.value.pump();
    }
    setImmediate(this.#slice);
  };
}
