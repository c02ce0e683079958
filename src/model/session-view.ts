import type { CodecFacts } from './codec-facts.ts';
import type { AccountId, ChannelId, OutputId, SessionId, SourceId, StreamId } from './ids.ts';
import type { SwitchReason } from './switch-reason.ts';
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

/** A channel went on with another stream, or with the same one on another account. */
export interface SwitchView {
  readonly reason: SwitchReason;
  /** Unix milliseconds. */
  readonly at: number;
  /** From the loss, as it was noticed, to the first new bytes; 0 where the old stream played on meanwhile. */
  readonly gapMs: number;
  readonly from: StreamId;
  readonly fromAccount: AccountId;
  readonly to: StreamId;
  readonly toAccount: AccountId;
}

/** Where a live channel stands among the ways to play it. */
export interface FailoverView {
  /** How many ways there are: each stream on each account. */
  readonly candidates: number;
  /** Which of them plays, from 1. */
  readonly candidate?: number;
  /** Attempts to go on within the last minute. */
  readonly attempts: number;
  readonly switches: number;
  readonly lastSwitch?: SwitchView;
}

/** What is known of a stream from playing it. */
export interface StreamHealthView {
  /** `resting`: it failed lately and is tried after the others; `recovering`: it failed a while ago. */
  readonly state: 'good' | 'recovering' | 'resting';
  /** Failures in a row. */
  readonly failures: number;
  /** Unix milliseconds. */
  readonly restsUntil?: number;
  readonly lastFailure?: {
    readonly code: string;
    readonly reason: SwitchReason;
    readonly message: string;
    readonly at: number;
    readonly accountId: AccountId;
  };
}

/** How a channel is transcoded. */
export interface TranscodeView {
  readonly profile: string;
  /** Of ffmpeg, while it runs. */
  readonly pid?: number;
  /** In times of real time; null while it has not said. Below 1 for long, it is too slow for the channel. */
  readonly speed?: number | null;
  /** How often it fell so far behind that some of the channel was left out. */
  readonly skips?: number;
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
  /** Of a live channel. */
  readonly failover?: FailoverView;
  /** It is made of another live channel of this list by ffmpeg. */
  readonly transcode?: TranscodeView;
  readonly consumers: readonly ConsumerView[];
  /** For whom it is kept open although they may not read now. */
  readonly heldFor?: readonly Viewer[];
  /** What a live stream carries, once that is known. */
  readonly facts?: CodecFacts;
}
