import type { PooledLease } from './pooled-lease.ts';
import { type Lease, type LeaseRequest, leasePurposes } from './lease.ts';
import { viewersOf } from './victim.ts';

/** One request that waits for a slot. It settles exactly once. */
export interface Waiter {
  readonly request: Omit<LeaseRequest, 'signal' | 'deadlineMs'>;
  readonly since: number;
  /** The lease that was asked to yield for this waiter: its slot is reserved. */
  claim: PooledLease | null;
  claimReason: 'idle' | 'taken-over' | null;
  /** Holders were looked through in vain; they are again after a while. */
  searched: boolean;
  /** It was not served at once. */
  queued: boolean;
  settled: boolean;
  readonly grant: (lease: Lease) => void;
  readonly fail: (error: Error) => void;
}

/** Waiters by priority (the order of `leasePurposes`), first come first served within one. */
export class WaiterQueue {
  readonly #lanes: readonly Set<Waiter>[] = leasePurposes.map(() => new Set<Waiter>());

  get size(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, 0);
  }

  add(waiter: Waiter): void {
    this.#lanes[leasePurposes.indexOf(waiter.request.purpose)]?.add(waiter);
  }

  delete(waiter: Waiter): boolean {
    return this.#lanes.some((lane) => lane.delete(waiter));
  }

  /** A copy, in order: granting one changes the queue. */
  inOrder(): Waiter[] {
    return this.#lanes.flatMap((lane) => [...lane]);
  }
}

/** Whether a viewer who asks for something else does not want any more what `older` waits for. */
export function isSuperseded({ request: older }: Waiter, request: Waiter['request']): boolean {
  if (older.zaps !== true || older.purpose !== request.purpose) return false;
  if (older.holder.sessionId === request.holder.sessionId) return false;
  const [by] = viewersOf(request);
  return viewersOf(older).every(({ key }) => key === by?.key);
}

/** Resolves a request with its lease. A grant that meets an abort goes back in the same turn. */
export function handOut(lease: Lease, signal: AbortSignal, resolve: (lease: Lease) => void): void {
  const giveBack = () => lease.end();
  signal.addEventListener('abort', giveBack, { once: true });
  resolve(lease);
  // The caller's own continuation was queued just before this one: from here on it owns the lease.
  void Promise.resolve().then(() => signal.removeEventListener('abort', giveBack));
}
