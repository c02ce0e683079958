import type { LeaseHolder, LeaseParty, Leases } from '../accounts/lease.ts';
import type { CoaxError } from '../errors.ts';
import type { StreamId } from '../model/ids.ts';
import type { SwitchView } from '../model/session-view.ts';
import type { Viewer } from '../model/viewer.ts';
import type { Candidate } from './candidates.ts';
import type { ConnectionHome, ConnectionTimes } from './connection.ts';
import type { LivePurpose, PlayableChannel } from './contract.ts';
import type { RelayState } from './relay-state.ts';
import type { StreamHealth } from './stream-health.ts';
import type { OpenUpstream } from './upstream.ts';

export interface FeedTimes extends ConnectionTimes {
  readonly startMs: number;
  readonly ringMs: number;
  readonly ringBytes: number;
}

/** What the feed needs of its relay. Called synchronously. */
export interface FeedHome {
  /** Where packets go. */
  readonly outlet: ConnectionHome['outlet'];
  readonly holder: LeaseHolder;
  readonly viewer: Viewer;
  readonly purpose: LivePurpose;
  /** Everybody who waits. */
  readonly party: LeaseParty;
  /** Aborts when the relay closes. */
  readonly signal: AbortSignal;
  /** The channel as it can be played now. */
  channel(): PlayableChannel;
  enter(state: RelayState): void;
  /**
   * Another relay may serve the stream already: where nobody has got anything yet, this one closes, and its consumers go there. Aborts
   * `signal` in that case.
   */
  look(stream: StreamId): void;
  /** Whether another relay has this stream open on this account, and this one can not go there. */
  isTaken(candidate: Candidate): boolean;
  /** Makes this relay the one that serves the stream on this account. False when another one does, see `look`. */
  claim(candidate: Candidate): boolean;
  /** Gives up what was claimed, all but `kept`. */
  unclaim(kept: Candidate | null): void;
  firstByte(ms: number): void;
  /** The provider says that it is full; it is asked again in a moment. */
  full(): void;
  reconnecting(error: CoaxError, attempt: number): void;
  /** A stream could not be opened on an account. */
  failed(candidate: Candidate, error: CoaxError): void;
  /** The channel goes on with another stream. */
  switched(change: SwitchView): void;
  /** What plays is not worth watching, and there is nothing better. Told once for a connection. */
  endured(error: CoaxError): void;
}

export interface FeedOptions {
  readonly home: FeedHome;
  readonly leases: Leases;
  readonly open: OpenUpstream;
  readonly times: FeedTimes;
  readonly health: StreamHealth;
  readonly random?: () => number;
}
