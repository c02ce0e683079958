import type { CoolingBounds } from './cooling.ts';
import type { LeaseObserver } from './lease-events.ts';
import type { SeatLimits } from './seat-scope.ts';

export interface LeasePoolOptions extends CoolingBounds {
  /** How long a request waits when it names no deadline. */
  readonly waitMs: number;
  /** For this long after the start, a provider that refuses may still count connections of the run before. */
  readonly startGraceMs?: number;
  readonly observe?: LeaseObserver;
  /** Whether a recording that finds no connection may take that of who watches; never when absent. Read at each decision. */
  readonly recordingsPreempt?: () => boolean;
  /** How much users, devices and outputs may watch at a time; no limits when absent. */
  readonly seatLimits?: SeatLimits;
  /** How many connections of a login stay free beside channels that are opened ahead; at least 1. */
  readonly spare?: () => number;
}
