import type { CoaxError, ErrorCode } from '../errors.ts';
import type { AccountId, StreamId } from '../model/ids.ts';
import type { StreamHealthView } from '../model/session-view.ts';
import type { SwitchReason } from '../model/switch-reason.ts';
import type { Candidate } from './candidates.ts';

/** The first failure rests a stream for this long; each further one in a row for twice the last time. */
const firstRestMs = 20_000;
const longestRestMs = 300_000;
/** What sends a slate is at its limit or off the air, and plays without a fault: it would be found out anew each time. */
const firstSlateRestMs = 300_000;
const longestSlateRestMs = 1_800_000;
/** A failure that is older counts no more. */
const forgetMs = 900_000;
const mostRecords = 4_000;

interface Failing {
  readonly streamId: StreamId;
  readonly accountId: AccountId;
  /** Failures in a row. */
  failures: number;
  atMs: number;
  restsUntilMs: number;
  last: { readonly code: ErrorCode; readonly reason: SwitchReason; readonly message: string; readonly at: number };
}

const keyOf = ({ stream: { streamId }, account }: Candidate): string => `${account} ${streamId}`;

/**
 * Remembers which streams failed lately, and on which account. One that failed rests for a while, and longer when it fails again; it
 * recovers by time, or by playing. In memory only, and bounded: the oldest failures are forgotten first.
 */
export class StreamHealth {
  readonly #failing = new Map<string, Failing>();

  /** Notes a failure. What says nothing of the stream (no free connection) does not belong here. */
  failed(candidate: Candidate, { code, message }: CoaxError, reason: SwitchReason): void {
    const nowMs = performance.now();
    const key = keyOf(candidate);
    const before = this.#failing.get(key);
    const failures = before === undefined || nowMs - before.atMs > forgetMs ? 1 : before.failures + 1;
    const isSlate = reason === 'slate' || reason === 'looping-times';
    const [first, longest] = isSlate ? [firstSlateRestMs, longestSlateRestMs] : [firstRestMs, longestRestMs];
    this.#failing.delete(key);
    this.#failing.set(key, {
      streamId: candidate.stream.streamId,
      accountId: candidate.account,
      failures,
      atMs: nowMs,
      restsUntilMs: Math.max(before?.restsUntilMs ?? 0, nowMs + Math.min(longest, first * 2 ** (failures - 1))),
      last: { code, reason, message, at: Date.now() },
    });
    for (const oldest of this.#failing.keys()) {
      if (this.#failing.size <= mostRecords) break;
      this.#failing.delete(oldest);
    }
  }

  /** It has played for long: it is as good as any. */
  worked(candidate: Candidate): void {
    this.#failing.delete(keyOf(candidate));
  }

  /** When it may be tried again, by the monotonic clock; 0 when it may be now. */
  restsUntilMs(candidate: Candidate, nowMs: number): number {
    const untilMs = this.#failing.get(keyOf(candidate))?.restsUntilMs ?? 0;
    return untilMs > nowMs ? untilMs : 0;
  }

  /** Whether it had played before it failed; what could not be opened, or was a slate, is better left alone as long as it rests. */
  played(candidate: Candidate): boolean {
    const reason = this.#failing.get(keyOf(candidate))?.last.reason;
    return reason === 'ended' || reason === 'stalled' || reason === 'sync-lost';
  }

  /** A stream on all accounts it failed on, as the API shows it. */
  of(stream: StreamId): StreamHealthView {
    const nowMs = performance.now();
    const found = [...this.#failing.values()].filter(
      ({ streamId, atMs, restsUntilMs }) => streamId === stream && (nowMs - atMs <= forgetMs || restsUntilMs > nowMs),
    );
    const latest = found.at(-1);
    if (latest === undefined) return { state: 'good', failures: 0 };
    const restMs = Math.max(...found.map(({ restsUntilMs }) => restsUntilMs)) - nowMs;
    return {
      state: restMs > 0 ? 'resting' : 'recovering',
      failures: Math.max(...found.map(({ failures }) => failures)),
      ...(restMs > 0 ? { restsUntil: Math.round(Date.now() + restMs) } : {}),
      lastFailure: { ...latest.last, accountId: latest.accountId },
    };
  }
}
