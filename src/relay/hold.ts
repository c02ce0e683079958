import { sentAway } from '../accounts/seats.ts';
import { CoaxError } from '../errors.ts';
import type { Viewer } from '../model/viewer.ts';
import type { LivePurpose, LiveRequest } from './contract.ts';

/** Somebody who asked for a channel is waited for as long as this; then the slot may be taken for anyone who waits. */
const freshMs = 5_000;

/**
 * Keeps a relay open for a host's stream that nobody reads at the moment. It is no consumer: what nobody reads may be taken from it like
 * from a lingering relay, except in the first seconds, when its reader is on the way. One of a recording is never taken for idle: its reader
 * comes back.
 */
export class Hold {
  readonly viewer: Viewer;
  readonly purpose: LivePurpose;
  /** Its reader will be shown slates. */
  readonly wantsSlates: boolean;
  readonly openedMs = performance.now();
  /** Resolves when there is media; rejects when there will be none. */
  readonly ready: Promise<void>;
  /** Resolves when it holds nothing any more, with why; CANCELLED when it left or nobody wanted the relay. */
  readonly ended: Promise<CoaxError>;
  readonly #signal: AbortSignal;
  readonly #left: (hold: Hold) => void;
  #read = false;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<CoaxError>();

  constructor(who: Pick<LiveRequest, 'viewer' | 'signal' | 'purpose' | 'slates'>, left: (hold: Hold) => void) {
    this.viewer = who.viewer;
    this.purpose = who.purpose ?? 'live';
    this.wantsSlates = who.slates === true;
    this.#signal = who.signal;
    this.#left = left;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.ended = this.#ended.promise;
    who.signal.addEventListener('abort', this.#abort);
  }

  /** True while a reader is still expected. */
  isFresh(nowMs: number): boolean {
    if (this.purpose !== 'live') return this.purpose === 'recording';
    return !this.#read && nowMs - this.openedMs < freshMs;
  }

  /** Its reader has come. */
  noteRead(): void {
    this.#read = true;
  }

  announce(): void {
    this.#ready.resolve();
  }

  /** Leaves with an error, which is told to who waits for `ready`. */
  drop(error: CoaxError): void {
    this.end(error);
    this.#left(this);
  }

  /** The relay is over. */
  end(error: CoaxError): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#ready.reject(error);
    this.#ended.resolve(error);
  }

  readonly #abort = (): void => {
    this.end(sentAway(this.#signal) ?? new CoaxError('CANCELLED'));
    this.#left(this);
  };
}

/** Those whose readers are still expected. */
export function expected(holds: ReadonlySet<Hold>): Hold[] {
  const nowMs = performance.now();
  return [...holds].filter((hold) => hold.isFresh(nowMs));
}
