import type { LeaseHolder } from './lease.ts';
import type { Waiter } from './lease-waiter.ts';
import type { LoginScope } from './login-scope.ts';
import type { PooledLease } from './pooled-lease.ts';

export interface OutlookParts {
  /** In the order in which they are served. */
  readonly waiters: readonly Waiter[];
  readonly scopesOf: (waiter: Waiter) => readonly LoginScope[];
  readonly isLeaving: (lease: PooledLease) => boolean;
}

/** True when `holder` waits for a slot and none is on its way: nobody was asked to give way, and nothing closes or cools. */
export function isHopeless(holder: LeaseHolder, { waiters, scopesOf, isLeaving }: OutlookParts, now: number): boolean {
  const place = waiters.findIndex(({ request }) => request.holder === holder);
  const own = waiters[place];
  if (own === undefined || own.claim !== null) return false;
  const claimed = new Set(waiters.map(({ claim }) => claim));
  const leaves = (lease: PooledLease): boolean => isLeaving(lease) && !claimed.has(lease);
  const earlier = waiters.slice(0, place).filter(({ claim }) => claim === null);
  return scopesOf(own).every((scope) => {
    const others = earlier.filter((waiter) => scopesOf(waiter).includes(scope));
    return scope.comingSlots(leaves, now) <= others.length;
  });
}
