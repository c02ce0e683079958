import type { Leases } from '../accounts/lease.ts';
import type { Settings } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { ChannelId, StreamId } from '../model/ids.ts';
import type { SendQueueOf } from '../net/send-queues.ts';
import type { Candidate } from './candidates.ts';
import type { PlayableChannel } from './contract.ts';
import type { CompleteFacts } from './facts-watch.ts';
import type { Farewells } from './farewells.ts';
import type { RelayObserver } from './observer.ts';
import type { Relay } from './relay.ts';
import type { StreamHealth } from './stream-health.ts';
import type { SourcePace } from './source-pace.ts';
import type { OpenUpstream } from './upstream.ts';

/** Collaborators that all relays share. */
export interface RelayParts {
  readonly settings: Settings['live'];
  readonly leases: Leases;
  readonly openUpstream: OpenUpstream;
  readonly observer: RelayObserver;
  readonly log: Log;
  readonly farewells: Farewells;
  readonly onFacts: (channelId: ChannelId, streamId: StreamId, facts: CodecFacts) => void;
  /** What is known of a channel from earlier. */
  readonly factsOf: (channelId: ChannelId) => CodecFacts | null;
  /** A channel as it can be played now: its streams may have changed since it was opened. */
  readonly channelNow: (channel: PlayableChannel) => PlayableChannel;
  /** What is known of streams that failed. */
  readonly health: StreamHealth;
  /** Which sources send no backlog; nobody where that does not matter. */
  readonly pace: Pick<SourcePace, 'note' | 'isSlow'>;
  readonly completeFacts: CompleteFacts | null;
  readonly sendQueueOf: SendQueueOf;
  /** Throws on a change of state that the table does not know, instead of logging it. */
  readonly strict: boolean;
  readonly random: () => number;
}

/** What a relay needs of the directory. */
export interface RelayHome {
  /** Another relay than `own` that serves this stream, or null. */
  serving(stream: StreamId, own: Relay): Relay | null;
  /** Another relay than `own` that serves this stream on this account, or null. */
  servingOn(way: Candidate, own: Relay): Relay | null;
  claim(way: Candidate, relay: Relay): void;
  /** Gives up all that a relay has claimed, but `kept`. */
  unclaim(relay: Relay, kept: Candidate | null): void;
  /** The relay is closed: it may be forgotten. */
  closed(relay: Relay): void;
}
