import { LeaseAuditor } from '../accounts/auditor.ts';
import { LeasePool } from '../accounts/lease-pool.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { Catchup } from '../catchup/catchup.ts';
import type { OutputConfig, Settings } from '../config/schema.ts';
import { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../log/metrics.ts';
import type { AccountId, EpisodeId, MovieId, SessionId, SourceId } from '../model/ids.ts';
import type { SessionView } from '../model/session-view.ts';
import { Prober } from '../probe/prober.ts';
import { HostStreams } from '../relay/host/host-streams.ts';
import { HlsSessions } from '../relay/hls-out/hls-sessions.ts';
import { openInputs } from '../relay/open-inputs.ts';
import { createOpenUpstream } from '../relay/open-upstream.ts';
import { Relays } from '../relay/relays.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import { openMediaSockets } from '../sources/media-client-hop.ts';
import { createRangeOpener } from '../vod/open-range.ts';
import { VodSessions } from '../vod/sessions.ts';
import { leaseMetrics, relayMetrics } from './observe.ts';
import { poolSettings } from './pool-settings.ts';
import { syncView } from './sync-view.ts';

/** A provider may still count what an earlier process had open when it was killed. */
const startGraceMs = 30_000;

/** Everything towards providers that is open. */
const openSockets = () => [...openMediaSockets, ...openInputs];

export interface StreamsOptions {
  readonly settings: () => Settings;
  readonly outputs: () => readonly OutputConfig[];
  readonly catalog: Catalog;
  readonly health: BaseUrlHealth;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Others use the login of this account, or the provider refuses it: what it says of itself is worth a look. */
  readonly lookAt: (account: AccountId) => void;
}

/** Everything that plays: the lease pool, live relays, streams of media servers and VOD sessions, with what watches over them. */
export class Streams {
  readonly pool: LeasePool;
  readonly auditor: LeaseAuditor;
  readonly prober: Prober;
  readonly ffmpeg: FfmpegHome;
  readonly relays: Relays;
  readonly host: HostStreams;
  readonly hls: HlsSessions;
  readonly vod: VodSessions;
  readonly catchup: Catchup;

  constructor({ settings, outputs, catalog, health, metrics, log, lookAt }: StreamsOptions) {
    const countLeases = leaseMetrics(metrics);
    this.pool = new LeasePool({
      ...poolSettings(settings, outputs),
      startGraceMs,
      observe: (event) => {
        countLeases(event);
        if (event.kind === 'external-blocks' || (event.kind === 'provider-refused' && !event.afterOwnClose))
          lookAt(event.accountId);
      },
    });
    this.prober = new Prober({ configured: () => settings().ffprobePath, log: log.child({ part: 'probe' }) });
    this.ffmpeg = new FfmpegHome({ configured: settings, log: log.child({ part: 'ffmpeg' }) });
    this.relays = new Relays({
      settings: settings().live,
      leases: this.pool,
      openUpstream: createOpenUpstream(health, this.ffmpeg),
      log: log.child({ part: 'relay' }),
      observer: relayMetrics(metrics),
      onFacts: (_channel, stream, facts) => {
        catalog.channels.saveCodecs(stream, facts);
        this.host.noteFacts();
      },
      factsOf: (id) => catalog.channels.get(id)?.streams.find(({ codecs }) => codecs !== null)?.codecs ?? null,
      complete: (known, sample) => this.prober.complete(known, sample),
    });
    this.host = new HostStreams({ relays: this.relays, holdMs: () => settings().live.holdMs });
    this.hls = new HlsSessions({ relays: this.relays, settings: () => settings().hls });
    this.vod = new VodSessions({
      leases: this.pool,
      open: createRangeOpener(health),
      settings: () => settings().vod,
      log: log.child({ part: 'vod' }),
      onLearned: (id, { size, contentType }) => {
        const facts = { sizeBytes: size, contentType };
        if (catalog.movies.get(id as MovieId) === null) catalog.series.saveFile(id as EpisodeId, facts);
        else catalog.movies.saveFile(id as MovieId, facts);
      },
    });
    const openUpstream = createOpenUpstream(health, this.ffmpeg);
    this.catchup = new Catchup({ files: this.vod, openList: openUpstream, health });
    this.auditor = new LeaseAuditor({
      leases: () => this.pool.leases(),
      sessions: () => new Set(this.sessions().map(({ id }) => id)),
      sockets: openSockets,
      onMismatch: (kind) => metrics.healed.inc({ kind }),
      log: log.child({ part: 'accounts' }),
    });
  }

  /** What plays now; read from the live objects (design C6). */
  sessions(): SessionView[] {
    return [...this.relays.snapshot(), ...this.vod.snapshot()];
  }

  sync() {
    return syncView(this.pool.leases(), this.sessions(), this.auditor.audit(), openSockets());
  }

  /** Ends a session whoever watches it; false when there is none with this id. */
  stopSession(id: SessionId): boolean {
    return this.relays.stop(id) || this.vod.stop(id);
  }

  stopSource(id: SourceId): void {
    for (const session of this.sessions()) if (session.sourceId === id) this.stopSession(session.id);
  }

  /** No stream of a media server comes back any more, and nothing is looked after. */
  stopWatching(): void {
    this.auditor.stop();
    this.host.stop();
    this.hls.stop();
    this.prober.stop();
  }

  /** Ends every relay and session in order. The pool is stopped by its owner, after them. */
  async end(): Promise<void> {
    await Promise.allSettled([this.relays[Symbol.asyncDispose](), this.vod[Symbol.asyncDispose]()]);
  }
}
