import type { LeaseEvent, LeaseObserver } from '../accounts/lease-events.ts';
import type { Job } from '../ingest/contract.ts';
import type { Metrics } from '../log/metrics.ts';
import type { RelayObserver } from '../relay/observer.ts';
import type { DatagramWatch } from '../relay/upstream-udp.ts';

/** Writes what happens in the lease pool to the metrics. */
export function leaseMetrics(metrics: Metrics): LeaseObserver {
  return (event: LeaseEvent) => {
    switch (event.kind) {
      case 'granted':
        metrics.grants.inc({ purpose: event.purpose, way: event.way });
        metrics.leaseWait.observe({ purpose: event.purpose }, event.waitedMs / 1000);
        return;
      case 'timed-out':
      case 'aborted':
        metrics.refusals.inc({ reason: event.kind });
        return;
      case 'provider-refused':
        metrics.providerRefusals.inc({ after_own_close: String(event.afterOwnClose) });
        return;
      case 'forced':
        metrics.forced.inc({ what: event.what });
        return;
      default:
    }
  };
}

/** Writes what happens in relays to the metrics. */
export function relayMetrics(metrics: Metrics): RelayObserver {
  return {
    firstByte: (ms) => metrics.firstByte.observe(ms / 1000),
    joined: (ms, cold) => metrics.join.observe({ cold: String(cold) }, ms / 1000),
    // Counts of what is there now are read from the live objects at each scrape.
    consumers: () => {},
    relays: () => {},
    bytes: (received, sent) => {
      if (received > 0) metrics.bytes.inc({ direction: 'in' }, received);
      if (sent > 0) metrics.bytes.inc({ direction: 'out' }, sent);
    },
    skipped: () => metrics.skips.inc(),
    dropped: (code) => metrics.drops.inc({ reason: code }),
    reconnecting: (code) => metrics.reconnects.inc({ reason: code }),
    switched: (reason, gapMs) => {
      metrics.failovers.inc({ reason });
      metrics.switchGap.observe({ reason }, gapMs / 1000);
    },
    slate: (reason) => metrics.slates.inc({ reason }),
    ended: (code) => metrics.relayEnds.inc({ reason: code ?? 'nobody' }),
  };
}

/** Counts jobs once, when they have ended. */
export function jobMetrics(metrics: Metrics): (job: Job) => void {
  return (job) => {
    if (job.endedAt === null) return;
    metrics.refreshes.inc({ state: job.state });
    if (job.rejectCount > 0) metrics.rejects.inc(job.rejectCount);
  };
}

/** Counts what went wrong with datagrams. */
export function datagramMetrics({ datagrams }: Metrics): DatagramWatch {
  return (counts) => {
    for (const [result, count] of Object.entries(counts)) if (count > 0) datagrams.inc({ result }, count);
  };
}
