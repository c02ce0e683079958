import type { Viewer } from '../model/viewer.ts';
import type { LeaseParty, LeasePurpose, LeaseRequest } from './lease.ts';
import type { LoginScope } from './login-scope.ts';
import type { PooledLease } from './pooled-lease.ts';
import { outranks, purposeOf, rankOf } from './priority.ts';

/** Purposes of people: what they want next ends what they watched (design C5). A recording is nobody's next channel. */
const mayTakeOver: ReadonlySet<LeasePurpose> = new Set(['live', 'vod', 'catchup']);
/** What serves nobody who waits for a picture: it makes way even while it runs. */
const servesNobody: ReadonlySet<LeasePurpose> = new Set(['pretune', 'probe']);

export interface Victim {
  readonly lease: PooledLease;
  readonly reason: 'idle' | 'taken-over';
  /** What takes its slot, where that is not the same viewer's next wish. */
  readonly by?: LeasePurpose;
}

/** What the choice needs to know of the pool. */
export interface House {
  /** True for a lease that has ended or whose holder was asked. */
  readonly isLeaving: (lease: PooledLease) => boolean;
  /** Whether a recording may take the slot of somebody who watches. */
  readonly recordingsPreempt: () => boolean;
}

interface Asking extends Pick<LeaseRequest, 'viewer' | 'purpose' | 'holder'> {
  readonly party?: LeaseParty | undefined;
}

/** Everybody who waits for what is asked. */
export function viewersOf({ viewer, party }: Pick<Asking, 'viewer' | 'party'>): readonly Viewer[] {
  const viewers = party?.viewers() ?? [];
  return viewers.length === 0 ? [viewer] : viewers;
}

/**
 * Whom to ask for a slot, in this order: idle holders, those of the least importance first, then the oldest; what runs but serves nobody
 * and is less important; holders that serve only one of the viewers who ask, the most recently opened first; and for a recording, where
 * that is allowed, who watches, the least important and then the last to come first. Never the requester's own session, and never a
 * recording.
 */
export function findVictims(request: Asking, leases: readonly PooledLease[], preempt = false): Victim[] {
  const purpose = purposeOf(request);
  const others = leases.filter(
    (lease) =>
      lease.holder !== request.holder &&
      lease.holder.sessionId !== request.holder.sessionId &&
      lease.purpose !== 'recording',
  );
  const isIdle = (lease: PooledLease): boolean => lease.holder.isIdle();
  const makesWay = (lease: PooledLease): boolean => outranks(purpose, lease.purpose) && servesNobody.has(lease.purpose);
  const lowest = (a: PooledLease, b: PooledLease): number => rankOf(b.purpose) - rankOf(a.purpose);
  const idle = others
    .filter((lease) => isIdle(lease) && (!servesNobody.has(lease.purpose) || makesWay(lease)))
    .sort((a, b) => lowest(a, b) || a.order - b.order);
  const running = others.filter((lease) => !isIdle(lease));
  const nobodys = running.filter(makesWay).sort((a, b) => lowest(a, b) || b.order - a.order);
  const viewers = mayTakeOver.has(purpose) ? viewersOf(request) : [];
  const own = running
    .filter((lease) => !nobodys.includes(lease) && viewers.some((viewer) => lease.holder.isSoleViewer(viewer)))
    .sort((a, b) => b.order - a.order);
  const watched = purpose === 'recording' && preempt ? running.filter((lease) => !nobodys.includes(lease)) : [];
  return [
    ...idle.map((lease): Victim => ({ lease, reason: 'idle' })),
    ...nobodys.map((lease): Victim => ({ lease, reason: 'taken-over', by: purpose })),
    ...own.map((lease): Victim => ({ lease, reason: 'taken-over' })),
    ...watched
      .sort((a, b) => lowest(a, b) || b.order - a.order)
      .map((lease): Victim => ({ lease, reason: 'taken-over', by: purpose })),
  ];
}

/** `findVictims` among the leases of these logins that are not on their way out. */
export function victimsOn(request: Asking, scopes: readonly LoginScope[], house: House): Victim[] {
  const leases = scopes.flatMap((scope) => [...scope.leases]).filter((lease) => !house.isLeaving(lease));
  return findVictims(request, leases, house.recordingsPreempt());
}

/**
 * Whom to ask so that a slot comes free within the limit. That is one, as a swap keeps the number of our connections and is allowed
 * whatever others use. After a limit was lowered a swap would stay beyond it, and the provider would refuse the new one: then as many
 * as make room, and none where that is not enough.
 */
export function victimsForSlot(request: Asking, scopes: readonly LoginScope[], house: House): Victim[] {
  const fits = ({ limit, used }: LoginScope) => limit !== null && used <= limit;
  const [victim] = victimsOn(request, scopes.filter(fits), house);
  if (victim !== undefined) return [victim];
  for (const scope of scopes) {
    if (scope.limit === null || fits(scope)) continue;
    const staying = [...scope.leases].filter((lease) => !house.isLeaving(lease)).length + scope.strays.size;
    const needed = staying - scope.limit + 1;
    const victims = victimsOn(request, [scope], house);
    if (needed > 0 && victims.length >= needed) return victims.slice(0, needed);
  }
  return [];
}
