import { CoaxError } from '../errors.ts';
import { type Database, isBusy } from './database.ts';

const firstRetryMs = 5;
const lastRetryMs = 50;
const maxWaiting = 10_000;

interface Write {
  readonly act: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Small writes of the main thread, in order. While the ingest worker holds the write lock they wait on a timer, because SQLite's own
 * waiting would block the event loop and with it every stream.
 */
export class WriteQueue {
  readonly #database: Database;
  readonly #waiting: Write[] = [];
  #timer: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #closed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Runs `act` in a transaction, at once when the lock is free. */
  submit<Result>(act: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(new CoaxError('SHUTTING_DOWN'));
      else if (this.#waiting.length >= maxWaiting)
        reject(
          new CoaxError('TOO_MANY_REQUESTS', 'Too many changes of the catalogue are waiting', { retryAfterMs: 1_000 }),
        );
      else {
        this.#waiting.push({ act: () => resolve(this.#database.write(act)), fail: reject });
        if (this.#timer === undefined) this.#work();
      }
    });
  }

  /** The last chance of what still waits; then no more is taken. */
  close(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#database.setBusyTimeout(1_000);
    this.#work();
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const write of this.#waiting.splice(0)) write.fail(new CoaxError('SHUTTING_DOWN'));
  }

  #work(): void {
    for (let write = this.#waiting[0]; write !== undefined; write = this.#waiting[0]) {
      try {
        write.act();
      } catch (error) {
        if (isBusy(error)) {
          this.#retryLater();
          return;
        }
        write.fail(error);
      }
      this.#waiting.shift();
      this.#retryMs = firstRetryMs;
    }
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }
}
