import type { LeasePurpose, LeaseRequest } from './lease.ts';
import type { PooledLease } from './pooled-lease.ts';

/** What runs ahead of a viewer's wish never ends what they watch. */
const mayTakeOver: ReadonlySet<LeasePurpose> = new Set(['recording', 'live', 'vod', 'catchup']);

export interface Victim {
  readonly lease: PooledLease;
  readonly reason: 'idle' | 'taken-over';
}

/**
 * Whom to ask for a slot: an idle holder, else the most recently opened one that serves only the viewer who asks. Never the
 * requester's own session, and never a recording that runs.
 */
export function findVictim(
  request: Pick<LeaseRequest, 'viewer' | 'purpose' | 'holder'>,
  leases: readonly PooledLease[],
): Victim | undefined {
  const others = leases.filter(
    (lease) => lease.holder !== request.holder && lease.holder.sessionId !== request.holder.sessionId,
  );
  const idle = others.filter((lease) => lease.holder.isIdle()).sort((a, b) => a.order - b.order)[0];
  if (idle !== undefined) return { lease: idle, reason: 'idle' };
  if (!mayTakeOver.has(request.purpose)) return undefined;
  const own = others
    .filter((lease) => lease.purpose !== 'recording' && lease.holder.isSoleViewer(request.viewer))
    .sort((a, b) => b.order - a.order)[0];
  return own === undefined ? undefined : { lease: own, reason: 'taken-over' };
}
