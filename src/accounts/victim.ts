import type { Viewer } from '../model/viewer.ts';
import type { LeasePurpose, LeaseRequest } from './lease.ts';
import type { LoginScope } from './login-scope.ts';
import type { PooledLease } from './pooled-lease.ts';

/** What runs ahead of a viewer's wish never ends what they watch. */
const mayTakeOver: ReadonlySet<LeasePurpose> = new Set(['recording', 'live', 'vod', 'catchup']);

export interface Victim {
  readonly lease: PooledLease;
  readonly reason: 'idle' | 'taken-over';
}

type Asking = Pick<LeaseRequest, 'viewer' | 'party' | 'purpose' | 'holder'>;

/** Everybody who waits for what is asked. */
export function viewersOf({ viewer, party }: Pick<LeaseRequest, 'viewer' | 'party'>): readonly Viewer[] {
  const viewers = party?.viewers() ?? [];
  return viewers.length === 0 ? [viewer] : viewers;
}

/**
 * Whom to ask for a slot: idle holders, oldest first, then those that serve only one of the viewers who ask, the most recently opened
 * first. Never the requester's own session, and never a recording that runs.
 */
export function findVictims(request: Asking, leases: readonly PooledLease[]): Victim[] {
  const others = leases.filter(
    (lease) => lease.holder !== request.holder && lease.holder.sessionId !== request.holder.sessionId,
  );
  const idle = others.filter((lease) => lease.holder.isIdle()).sort((a, b) => a.order - b.order);
  const victims: Victim[] = idle.map((lease) => ({ lease, reason: 'idle' }));
  if (!mayTakeOver.has(request.purpose)) return victims;
  const viewers = viewersOf(request);
  const own = others
    .filter((lease) => !idle.includes(lease) && lease.purpose !== 'recording')
    .filter((lease) => viewers.some((viewer) => lease.holder.isSoleViewer(viewer)))
    .sort((a, b) => b.order - a.order);
  return [...victims, ...own.map((lease): Victim => ({ lease, reason: 'taken-over' }))];
}

type IsLeaving = (lease: PooledLease) => boolean;

/** `findVictims` among the leases of these logins that are not on their way out. */
export function victimsOn(request: Asking, scopes: readonly LoginScope[], isLeaving: IsLeaving): Victim[] {
  const leases = scopes.flatMap((scope) => [...scope.leases]).filter((lease) => !isLeaving(lease));
  return findVictims(request, leases);
}

/**
 * Whom to ask so that a slot comes free within the limit. That is one, as a swap keeps the number of our connections and is allowed
 * whatever others use. After a limit was lowered a swap would stay beyond it, and the provider would refuse the new one: then as many
 * as make room, and none where that is not enough.
 */
export function victimsForSlot(request: Asking, scopes: readonly LoginScope[], isLeaving: IsLeaving): Victim[] {
  const fits = ({ limit, used }: LoginScope) => limit !== null && used <= limit;
  const [victim] = victimsOn(request, scopes.filter(fits), isLeaving);
  if (victim !== undefined) return [victim];
  for (const scope of scopes) {
    if (scope.limit === null || fits(scope)) continue;
    const staying = [...scope.leases].filter((lease) => !isLeaving(lease)).length + scope.strays.size;
    const needed = staying - scope.limit + 1;
    const victims = victimsOn(request, [scope], isLeaving);
    if (needed > 0 && victims.length >= needed) return victims.slice(0, needed);
  }
  return [];
}
