import type { Socket } from 'node:net';
import type { CoaxError } from '../errors.ts';
import type { OutputId, SessionId } from '../model/ids.ts';
import type { PlayableChannel } from '../model/playable.ts';
import type { Viewer } from '../model/viewer.ts';
import type { Ring } from './ring.ts';

export type { PlayableChannel, PlayableStream } from '../model/playable.ts';
export type { ConsumerView, SessionView } from '../model/session-view.ts';

/** `pretune`: opened ahead, before anybody asks for it; for holds only. */
export type LivePurpose = 'live' | 'recording' | 'pretune';

export interface LiveRequest {
  readonly channel: PlayableChannel;
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  /** Aborts when the client goes away, in the same tick (design C2); with a CoaxError as its reason when it is sent away. */
  readonly signal: AbortSignal;
  /** What it is opened for; the most important one of all who share a connection counts. Live when absent. */
  readonly purpose?: LivePurpose;
  /**
   * Show why there is nothing to see, as a stream, instead of an error: while all connections are in use, while the channel can not be
   * opened or takes long, and when it is lost for good. The channel is tried again behind it and goes on in the same stream; after
   * `live.slateMs` the stream ends.
   */
  readonly slates?: boolean;
}

/** A reader that takes from the ring by itself. Called synchronously; must not throw. */
export interface RingReader {
  /** There is something new in the ring. */
  grown(): void;
  /** True while nobody seems to be there for whom it reads: its connection may go to somebody who waits for one. Never when absent. */
  isSilent?(): boolean;
  /** Its place is gone: the stream is over, or it was dropped. Not called when it left by itself. */
  ended(error: CoaxError): void;
}

/** One consumer's place at a relay. */
export interface LiveConsumer {
  readonly relayId: SessionId;
  /**
   * Writes to a socket whose HTTP head is already out: first PAT, PMT and a key frame with the backlog, then live. The socket is ended
   * when the stream is over and destroyed when the consumer is dropped. Call it in the turn `open` resolves.
   */
  pipe(socket: Socket): void;
  /** What it reads. */
  readonly ring: Ring;
  /**
   * Instead of `pipe`: takes from `ring` by itself, and is told when that grows. What it gives to its client is told with `took`. Call it
   * in the turn `open` resolves.
   */
  read(reader: RingReader): void;
  /** A reader has given so many bytes to its client. */
  took(bytes: number): void;
  /** Calls `listener` once, in the turn in which its place is gone, whoever ended it; at once when that has happened. */
  onLeft(listener: () => void): void;
  /** Leaves synchronously; idempotent. The last one out closes the upstream or starts its linger. */
  leave(): void;
}
