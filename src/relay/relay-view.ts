import type { CodecFacts } from '../model/codec-facts.ts';
import type { SessionId } from '../model/ids.ts';
import type { Consumer } from './consumer.ts';
import type { PlayableChannel, SessionView } from './contract.ts';
import type { Feed } from './feed.ts';
import type { Hold } from './hold.ts';
import type { RelayState } from './relay-state.ts';
import type { Ring } from './ring.ts';
import { type SlateReason, slateWords } from './slate-reason.ts';

/** What a relay shows of itself to everybody. */
export interface RelayOutside {
  readonly sessionId: SessionId;
  readonly channel: PlayableChannel;
  readonly since: number;
  readonly state: RelayState;
}

/** The live objects of a relay. */
export interface RelayInside {
  /** Why its viewers see a slate. */
  readonly slate: SlateReason | null;
  readonly feed: Feed;
  readonly ring: Ring;
  readonly consumers: ReadonlySet<Consumer>;
  readonly holds: ReadonlySet<Hold>;
  readonly facts: CodecFacts | null;
  readonly rates: Pick<SessionView, 'bytesOut' | 'bitRate'>;
}

/** A relay as the API lists it. What is seen comes first: while a slate is shown, that is its state. */
export function relayView(outside: RelayOutside, nowMs: number, inside: RelayInside): SessionView {
  const { sessionId, channel, since, state } = outside;
  const { slate, feed, ring, consumers, holds, facts, rates } = inside;
  const { lease, candidate, bytes, reconnects } = feed;
  return {
    id: sessionId,
    kind: 'live',
    state: slate === null ? state : 'slate',
    ...(slate === null ? {} : { reason: slateWords[slate] }),
    title: channel.name,
    channelId: channel.channelId,
    ...(candidate === null ? {} : { streamId: candidate.stream.streamId, sourceId: candidate.stream.sourceId }),
    ...(lease === null ? {} : { accountId: lease.accountId, leaseId: lease.id }),
    since,
    bytesIn: bytes,
    ...rates,
    bufferedBytes: ring.bytes,
    bufferedMs: Math.round(ring.ageMs(nowMs)),
    reconnects,
    failover: feed.failover,
    consumers: [...consumers].map((consumer) => consumer.view(nowMs)),
    ...(holds.size === 0 ? {} : { heldFor: [...holds].map(({ viewer }) => viewer) }),
    ...(facts === null ? {} : { facts }),
  };
}
