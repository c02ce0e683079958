import { delay } from '../delay.ts';
import type { Reader } from './reader.ts';

/** The time in which a session's one socket belongs to one response. */
export class Turn {
  readonly reader: Reader;
  /** True once bytes are being read. */
  reading = false;
  readonly #controller = new AbortController();
  readonly #contest: NodeJS.Timeout;

  /** `contest` is called every `turnMs` while the turn lasts. */
  constructor(reader: Reader, turnMs: number, contest: () => void) {
    this.reader = reader;
    reader.parkedAt = null;
    this.#contest = setInterval(contest, turnMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Closes the socket in this tick. Idempotent. */
  abort(): void {
    this.#controller.abort();
  }

  end(): void {
    clearInterval(this.#contest);
  }

  /** Waits; rejects with CANCELLED on abort. */
  async wait(ms: number): Promise<void> {
    const { signal } = this.#controller;
    if (ms > 0 || signal.aborted) await delay(ms, signal);
  }
}
