const hourMs = 3_600_000;
const firstBackoffMs = 5 * 60_000;
const jitterShare = 0.1;
/** Refreshes that were missed while Coax was off are spread over this time after the start. */
const catchUpMs = 60_000;

/** Errors that trying again soon will not heal. A held-back list is among them: it has to come again by the usual schedule. */
const waitsForPeople = new Set([
  'SOURCE_LOGIN_REFUSED',
  'SOURCE_EXPIRED',
  'SOURCE_BLOCKED',
  'SOURCE_NOT_FOUND',
  'SOURCE_SHRUNK',
  'SOURCE_BAD_CONTENT',
  'CANCELLED',
]);

export interface ScheduleFacts {
  /** 0 never refreshes by itself. */
  readonly refreshHours: number;
  /** Unix milliseconds; null when never. */
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** Attempts since the last one without a problem. */
  readonly failures: number;
  /** What the last attempt failed with, part by part. */
  readonly errorCodes: readonly string[];
  readonly startedAt: number;
  readonly now: number;
  /** From 0 to 1; the same for one source until its next refresh, so that its time does not wander. */
  readonly random: number;
}

/** When a source is refreshed next, in Unix milliseconds; null when never by itself. A time that has passed means now. */
export function nextRefresh(facts: ScheduleFacts): number | null {
  const { refreshHours, lastSuccessAt, lastFailureAt, failures, errorCodes, startedAt, now, random } = facts;
  if (refreshHours <= 0) return null;
  const last = Math.max(lastSuccessAt ?? 0, lastFailureAt ?? 0);
  if (last === 0) return now;
  const stretch = 1 + jitterShare * random;
  const interval = refreshHours * hourMs;
  const failing = lastFailureAt !== null && lastFailureAt >= (lastSuccessAt ?? 0);
  const soon = failing && errorCodes.some((code) => !waitsForPeople.has(code));
  const backoff = firstBackoffMs * 3 ** Math.min(Math.max(failures, 1) - 1, 10);
  // A clock that was set back must not put the next refresh off for months.
  const due = Math.min(last, now) + (soon ? Math.min(backoff, interval) : interval) * stretch;
  return Math.max(due, startedAt + catchUpMs * random);
}
