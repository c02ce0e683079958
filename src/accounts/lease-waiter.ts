import type { PooledLease } from './pooled-lease.ts';
import type { CoaxError } from '../errors.ts';
import type { Lease, LeasePurpose, LeaseRequest } from './lease.ts';
import { purposeOf, rankOf } from './priority.ts';
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
  readonly fail: (error: CoaxError) => void;
}

/**
 * Waiters by what they want the slot for at this moment, first come first served among equals. There is no ageing: everybody's wait is
 * bounded, so that who is passed by more important ones is told in time instead of being served late.
 */
export class WaiterQueue {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  delete(waiter: Waiter): boolean {
    return this.#waiters.delete(waiter);
  }

  /** A copy, in order: granting one changes the queue. */
  inOrder(): Waiter[] {
    return [...this.#waiters].sort((a, b) => rankOf(purposeOf(a.request)) - rankOf(purposeOf(b.request)));
  }
}

/** What a waiter needs of its pool. */
export interface WaiterWatch {
  /** How long a request waits that names no deadline. */
  readonly waitMs: number;
  /** Turns away those of a party whose time is over. Returns for how long the next one may wait; 0 when the request is over. */
  expire(waiter: Waiter): number;
  timeOut(waiter: Waiter): void;
  abort(waiter: Waiter): void;
}

/** A waiter whose deadline and signal are watched until it settles. */
export function makeWaiter(
  request: LeaseRequest,
  { resolve, reject }: { readonly resolve: (lease: Lease) => void; readonly reject: (error: CoaxError) => void },
  watch: WaiterWatch,
): Waiter {
  const waiter: Waiter = {
    request,
    since: performance.now(),
    claim: null,
    claimReason: null,
    searched: false,
    queued: false,
    settled: false,
    grant: (lease) => settle(() => handOut(lease, request.signal, resolve)),
    fail: (error) => settle(() => reject(error)),
  };
  const abort = () => watch.abort(waiter);
  const expire = () => {
    const leftMs = request.deadlineMs === undefined ? watch.expire(waiter) : 0;
    if (leftMs > 0) deadline = setTimeout(expire, Math.ceil(leftMs));
    else watch.timeOut(waiter);
  };
  let deadline = setTimeout(expire, request.deadlineMs ?? watch.waitMs);
  const settle = (finish: () => void) => {
    waiter.settled = true;
    clearTimeout(deadline);
    request.signal.removeEventListener('abort', abort);
    finish();
  };
  request.signal.addEventListener('abort', abort, { once: true });
  return waiter;
}

/** Whether a viewer who asks for something else does not want any more what `older` waits for. */
export function isSuperseded({ request: older }: Waiter, request: Waiter['request']): boolean {
  const purpose: LeasePurpose = purposeOf(older);
  // Nobody gives up one recording for another.
  if (older.zaps !== true || purpose === 'recording' || purpose !== purposeOf(request)) return false;
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
