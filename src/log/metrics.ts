import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** One sample of a gauge that is read from live objects when somebody asks (design C6). */
export interface Sample {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

const waitBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const joinBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const gauges = {
  coax_leases: { help: 'Leases by state', labels: ['state'] },
  coax_lease_waiters: { help: 'Requests that wait for a free connection', labels: [] },
  coax_account_external_connections: {
    help: 'Connections of other programs on the same login, as far as known',
    labels: ['account'],
  },
  coax_account_cooling_seconds: { help: 'How long a closed connection is counted, as learned', labels: ['account'] },
  coax_sessions: { help: 'Live relays and VOD sessions', labels: ['kind'] },
  coax_consumers: { help: 'Readers of relays and VOD sessions', labels: ['kind'] },
  coax_ring_bytes: { help: 'Bytes held in memory for live channels', labels: [] },
  coax_hls_sessions: { help: 'Play sessions of HLS players, those that have only asked among them', labels: [] },
  coax_hls_bytes: { help: 'Bytes of HLS segments held in memory', labels: [] },
  coax_client_connections: { help: 'Open connections of clients', labels: [] },
  coax_auditor_mismatches: {
    help: 'Differences between leases, sockets, sessions and consumers; has to be 0',
    labels: [],
  },
  coax_jobs: { help: 'Jobs by state', labels: ['state'] },
  coax_breakers: { help: 'Circuit breakers of hosts, by what they are for and state', labels: ['profile', 'state'] },
  coax_host_streams: { help: 'Streams that media servers have open, by state', labels: ['state'] },
} as const;

export type GaugeName = keyof typeof gauges;

/** Prometheus metrics. Counters and histograms are written as things happen; gauges are read from the live objects at each scrape. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #samplers: (() => readonly (Sample & { readonly name: GaugeName })[])[] = [];
  readonly #counter = (name: string, help: string, labelNames: readonly string[] = []): Counter =>
    new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  readonly #histogram = (name: string, help: string, labelNames: readonly string[], buckets: number[]): Histogram =>
    new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [this.#registry] });

  readonly grants = this.#counter('coax_lease_grants_total', 'Leases granted, by how the slot became free', [
    'purpose',
    'way',
  ]);
  readonly refusals = this.#counter('coax_lease_refusals_total', 'Requests that got no lease, by reason', ['reason']);
  readonly providerRefusals = this.#counter('coax_provider_refusals_total', 'Capacity refusals of providers', [
    'after_own_close',
  ]);
  readonly breakerChanges = this.#counter('coax_breaker_changes_total', 'Times a circuit breaker changed its state', [
    'profile',
    'state',
  ]);
  readonly breakerRefusals = this.#counter('coax_breaker_refusals_total', 'Requests that a circuit breaker refused', [
    'profile',
  ]);
  readonly forced = this.#counter('coax_lease_forced_total', 'Slots that had to be freed by force', ['what']);
  readonly healed = this.#counter(
    'coax_auditor_healed_total',
    'Mismatches that lasted and were put right; has to stay 0',
    ['kind'],
  );
  readonly leaseWait = this.#histogram(
    'coax_lease_wait_seconds',
    'Time from asking for a lease to getting it',
    ['purpose'],
    waitBuckets,
  );
  readonly firstByte = this.#histogram(
    'coax_upstream_first_byte_seconds',
    'Time from connecting to a provider to its first media byte',
    [],
    waitBuckets,
  );
  readonly join = this.#histogram(
    'coax_join_seconds',
    'Time from a live request to its first bytes',
    ['cold'],
    joinBuckets,
  );
  readonly bytes = this.#counter('coax_media_bytes_total', 'Media bytes', ['direction']);
  readonly skips = this.#counter('coax_consumer_skips_total', 'Times a slow consumer skipped to a key frame');
  readonly pretunes = this.#counter(
    'coax_pretunes_total',
    'Channels opened ahead, and changes of channel to one that was or was not',
    ['result'],
  );
  readonly datagrams = this.#counter(
    'coax_datagrams_total',
    'Datagrams of channels over UDP that were lost, came twice or too late, were put in order, or belonged to something else',
    ['result'],
  );
  readonly drops = this.#counter('coax_consumer_drops_total', 'Consumers that were dropped, by reason', ['reason']);
  readonly reconnects = this.#counter('coax_upstream_reconnects_total', 'Upstreams opened anew, by reason', ['reason']);
  readonly failovers = this.#counter('coax_failovers_total', 'Changes of a channel to another stream, by reason', [
    'reason',
  ]);
  readonly switchGap = this.#histogram(
    'coax_switch_gap_seconds',
    'Time from the loss of a stream, as it was noticed, to the first bytes of the next one; 0 where the old one played on meanwhile',
    ['reason'],
    waitBuckets,
  );
  readonly slates = this.#counter('coax_slates_total', 'Times viewers were shown why there is no channel, by reason', [
    'reason',
  ]);
  readonly relayEnds = this.#counter('coax_relay_ends_total', 'Relays that ended, by reason', ['reason']);
  readonly refreshes = this.#counter('coax_refreshes_total', 'Refreshes that ended, by state', ['state']);
  readonly rejects = this.#counter('coax_ingest_rejects_total', 'Items of lists and guides that could not be used');

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, { help, labels }] of Object.entries(gauges)) {
      this.#gauges.set(name, new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] }));
    }
  }

  /** Adds a source of gauges. */
  sampleFrom(sampler: () => readonly (Sample & { readonly name: GaugeName })[]): void {
    this.#samplers.push(sampler);
  }

  /** The exposition format of Prometheus. */
  text(): Promise<string> {
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const sampler of this.#samplers) {
      for (const { name, labels, value } of sampler()) {
        const gauge = this.#gauges.get(name);
        if (labels === undefined) gauge?.inc(value);
        else gauge?.inc(labels, value);
      }
    }
    return this.#registry.metrics();
  }
}
