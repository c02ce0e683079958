import { CoaxError } from '../errors.ts';
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
  wait(ms: number): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return Promise.reject(new CoaxError('CANCELLED'));
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(new CoaxError('CANCELLED'));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, ms);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
