import type { CoaxError } from '../errors.ts';

const mostFailures = { beforeHead: 3, afterHead: 6 } as const;
const usualBackOffMs = 100;
const longestBackOffMs = 3_000;
const longestRetryAfterMs = 10_000;
const passing = new Set([
  'UPSTREAM_CAPACITY',
  'UPSTREAM_ERROR',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_STALLED',
  'UPSTREAM_ENDED',
]);

/** Whether a file is worth asking for again after so many failures without progress: more often once the client has begun to get it. */
export function mayTryAgain(error: CoaxError, failures: number, hasBegun: boolean): boolean {
  return passing.has(error.code) && failures < (hasBegun ? mostFailures.afterHead : mostFailures.beforeHead);
}

/** How often an answer that contradicts the last one is believed. */
export const mostContradictions = mostFailures.beforeHead;

/** How long to wait before the next try: longer with each failure, and as long as the provider asks for. */
export function waitAfter(error: CoaxError, failures: number, backOffMs = usualBackOffMs): number {
  const asked = Math.min(longestRetryAfterMs, error.retryAfterMs ?? 0);
  return Math.max(asked, Math.min(longestBackOffMs, backOffMs * 2 ** (failures - 1)));
}
