/** How long a relay that nobody reads stays open: counted from when the last reader left, whatever holds it meanwhile. */
export class Linger {
  readonly #over: () => void;
  #sinceMs: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(over: () => void) {
    this.#over = over;
  }

  /** Nobody reads. While somebody holds it, time passes but does not end it. */
  begin(lingerMs: number, held: boolean): void {
    this.pause();
    const nowMs = performance.now();
    this.#sinceMs ??= nowMs;
    if (held) return;
    const leftMs = this.#sinceMs + lingerMs - nowMs;
    if (leftMs <= 0) this.#over();
    else this.#timer = setTimeout(this.#over, leftMs);
  }

  /** Somebody holds it; the time goes on. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Somebody reads again, or it is over. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#sinceMs = null;
  }
}
