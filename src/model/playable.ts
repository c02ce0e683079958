import type { ArchiveWay, ArchiveWindow } from './archive.ts';
import type { AccountId, ChannelId, SourceId, StreamId } from './ids.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** What lies on each side of something, nearest first. */
export interface Beside<Item> {
  readonly before: readonly Item[];
  readonly after: readonly Item[];
}

/** One playable upstream, with the accounts it can be pulled on. */
export interface PlayableStream {
  readonly streamId: StreamId;
  readonly sourceId: SourceId;
  readonly accounts: readonly AccountId[];
  request(account: AccountId): UpstreamRequest;
}

/** A channel as the relay needs it: its streams in order of preference. */
export interface PlayableChannel {
  readonly channelId: ChannelId;
  readonly name: string;
  readonly streams: readonly PlayableStream[];
}

/** A movie, an episode or a programme of an archive, as a VOD session needs it. */
export interface PlayableFile {
  /** What the connection is for; a film when absent. */
  readonly purpose?: 'vod' | 'catchup';
  /** Movie or episode id; for an archive, one that names channel and time. */
  readonly itemId: string;
  /** Of an archive. */
  readonly channelId?: ChannelId;
  readonly title: string;
  readonly ext: string;
  /** As learned from earlier playback; empty while it is not known. */
  readonly contentType: string;
  readonly sourceId: SourceId;
  /** In order of preference. */
  readonly accounts: readonly AccountId[];
  /**
   * Names the file an account would serve, where that is not the same for all: other sources may have the same title in a file of their
   * own. A session stays with the file it began with.
   */
  fileOf?(account: AccountId): string;
  /** The size known from earlier playback, in bytes; answers HEAD without the provider. */
  readonly knownSize?: number;
  request(account: AccountId): UpstreamRequest;
}

/** A time of a channel's archive, as its player needs it. */
export interface PlayableArchive {
  readonly file: PlayableFile;
  /** Names the stream that is most likely played. */
  readonly rateKey: string;
  /** The ways to a piece of it on an account, best first; of all streams that the account can serve. */
  ways(account: AccountId, window: ArchiveWindow): readonly ArchiveWay[];
}
