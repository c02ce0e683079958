import { ptsDifference, ptsHz } from '../../mpegts/time.ts';

/** Times that go back by this, or forward by more than `farTicks`, are those of another stream. */
const backTicks = ptsHz;
const farTicks = 2 * ptsHz;
/** Where no unit has told yet how long one lasts. */
const usualStepTicks = 3_600;
const longestStepTicks = ptsHz / 2;

/** Makes one time line of the stamps of a stream's units: 90 kHz ticks that never go back, over the 33-bit wrap, and where stamps are missing. */
export class UnitClock {
  #begun = false;
  #time = 0;
  #arrivedMs = 0;
  #step = 0;
  /** The last unit that had a stamp. */
  #anchor: { readonly stamp: number; readonly time: number } | null = null;

  /** How long a unit lasts, in ticks. */
  get step(): number {
    return this.#step === 0 ? usualStepTicks : this.#step;
  }

  restart(): void {
    this.#begun = false;
    this.#time = 0;
    this.#step = 0;
    this.#anchor = null;
  }

  /**
   * The time of the next unit in order of decoding; `stamp` is its DTS, else its PTS, else -1: then the units before it, or its arrival,
   * have to do. Null when it does not go on from the last one: the clock has begun anew with it, and its time is 0.
   */
  next(stamp: number, arrivedMs: number): number | null {
    const sinceMs = arrivedMs - this.#arrivedMs;
    this.#arrivedMs = arrivedMs;
    const anchor = this.#anchor;
    if (!this.#begun) {
      this.#begun = true;
      this.#take(stamp);
      return 0;
    }
    if (stamp < 0 || anchor === null) {
      // Units that came in one piece have one time of arrival.
      this.#time += this.#step > 0 ? this.#step : Math.max(1, Math.round(sinceMs * 90));
      this.#take(stamp);
      return this.#time;
    }
    const passed = ptsDifference(stamp, anchor.stamp);
    const before = this.#time;
    if (passed <= -backTicks || anchor.time + passed - before > farTicks) {
      this.#time = 0;
      this.#take(stamp);
      return null;
    }
    this.#time = Math.max(before, anchor.time + passed);
    const step = this.#time - before;
    if (before === anchor.time && step > 0 && step <= longestStepTicks) this.#step = step;
    this.#anchor = { stamp, time: anchor.time + passed };
    return this.#time;
  }

  #take(stamp: number): void {
    if (stamp >= 0) this.#anchor = { stamp, time: this.#time };
  }
}
