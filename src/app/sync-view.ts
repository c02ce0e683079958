import type { LeasedSocket } from '../accounts/lease.ts';
import type { Mismatch } from '../accounts/auditor.ts';
import type { PooledLease } from '../accounts/pooled-lease.ts';
import type { SyncView } from '../http/services.ts';
import type { SessionView } from '../model/session-view.ts';

/** Puts leases, sockets towards providers, sessions and consumers side by side, read from the live objects (design C6). */
export function syncView(
  leases: readonly PooledLease[],
  sessions: readonly SessionView[],
  found: readonly Mismatch[],
  sockets: Iterable<LeasedSocket>,
): SyncView {
  const known = new Set(sessions.map(({ id }) => id));
  const held = new Map(leases.map((lease) => [lease.id as string, lease]));
  const mismatches = found.map(({ kind, leaseId = '', sessionId = '' }) => `${kind} ${leaseId} ${sessionId}`.trim());
  for (const { id, leaseId } of sessions) {
    const lease = leaseId === undefined ? undefined : held.get(leaseId);
    if (leaseId !== undefined && lease === undefined)
      mismatches.push(`session ${id} names lease ${leaseId}, which nobody holds`);
    if (lease !== undefined && lease.holder.sessionId !== id)
      mismatches.push(`session ${id} names lease ${lease.id} of session ${lease.holder.sessionId}`);
  }
  for (const lease of leases) {
    if (lease.state !== 'cooling' && !lease.ended && !known.has(lease.holder.sessionId))
      mismatches.push(`lease ${lease.id} belongs to session ${lease.holder.sessionId}, which is not there`);
  }
  return {
    leases: leases.length,
    sockets: [...sockets].filter((socket) => !socket.closed).length,
    relays: sessions.filter(({ kind }) => kind === 'live').length,
    vodSessions: sessions.filter(({ kind }) => kind !== 'live').length,
    consumers: sessions.reduce((sum, { consumers }) => sum + consumers.length, 0),
    mismatches: [...new Set(mismatches)],
  };
}
