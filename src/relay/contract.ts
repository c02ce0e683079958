import type { Socket } from 'node:net';
import type { AccountId, ChannelId, OutputId, SessionId, SourceId, StreamId } from '../model/ids.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';
import type { Viewer } from '../model/viewer.ts';

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

export interface LiveRequest {
  readonly channel: PlayableChannel;
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  /** Aborts when the client goes away, in the same tick (design C2). */
  readonly signal: AbortSignal;
}

/** One consumer's place at a relay. */
export interface LiveConsumer {
  readonly relayId: SessionId;
  /**
   * Writes to a socket whose HTTP head is already out: first PAT, PMT and a key frame with the backlog, then live. The socket is ended
   * when the stream is over and destroyed when the consumer is dropped. Call it in the turn `open` resolves.
   */
  pipe(socket: Socket): void;
  /** Leaves synchronously; idempotent. The last one out closes the upstream or starts its linger. */
  leave(): void;
}

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
  readonly kind: 'live' | 'vod';
  readonly state: string;
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
}
