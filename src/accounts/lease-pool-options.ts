import type { CoolingBounds } from './cooling.ts';
import type { LeaseObserver } from './lease-events.ts';

export interface LeasePoolOptions extends CoolingBounds {
  /** How long a request waits when it names no deadline. */
  readonly waitMs: number;
  /** For this long after the start, a provider that refuses may still count connections of the run before. */
  readonly startGraceMs?: number;
  readonly observe?: LeaseObserver;
}
