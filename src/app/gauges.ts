import type { LeasePool } from '../accounts/lease-pool.ts';
import type { Job } from '../ingest/contract.ts';
import type { GaugeName, Sample } from '../log/metrics.ts';
import type { SessionView } from '../model/session-view.ts';

type GaugeSample = Sample & { readonly name: GaugeName };

export interface GaugeSources {
  readonly pool: Pick<LeasePool, 'leases' | 'snapshot'>;
  readonly sessions: readonly SessionView[];
  readonly connections: number;
  readonly jobs: readonly Job[];
  readonly hls: { readonly size: number; readonly bytes: number };
  readonly hostStreams: readonly { readonly state: string }[];
  readonly breakers: readonly { readonly profile: string; readonly state: string }[];
  readonly mismatches: number;
}

/** The gauges of one scrape, read from the live objects. Samples of one name and label add up. */
export function gauges({
  pool,
  sessions,
  connections,
  jobs,
  hls,
  hostStreams,
  breakers,
  mismatches,
}: GaugeSources): GaugeSample[] {
  const accounts = pool.snapshot();
  return [
    ...pool.leases().map(({ state }): GaugeSample => ({ name: 'coax_leases', labels: { state }, value: 1 })),
    { name: 'coax_lease_waiters', value: accounts.reduce((sum, { waiters }) => sum + waiters, 0) },
    ...accounts.map(
      ({ id, external }): GaugeSample => ({
        name: 'coax_account_external_connections',
        labels: { account: id },
        value: external,
      }),
    ),
    ...accounts.map(
      ({ id, coolingMs }): GaugeSample => ({
        name: 'coax_account_cooling_seconds',
        labels: { account: id },
        value: coolingMs / 1000,
      }),
    ),
    { name: 'coax_hls_sessions', value: hls.size },
    { name: 'coax_hls_bytes', value: hls.bytes },
    ...sessions.flatMap(({ kind, consumers, bufferedBytes }): GaugeSample[] => [
      { name: 'coax_sessions', labels: { kind }, value: 1 },
      { name: 'coax_consumers', labels: { kind }, value: consumers.length },
      ...(kind === 'live' ? [{ name: 'coax_ring_bytes' as const, value: bufferedBytes }] : []),
    ]),
    ...jobs
      .filter(({ endedAt }) => endedAt === null)
      .map(({ state }): GaugeSample => ({ name: 'coax_jobs', labels: { state }, value: 1 })),
    ...hostStreams.map(({ state }): GaugeSample => ({ name: 'coax_host_streams', labels: { state }, value: 1 })),
    ...breakers.map(
      ({ profile, state }): GaugeSample => ({ name: 'coax_breakers', labels: { profile, state }, value: 1 }),
    ),
    { name: 'coax_client_connections', value: connections },
    { name: 'coax_auditor_mismatches', value: mismatches },
  ];
}
