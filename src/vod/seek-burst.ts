/** Requests within `burstWindowMs` before more of them are held back. A probe makes three; a dragged slider ten and more a second. */
const burstSize = 4;
const burstWindowMs = 500;
/** How long it has to be quiet before the last request of a burst is served. */
const quietMs = 120;

/** Tells a seek storm from single seeks: the first seeks are never delayed, those of a storm wait for its end. */
export class SeekBurst {
  #recent: number[] = [];

  /** Notes a request. `now` is a `performance.now()` reading. */
  note(now: number): void {
    this.#recent = [...this.#recent.filter((at) => now - at < burstWindowMs), now].slice(-burstSize - 1);
  }

  /** How long to wait before a connection is opened. */
  delayMs(now: number): number {
    const last = this.#recent.at(-1);
    if (last === undefined || this.#recent.length <= burstSize) return 0;
    const first = this.#recent[0] ?? last;
    return last - first < burstWindowMs ? Math.max(0, last + quietMs - now) : 0;
  }
}
