import { LeaseAuditor } from '../accounts/auditor.ts';
import { LeasePool } from '../accounts/lease-pool.ts';
import { Redirects } from '../accounts/redirects.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Channel } from '../catalog/contract.ts';
import { Catchup } from '../catchup/catchup.ts';
import type { OutputConfig, Settings } from '../config/schema.ts';
import { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../log/metrics.ts';
import type { AccountId, EpisodeId, MovieId, SessionId, SourceId, StreamId } from '../model/ids.ts';
import type { PlayableChannel } from '../model/playable.ts';
import type { SessionView } from '../model/session-view.ts';
import { Prober } from '../probe/prober.ts';
import { Front } from '../relay/front.ts';
import { HostStreams } from '../relay/host/host-streams.ts';
import { HlsSessions } from '../relay/hls-out/hls-sessions.ts';
import { openInputs } from '../relay/open-inputs.ts';
import { hlsPolicy } from '../relay/hls-in/variant-choice.ts';
import { createOpenUpstream } from '../relay/open-upstream.ts';
import { Pretune, type PretuneOptions } from '../relay/pretune/pretune.ts';
import { Relays } from '../relay/relays.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import type { Breakers } from '../sources/breakers.ts';
import { openMediaSockets } from '../sources/media-client-hop.ts';
import { ProfileDesk } from '../transcode/profile-desk.ts';
import { TranscodeSlots } from '../transcode/transcode-slots.ts';
import { Transcodes } from '../transcode/transcodes.ts';
import { createRangeOpener } from '../vod/open-range.ts';
import { VodSessions } from '../vod/sessions.ts';
import { datagramMetrics, leaseMetrics, relayMetrics } from './observe.ts';
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
  /** What lies beside a channel of an output. */
  readonly neighbours: PretuneOptions['neighbours'];
  /** How a channel can be played now. */
  readonly playable: (channel: Channel) => PlayableChannel;
  readonly health: BaseUrlHealth;
  readonly breakers: Breakers;
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
  /** Channels as providers send them. */
  readonly relays: Relays;
  /** Channels as outputs want them. */
  readonly live: Transcodes;
  readonly pretune: Pretune;
  /** Where viewers come to them. */
  readonly front: Front;
  readonly profiles: ProfileDesk;
  readonly host: HostStreams;
  readonly hls: HlsSessions;
  readonly vod: VodSessions;
  readonly catchup: Catchup;
  readonly redirects: Redirects;

  constructor({
    settings,
    outputs,
    catalog,
    neighbours,
    playable,
    health,
    breakers,
    metrics,
    log,
    lookAt,
  }: StreamsOptions) {
    const forLive = health.behind(breakers.gate('live'));
    const forFiles = health.behind(breakers.gate('file'));
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
      openUpstream: createOpenUpstream(
        { health: forLive, hls: () => hlsPolicy(settings().live) },
        this.ffmpeg,
        datagramMetrics(metrics),
      ),
      log: log.child({ part: 'relay' }),
      observer: relayMetrics(metrics),
      onFacts: (_channel, stream, facts) => {
        catalog.channels.saveCodecs(stream, facts);
        this.host.noteFacts();
      },
      channelOf: (id) => {
        const channel = catalog.channels.get(id);
        return channel === null ? null : playable(channel);
      },
      factsOf: (id) => catalog.channels.get(id)?.streams.find(({ codecs }) => codecs !== null)?.codecs ?? null,
      complete: (known, sample) => this.prober.complete(known, sample),
    });
    const slots = new TranscodeSlots(() => settings().transcode.maxRunning);
    this.live = new Transcodes({
      relays: this.relays,
      profileOf: (id) => outputs().find((output) => output.id === id)?.profile ?? '',
      settings: () => settings().live,
      transcode: () => settings().transcode,
      ffmpeg: this.ffmpeg,
      slots,
      log: log.child({ part: 'transcode' }),
      complete: (known, sample) => this.prober.complete(known, sample),
      onFacts: () => this.host.noteFacts(),
    });
    this.profiles = new ProfileDesk({ settings: () => settings().transcode, ffmpeg: this.ffmpeg, slots });
    this.pretune = new Pretune({
      relays: this.relays,
      settings: () => settings().live.pretune,
      neighbours,
      hasSpare: (accounts, more) => this.pool.hasSpare(accounts, more),
      observe: (result) => metrics.pretunes.inc({ result }),
      log: log.child({ part: 'pretune' }),
    });
    this.front = new Front({
      relays: this.live,
      seats: this.pool.seats,
      began: (request) => this.pretune.began(request),
    });
    this.host = new HostStreams({ relays: this.front, holdMs: () => settings().live.holdMs });
    this.hls = new HlsSessions({
      relays: this.front,
      variantOf: (output) => this.live.variantOf(output),
      settings: () => settings().hls,
    });
    this.vod = new VodSessions({
      leases: this.pool,
      seats: this.pool.seats,
      open: createRangeOpener(forFiles),
      settings: () => settings().vod,
      log: log.child({ part: 'vod' }),
      onLearned: (id, { size, contentType }) => {
        const facts = { sizeBytes: size, contentType };
        if (catalog.movies.get(id as MovieId) === null) catalog.series.saveFile(id as EpisodeId, facts);
        else catalog.movies.saveFile(id as MovieId, facts);
      },
    });
    const openUpstream = createOpenUpstream({ health: forFiles, hls: () => hlsPolicy(settings().live) }, this.ffmpeg);
    this.catchup = new Catchup({ files: this.vod, openList: openUpstream, health: forFiles });
    this.redirects = new Redirects({ pool: this.pool, lookAt, log: log.child({ part: 'redirect' }) });
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
    return [...this.live.snapshot(), ...this.vod.snapshot(), ...this.redirects.snapshot()];
  }

  sync() {
    return syncView(this.pool.leases(), this.sessions(), this.auditor.audit(), openSockets());
  }

  /** Goes on with another stream of a channel; `id` is that of a session, or of a media server's stream. Null when there is none. */
  async next(id: string, asked: StreamId | null): Promise<SessionView | null> {
    const channelId = this.host.get(id)?.channelId ?? this.sessions().find((session) => session.id === id)?.channelId;
    const sources = this.relays.snapshot().filter((session) => session.state !== 'closing');
    // What is transcoded comes from the relay of its channel.
    const source = sources.find((session) => session.id === id) ?? sources.find((each) => each.channelId === channelId);
    return source === undefined || channelId === undefined ? null : this.relays.next(source.id, asked);
  }

  /** Ends a session whoever watches it; false when there is none with this id. */
  stopSession(id: SessionId): boolean {
    return this.live.stop(id) || this.vod.stop(id) || this.redirects.stop(id);
  }

  stopSource(id: SourceId): void {
    for (const session of this.sessions()) if (session.sourceId === id) this.stopSession(session.id);
  }

  /** No stream of a media server comes back any more, and nothing is looked after. */
  stopWatching(): void {
    this.auditor.stop();
    this.host.stop();
    this.pretune.stop();
    this.hls.stop();
    this.prober.stop();
  }

  /** Ends every relay and session in order. The pool is stopped by its owner, after them. */
  async end(): Promise<void> {
    this.redirects.end();
    await Promise.allSettled([this.live[Symbol.asyncDispose](), this.vod[Symbol.asyncDispose]()]);
  }
}
