import type { Redirects } from '../accounts/redirects.ts';
import type { AccountView } from '../accounts/account-view.ts';
import type { CatalogReads, Channel, RequestPatch } from '../catalog/contract.ts';
import type { Catchup } from '../catchup/catchup.ts';
import type { ConfigStore } from '../config/store.ts';
import type { GuideReads } from '../guide/contract.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobReads, RefreshService } from '../ingest/contract.ts';
import type { Lineup } from '../lineup/lineup.ts';
import type { Logos } from '../lineup/logos.ts';
import type { Pictures } from '../lineup/pictures.ts';
import type { ProgrammeFiles } from '../lineup/programme-files.ts';
import type { Publisher } from '../lineup/publisher.ts';
import type { Log } from '../log/log.ts';
import type { ChannelId, SessionId, SourceId, StreamId } from '../model/ids.ts';
import type { PlayableFile } from '../model/playable.ts';
import type { SessionView, StreamHealthView } from '../model/session-view.ts';
import type { LiveConsumer, LiveRequest } from '../relay/contract.ts';
import type { HlsSessions } from '../relay/hls-out/hls-sessions.ts';
import type { HostStreams } from '../relay/host/host-streams.ts';
import type { Breakers } from '../sources/breakers.ts';
import type { LoginReport } from '../sources/contract.ts';
import type { ProfileDesk } from '../transcode/profile-desk.ts';
import type { FileServer } from '../vod/contract.ts';

/** Leases, sockets, sessions and consumers side by side: `mismatches` has to be empty (design C6). */
export interface SyncView {
  readonly leases: number;
  readonly sockets: number;
  readonly relays: number;
  readonly vodSessions: number;
  readonly consumers: number;
  readonly mismatches: readonly string[];
}

export interface LiveServer {
  open(request: LiveRequest): Promise<LiveConsumer>;
}

export interface Health {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** What the HTTP layer is given. It calls these directly and decides nothing itself. */
export interface Services {
  readonly version: string;
  readonly log: Log;
  readonly redact: (text: string) => string;
  readonly config: ConfigStore;
  readonly catalog: CatalogReads;
  readonly guide: GuideReads;
  readonly jobs: JobReads;
  readonly refreshes: RefreshService;
  readonly lineup: Lineup;
  readonly publisher: Publisher;
  readonly programmes: ProgrammeFiles;
  readonly pictures: Pictures;
  readonly logos: Logos;
  readonly hosts: Hosts;
  readonly live: LiveServer;
  readonly hostStreams: HostStreams;
  readonly hls: HlsSessions;
  readonly profiles: Pick<ProfileDesk, 'overview' | 'check'>;
  readonly files: FileServer & {
    head(file: PlayableFile): { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  };
  readonly redirects: Pick<Redirects, 'open'>;
  readonly breakers: Pick<Breakers, 'list' | 'set'>;
  /** What a channel's own streams are asked with; a field that is null goes back. Null when there is no such channel. */
  readonly setChannelRequest: (id: ChannelId, patch: RequestPatch | null) => Promise<Channel | null>;
  readonly catchup: Catchup;
  readonly accounts: () => readonly AccountView[];
  readonly sessions: () => readonly SessionView[];
  /** False when there is no such session. Attached clients are ended. */
  readonly stopSession: (id: SessionId) => boolean;
  /** Another stream of the channel under the same consumers; null when there is no such session, or stream of a media server. See `Relays.next`. */
  readonly nextStream: (id: string, asked: StreamId | null) => Promise<SessionView | null>;
  readonly streamHealth: (id: StreamId) => StreamHealthView;
  readonly sync: () => SyncView;
  readonly testSource: (id: SourceId, signal: AbortSignal) => Promise<readonly LoginReport[]>;
  /** After a source went from the configuration: its job is cancelled, its streams are stopped, its catalogue is cleared behind. */
  readonly removeSource: (id: SourceId) => void;
  readonly health: () => Health;
  readonly metrics: () => Promise<string>;
}
