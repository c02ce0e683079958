import { CoaxError, toCoaxError } from '../errors.ts';
import { type Candidate, Candidates, isSame } from './candidates.ts';
import type { Connection } from './connection.ts';
import { abortable, delay } from '../delay.ts';
import type { Granted } from './lease-taker.ts';
import type { StreamLoss } from './stream-loss.ts';

const lookMs = 50;

/** What a change needs of its feed. */
export interface ChangeHome {
  readonly signal: AbortSignal;
  now(): Connection | null;
  /** The best of these that can be opened beside what plays. */
  free(candidates: Candidates): Granted | null;
  /** Opens it beside what plays, and resolves when it has taken its place. `others`: there are more to try. */
  openBeside(granted: Granted, loss: StreamLoss, others: boolean): Promise<void>;
  /** Why nothing could be opened last. */
  failure(): CoaxError | null;
}

/**
 * Leaves a stream that plays for another one. Where a connection is free for both, the old one goes on until the new one has a key frame;
 * where not, the old one is given up first.
 */
export class ChangeOver {
  readonly #home: ChangeHome;
  #running: Promise<void> | null = null;
  #outcome: { readonly old: Connection; readonly end: PromiseWithResolvers<void> } | null = null;
  #wish: readonly Candidate[] = [];

  constructor(home: ChangeHome) {
    this.#home = home;
  }

  get isUnderWay(): boolean {
    return this.#running !== null;
  }

  /** Waits for what is being opened at the moment. CONFLICT when that takes longer. */
  async possible(withinMs: number): Promise<void> {
    for (let left = withinMs; left > 0 && this.#home.now()?.isLive !== true; left -= lookMs)
      // oxlint-disable-next-line no-await-in-loop -- looks again and again
      await delay(lookMs, this.#home.signal);
    if (this.#home.now()?.isLive !== true) throw new CoaxError('CONFLICT', 'The channel is being opened at the moment');
  }

  /** Resolves when what is under way has ended, one way or the other. */
  async ended(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  /** Takes what is to be tried first after the present stream was given up for it. */
  takeWish(): readonly Candidate[] {
    const wish = this.#wish;
    this.#wish = [];
    return wish;
  }

  /** The loss of a connection was dealt with: something plays again, or never will. */
  settle(old: Connection, failure: CoaxError | null): void {
    if (this.#outcome?.old !== old) return;
    if (failure === null) this.#outcome.end.resolve();
    else this.#outcome.end.reject(failure);
  }

  /** Goes on with one of `wanted`; resolves when it plays. Rejects when none does; then the old one is kept, or opened again. One at a time. */
  begin(wanted: readonly Candidate[], loss: StreamLoss): Promise<void> {
    if (this.isUnderWay) return Promise.reject(new CoaxError('CONFLICT', 'The channel is being changed at the moment'));
    const running = this.#change(wanted, loss).finally(() => {
      this.#running = null;
      this.#outcome = null;
    });
    this.#running = running;
    return running;
  }

  async #change(wanted: readonly Candidate[], loss: StreamLoss): Promise<void> {
    const old = this.#home.now();
    if (old === null) throw loss;
    const left = new Candidates(wanted);
    let failure: CoaxError | null = null;
    for (let next = this.#home.free(left); next !== null; next = this.#home.free(left)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        return await this.#home.openBeside(next, loss, left.size > 0);
      } catch (error) {
        failure = toCoaxError(error);
        if (this.#home.signal.aborted || this.#home.now() !== old || !old.isLive) throw failure;
      }
    }
    if (left.size === 0) throw failure ?? loss;
    this.#wish = left.rest;
    const end = Promise.withResolvers<void>();
    this.#outcome = { old, end };
    old.lose(loss);
    await abortable(end.promise, this.#home.signal);
    const now = this.#home.now()?.candidate;
    if (now === undefined || !wanted.some((each) => isSame(each, now))) throw this.#home.failure() ?? failure ?? loss;
  }
}
