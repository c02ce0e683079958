import type { CodecFacts } from './codec-facts.ts';
import type { AccountId, ChannelId, OutputId, SessionId, SourceId, StreamId } from './ids.ts';
import type { Viewer } from './viewer.ts';

export interface ConsumerView {
  readonly id: string;
  readonly viewer: Viewer;
  readonly outputId?: OutputId;
  readonly since: number;
  readonly bytes: number;
  /** How far behind live it reads, in milliseconds. */
  readonly lagMs: number;
  readonly skips: number;
}

/** A relay or a VOD session as the API lists it: read from the live object, never kept apart (design C6). */
export interface SessionView {
  readonly id: SessionId;
  readonly kind: 'live' | 'vod' | 'catchup';
  readonly state: string;
  /** Why there is nothing to see, in words; while `state` is `slate`. */
  readonly reason?: string;
  readonly title: string;
  readonly channelId?: ChannelId;
  readonly itemId?: string;
  readonly streamId?: StreamId;
  readonly sourceId?: SourceId;
  readonly accountId?: AccountId;
  readonly leaseId?: string;
  readonly since: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bits per second over the last seconds. */
  readonly bitRate: number;
  readonly bufferedBytes: number;
  readonly bufferedMs: number;
  readonly reconnects: number;
  readonly consumers: readonly ConsumerView[];
  /** For whom it is kept open although they may not read now. */
  readonly heldFor?: readonly Viewer[];
  /** What a live stream carries, once that is known. */
  readonly facts?: CodecFacts;
}
