const windowMs = 10_000;
const mostPerWindow = 20;
const mostKeys = 1_000;

/** Keeps one message from filling the log: after 20 in 10 seconds the rest are counted, and told with the next one let through. */
export class RepeatGuard {
  readonly #seen = new Map<string, { windowStart: number; count: number; held: number }>();

  /** How many equal lines were held back before this one, or null when this one is held back too. */
  admit(key: string): number | null {
    const now = performance.now();
    const entry = this.#seen.get(key);
    if (entry === undefined || now - entry.windowStart >= windowMs) {
      if (this.#seen.size >= mostKeys) this.#seen.clear();
      this.#seen.set(key, { windowStart: now, count: 1, held: 0 });
      return entry?.held ?? 0;
    }
    entry.count += 1;
    if (entry.count <= mostPerWindow) return 0;
    entry.held += 1;
    return null;
  }
}
