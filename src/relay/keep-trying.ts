import { type CoaxError, toCoaxError } from '../errors.ts';
import { delay } from '../delay.ts';
import type { Feed } from './feed.ts';

/** Pauses between rounds of attempts; the last one stays. */
const firstPauseMs = 2_000;
const longestPauseMs = 15_000;
/** A provider that refuses is asked less often: many lock out who insists. */
const refusedPauseMs = 10_000;
/** The provider was not asked at all: only the queue was left. */
const queuePauseMs = 1_000;
/** A round this long was worth a fresh start. */
const longRoundMs = 60_000;

export interface KeepTryingParts {
  readonly feed: Pick<Feed, 'run' | 'rest'>;
  /** Aborts when the relay closes. */
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Nothing can be done at the moment: true when somebody goes on to wait. */
  readonly goOn: (error: CoaxError) => boolean;
}

/** Runs a feed again and again, with growing pauses, as long as somebody waits for it behind a slate. Never resolves. */
export async function keepTrying({ feed, signal, random, goOn }: KeepTryingParts): Promise<never> {
  for (let round = 1; ; round++) {
    const sinceMs = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one round after the other
    const error = await feed.run().catch(toCoaxError);
    if (signal.aborted || !goOn(error)) throw error;
    feed.rest();
    if (performance.now() - sinceMs >= longRoundMs) round = 1;
    // oxlint-disable-next-line no-await-in-loop
    await delay(pauseMs(error, round) * (0.75 + random() / 2), signal);
  }
}

/** How long to leave the provider alone after the round of this number failed, in milliseconds. */
export function pauseMs({ code, retryAfterMs }: CoaxError, round: number): number {
  if (code === 'NO_CAPACITY') return queuePauseMs;
  const growing = Math.min(longestPauseMs, firstPauseMs * 2 ** (round - 1));
  const least = code === 'UPSTREAM_REFUSED' ? refusedPauseMs : 0;
  return Math.max(growing, least, Math.min(longestPauseMs, retryAfterMs ?? 0));
}
