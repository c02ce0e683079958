import type { LoginScope } from './login-scope.ts';
import type { LeaseRefusal, PooledLease } from './pooled-lease.ts';

/** A refusal that nothing of ours explains is tried once more after this time: limits of panels lag. */
const unexplainedRetryMs = 1_000;
/** How soon to try again while a slot that was asked for is being closed; on top of what the provider needs to notice. */
const closingRetryMs = 100;
/** After a fresh start the provider may count connections of the run before: how long to wait at most between two tries. */
const graceRetryMs = 2_000;
/** An own close older than that many times the learned cooling, and some, is not why a provider refuses. */
const coolingSlack = 1.5;
const coolingSlackMs = 1_000;

/** What the judgement of a refusal needs of the pool. */
export interface RefusalHouse {
  /** Coax has just started: an earlier run's connections may still be counted. */
  readonly isFresh: boolean;
  /** True while a lease that was asked for, or has ended, still holds its socket. */
  isClosing(lease: PooledLease): boolean;
  /** Asks another holder that the same viewer may dispose of, or that is idle, to yield to `lease`; false when there is none. */
  handOver(lease: PooledLease): boolean;
}

export interface RefusalVerdict {
  /** After how long to try again on the same lease; null when that is no use. */
  readonly waitMs: number | null;
  readonly afterOwnClose: boolean;
}

/**
 * Why a provider refused a connection, and what to do. In this order: a slot that is being closed for this lease, the viewer's own
 * other connection (the usable limit is lower than the one told), a close of ours that is still counted, a former run's connections,
 * others who use the login.
 */
export function judgeRefusal(lease: PooledLease, refusal: LeaseRefusal, house: RefusalHouse): RefusalVerdict {
  const now = performance.now();
  const { scope } = lease;
  const { outcome, broke, count, connectedAt } = refusal;
  const doubtful = outcome === 'doubtful';
  const settledMs = scope.cooling.ms + closingRetryMs;
  if ([...scope.leases].some((other) => other !== lease && house.isClosing(other)))
    return { waitMs: Math.ceil(settledMs), afterOwnClose: true };
  const coolsLong = scope.cooling.closedWithin(scope.cooling.ms * coolingSlack + coolingSlackMs, connectedAt);
  const others = carriers(lease);
  if (!(doubtful && scope.isHandOverVain(now)) && house.handOver(lease)) {
    lease.handedOverFor = outcome;
    if (!coolsLong) scope.learnUsable(others, now);
    return { waitMs: Math.ceil(settledMs), afterOwnClose: false };
  }
  if (scope.cooling.recentCloses(now) === 0) scope.cooling.gaveUp();
  const ownMs = scope.mayStillCountOurs(now) ? scope.cooling.refused({ connectedAt, now, doubtful }) : null;
  if (ownMs !== null) return { waitMs: ownMs, afterOwnClose: true };
  if (house.isFresh && !broke && !scope.cooling.hasWorked && !lease.isTrial)
    return { waitMs: Math.min(graceRetryMs, unexplainedRetryMs * 0.5 * count), afterOwnClose: false };
  if (doubtful) {
    if (lease.handedOverFor !== null) scope.handOverWasVain(now);
    return { waitMs: null, afterOwnClose: false };
  }
  if (count === 1 && scope.external.count(now) === 0) return { waitMs: unexplainedRetryMs, afterOwnClose: false };
  // The provider says full while we are not: others use the rest.
  scope.learnUsable(others, now);
  return { waitMs: null, afterOwnClose: false };
}

/** Learns from a connection that the provider took. */
export function judgeSuccess(lease: PooledLease, connectedAt: number): void {
  const { scope } = lease;
  const { limit } = scope;
  const now = performance.now();
  const external = scope.external.count(now);
  const isFull = limit !== null && scope.used + external >= limit;
  const ours = carriers(lease) + 1;
  if (limit !== null && ours + external > limit) scope.external.disprove(Math.max(0, limit - ours), now);
  scope.cooling.accepted(connectedAt, isFull);
}

/** Leases of the login besides `lease` over which the provider sends something. */
function carriers(lease: PooledLease): number {
  return [...lease.scope.leases].filter((other) => other !== lease && other.carries).length;
}

/** What the refusals of a lease that ends without a success taught is forgotten. */
export function forgetRefusals(lease: PooledLease, scope: LoginScope): void {
  scope.cooling.gaveUp();
  if (lease.handedOverFor === 'doubtful') scope.external.unlearn();
}
