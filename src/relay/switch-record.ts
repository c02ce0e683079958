import type { CoaxError } from '../errors.ts';
import type { SwitchView } from '../model/session-view.ts';
import type { SwitchReason } from '../model/switch-reason.ts';
import { type Candidate, isSame } from './candidates.ts';

/** To and fro and to again is allowed once in this time. */
const pingPongMs = 20_000;

/** How a channel came from one stream to the next. */
export class SwitchRecord {
  /** Why the last attempt since the loss failed. */
  failure: CoaxError | null = null;
  #pending: { readonly reason: SwitchReason; readonly from: Candidate; readonly lostMs: number | null } | null = null;
  #last: SwitchView | null = null;
  #switches = 0;
  /** The last changes by themselves, oldest first. */
  #recent: { readonly from: Candidate; readonly to: Candidate; readonly atMs: number }[] = [];

  get view(): { readonly switches: number; readonly lastSwitch?: SwitchView } {
    return { switches: this.#switches, ...(this.#last === null ? {} : { lastSwitch: this.#last }) };
  }

  /** True between a loss and the first packets after it. */
  get isLost(): boolean {
    return this.#pending !== null && this.#pending.lostMs !== null;
  }

  /** A stream was lost, or, with `plays`, is about to be left while it plays on. */
  leaves(reason: SwitchReason, from: Candidate, plays = false): void {
    this.failure = null;
    this.#pending = { reason, from, lostMs: plays ? null : performance.now() };
  }

  /** Nothing is about to be left any more. */
  forget(): void {
    this.#pending = null;
  }

  /** Packets come from `to` now. Returns the change of stream, if it was one. */
  begins(to: Candidate): SwitchView | null {
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null || isSame(pending.from, to)) return null;
    const { reason, from, lostMs } = pending;
    const nowMs = performance.now();
    if (reason !== 'by-hand') this.#recent = [...this.#recent.slice(-1), { from, to, atMs: nowMs }];
    this.#switches++;
    this.#last = {
      reason,
      at: Date.now(),
      gapMs: lostMs === null ? 0 : Math.round(nowMs - lostMs),
      from: from.stream.streamId,
      fromAccount: from.account,
      to: to.stream.streamId,
      toAccount: to.account,
    };
    return this.#last;
  }

  /** Whether a change would be the third between the same two within 20 s: A, B, A, and B again. */
  isPingPong(from: Candidate, to: Candidate, nowMs: number): boolean {
    const [first, second] = this.#recent;
    if (first === undefined || second === undefined || nowMs - first.atMs > pingPongMs) return false;
    const isFirst = isSame(first.from, from) && isSame(first.to, to);
    return isFirst && isSame(second.from, to) && isSame(second.to, from);
  }
}
