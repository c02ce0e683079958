import { randomBytes } from 'node:crypto';
import type { Leases } from '../accounts/lease.ts';
import type { Settings } from '../config/schema.ts';
import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { AccountId, ChannelId, SessionId, StreamId } from '../model/ids.ts';
import type { StreamHealthView } from '../model/session-view.ts';
import { type SendQueueOf, sendQueues } from '../net/send-queues.ts';
import type { Candidate } from './candidates.ts';
import type { LiveConsumer, LiveRequest, PlayableChannel, SessionView } from './contract.ts';
import { abortable } from '../delay.ts';
import type { CompleteFacts } from './facts-watch.ts';
import { Farewells } from './farewells.ts';
import { blindObserver, type RelayObserver } from './observer.ts';
import type { Hold } from './hold.ts';
import { Relay } from './relay.ts';
import type { RelayHome, RelayParts } from './relay-parts.ts';
import { StreamHealth } from './stream-health.ts';
import { SourcePace } from './source-pace.ts';
import type { OpenUpstream } from './upstream.ts';

/** How long sockets of players get to take their last bytes when Coax stops. */
const disposeMs = 3_000;
/** Nobody is led in. */
const unpaced = { note: () => {}, isSlow: () => false };
/** Relays a request may be sent on to before it is given up. */
const mostMoves = 20;

export interface RelaysOptions {
  readonly settings: Settings['live'];
  readonly leases: Leases;
  readonly openUpstream: OpenUpstream;
  readonly log: Log;
  readonly observer?: RelayObserver;
  /** Told when the codecs of a stream are known or have changed; not after Coax was told to stop. */
  readonly onFacts?: (channelId: ChannelId, streamId: StreamId, facts: CodecFacts) => void;
  /** What is known of a channel from earlier: a slate is made like it. */
  readonly factsOf?: (channelId: ChannelId) => CodecFacts | null;
  /** A channel as it can be played now; null when it is gone. */
  readonly channelOf?: (channelId: ChannelId) => PlayableChannel | null;
  /** Asked, once a minute and stream at most, for what a stream does not tell by itself. */
  readonly complete?: CompleteFacts;
  /** What a player's kernel queue holds; that of this machine when absent. */
  readonly sendQueueOf?: SendQueueOf;
  /** For tests: throw where production logs. */
  readonly strict?: boolean;
  /** For tests: the source of jitter, 0..1. */
  readonly random?: () => number;
}

/** The directory of live relays: one for each stream that is watched, whatever the number of viewers (design S1). */
export class Relays implements AsyncDisposable {
  readonly #parts: RelayParts;
  readonly #home: RelayHome;
  readonly #health = new StreamHealth();
  /** Every relay until it is closed. */
  readonly #relays = new Map<SessionId, Relay>();
  readonly #byChannel = new Map<ChannelId, Relay>();
  readonly #byStream = new Map<StreamId, Map<AccountId, Relay>>();
  #stopped = false;

  constructor(options: RelaysOptions) {
    this.#parts = {
      settings: options.settings,
      leases: options.leases,
      openUpstream: options.openUpstream,
      log: options.log,
      observer: options.observer ?? blindObserver,
      onFacts: (...told) => {
        if (this.#stopped) return;
        try {
          options.onFacts?.(...told);
        } catch (error) {
          options.log.error('What a stream carries could not be kept', { error });
        }
      },
      factsOf: options.factsOf ?? (() => null),
      channelNow: (channel) => options.channelOf?.(channel.channelId) ?? channel,
      health: this.#health,
      pace: options.settings.startingSlate === 'auto' ? new SourcePace() : unpaced,
      completeFacts: options.complete ?? null,
      sendQueueOf: options.sendQueueOf ?? sendQueues.of,
      farewells: new Farewells(),
      strict: options.strict ?? false,
      random: options.random ?? Math.random,
    };
    this.#home = {
      serving: (stream, own) => this.#serving(stream, own),
      servingOn: ({ stream: { streamId }, account }, own) => {
        const relay = this.#byStream.get(streamId)?.get(account);
        return relay === undefined || relay === own ? null : relay;
      },
      claim: ({ stream: { streamId }, account }, relay) => {
        const byAccount = this.#byStream.get(streamId) ?? new Map<AccountId, Relay>();
        this.#byStream.set(streamId, byAccount.set(account, relay));
      },
      unclaim: (relay, kept) => this.#unclaim(relay, kept),
      closed: (relay) => this.#forget(relay),
    };
  }

  /**
   * Resolves when there is media to give: at once where the stream is running. Rejects with NO_STREAM, NO_CAPACITY, UPSTREAM_*,
   * TAKEN_OVER, STREAM_STOPPED, SHUTTING_DOWN, or CANCELLED when the client has gone. With `slates` the first three are shown instead.
   */
  open(request: LiveRequest): Promise<LiveConsumer> {
    return this.#enter(request, (relay) => relay.join(request));
  }

  /**
   * Opens a channel, or keeps it open, for somebody who does not read it yet. Resolves when there is media; rejects as `open` does. The
   * hold ends with the request's signal, or with the relay: then `ended` tells why.
   */
  hold(request: LiveRequest): Promise<Hold> {
    return this.#enter(request, (relay) => relay.hold(request));
  }

  /** The relay that a viewer of this channel would share now, as `snapshot` lists it; null when it is not open. */
  viewOf(channel: PlayableChannel): SessionView | null {
    const relay = this.#find(channel);
    return relay === null || relay.isClosing ? null : relay.view(performance.now());
  }

  async #enter<Place extends { readonly ready: Promise<void> }>(
    request: LiveRequest,
    take: (relay: Relay) => Place,
  ): Promise<Place> {
    if (request.channel.streams.length === 0 && request.slates !== true) throw new CoaxError('NO_STREAM');
    let relay: Relay | null = null;
    for (let move = 0; move < mostMoves; move++) {
      if (this.#stopped) throw new CoaxError('SHUTTING_DOWN');
      if (request.signal.aborted) throw new CoaxError('CANCELLED');
      relay ??= this.#find(request.channel) ?? this.#create(request);
      if (relay.isClosing) {
        // oxlint-disable-next-line no-await-in-loop -- a relay that closes is never joined; the next one opens after it
        await abortable(relay.closed, request.signal);
        relay = null;
        continue;
      }
      const place = take(relay);
      relay.start();
      try {
        // oxlint-disable-next-line no-await-in-loop -- this relay may hand over to another
        await place.ready;
        return place;
      } catch (error) {
        if (relay.successor === null) throw error;
        relay = relay.successor;
      }
    }
    throw new CoaxError('CONFLICT', 'The stream was closed again and again while it was opened');
  }

  /** What the API lists; read from the live objects. A relay is in it until its upstream has closed. */
  snapshot(): SessionView[] {
    const nowMs = performance.now();
    return [...this.#relays.values()].map((relay) => relay.view(nowMs));
  }

  /** What is known of a stream from playing it. */
  healthOf(stream: StreamId): StreamHealthView {
    return this.#health.of(stream);
  }

  /**
   * Goes on with the next stream of a channel, or with `asked`, under the same consumers. Resolves with the session as it is then; null when
   * there is none with this id. Rejects with CONFLICT when there is no other stream, NOT_FOUND for a stream that the channel does not have,
   * and with the new stream's error when it can not be opened.
   */
  async next(id: SessionId, asked: StreamId | null): Promise<SessionView | null> {
    const relay = this.#relays.get(id);
    if (relay === undefined || relay.isClosing) return null;
    await relay.next(asked);
    return relay.view(performance.now());
  }

  /** Stops a stream whoever watches it; false when there is none with this id. */
  stop(id: SessionId): boolean {
    const relay = this.#relays.get(id);
    if (relay === undefined || relay.isClosing) return false;
    relay.close(new CoaxError('STREAM_STOPPED'));
    return true;
  }

  /** Ends all streams and refuses new ones. Resolves within 5 s, when every socket has closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    const relays = [...this.#relays.values()];
    for (const relay of relays) relay.close(new CoaxError('SHUTTING_DOWN'));
    await Promise.all([...relays.map((relay) => relay.closed), this.#parts.farewells.settle(disposeMs)]);
  }

  /** The relay of the channel, or one of another channel that serves the same best stream. */
  #find(channel: PlayableChannel): Relay | null {
    const best = channel.streams[0];
    return this.#byChannel.get(channel.channelId) ?? (best === undefined ? null : this.#serving(best.streamId));
  }

  #create(request: LiveRequest): Relay {
    const id = `live-${randomBytes(6).toString('hex')}` as SessionId;
    const relay = new Relay(id, request, this.#parts, this.#home);
    this.#relays.set(id, relay);
    this.#byChannel.set(request.channel.channelId, relay);
    return relay;
  }

  #forget(relay: Relay): void {
    this.#relays.delete(relay.sessionId);
    if (this.#byChannel.get(relay.channel.channelId) === relay) this.#byChannel.delete(relay.channel.channelId);
    this.#unclaim(relay, null);
  }

  #serving(stream: StreamId, own: Relay | null = null): Relay | null {
    return [...(this.#byStream.get(stream)?.values() ?? [])].find((relay) => relay !== own) ?? null;
  }

  #unclaim(relay: Relay, kept: Candidate | null): void {
    for (const [stream, byAccount] of this.#byStream) {
      for (const [account, owner] of byAccount)
        if (owner === relay && !(stream === kept?.stream.streamId && account === kept.account))
          byAccount.delete(account);
      if (byAccount.size === 0) this.#byStream.delete(stream);
    }
  }
}
