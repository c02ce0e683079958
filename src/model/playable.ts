import type { AccountId, ChannelId, SourceId, StreamId } from './ids.ts';
import type { UpstreamRequest } from './upstream-request.ts';

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

/** A movie, an episode or a piece of an archive, as a VOD session needs it. */
export interface PlayableFile {
  /** Movie or episode id. */
  readonly itemId: string;
  readonly title: string;
  readonly ext: string;
  /** As learned from earlier playback; empty while it is not known. */
  readonly contentType: string;
  readonly sourceId: SourceId;
  readonly accounts: readonly AccountId[];
  /** The size known from earlier playback, in bytes; answers HEAD without the provider. */
  readonly knownSize?: number;
  request(account: AccountId): UpstreamRequest;
}
