import type { Leases } from '../accounts/lease.ts';
import type { Settings } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { ChannelId, StreamId } from '../model/ids.ts';
import type { SendQueueOf } from '../net/send-queues.ts';
import type { CompleteFacts } from './facts-watch.ts';
import type { Farewells } from './farewells.ts';
import type { RelayObserver } from './observer.ts';
import type { Relay } from './relay.ts';
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
  readonly completeFacts: CompleteFacts | null;
  readonly sendQueueOf: SendQueueOf;
  /** Throws on a change of state that the table does not know, instead of logging it. */
  readonly strict: boolean;
  readonly random: () => number;
}

/** What a relay needs of the directory. */
export interface RelayHome {
  /** The relay that serves this stream, or null. */
  serving(stream: StreamId): Relay | null;
  claim(stream: StreamId, relay: Relay): void;
  unclaim(stream: StreamId, relay: Relay): void;
  /** The relay is closed: it may be forgotten. */
  closed(relay: Relay): void;
}
