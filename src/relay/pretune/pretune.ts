import { toCoaxError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { AccountId, ChannelId, OutputId, ViewerKey } from '../../model/ids.ts';
import type { Beside, PlayableChannel } from '../../model/playable.ts';
import type { Viewer } from '../../model/viewer.ts';
import type { LiveRequest } from '../contract.ts';
import type { Relays } from '../relays.ts';
import { type Direction, directionTo, likelyNext } from './zapping.ts';

/** Channels that are open ahead at a time, for all viewers: each holds a ring in memory. */
const mostAhead = 8;
/** Between two channels a player may be nowhere for a moment. */
const graceMs = 3_000;
/** So often it is looked whether connections are still to spare, or again. */
const sweepMs = 1_000;
/** A channel that could not be opened ahead is left alone for this long. */
const restMs = 60_000;

export interface PretuneOptions {
  readonly relays: Pick<Relays, 'hold' | 'viewOf'>;
  readonly settings: () => { readonly enabled: boolean; readonly neighbours: number };
  /** What lies beside a channel in zapping order, up to so many on each side. */
  readonly neighbours: (output: OutputId, channel: ChannelId, count: number) => Beside<PlayableChannel>;
  /** Whether the accounts have connections to spare, with `more` of ours. */
  readonly hasSpare: (accounts: readonly AccountId[], more: 0 | 1) => boolean;
  /** `hit`: a viewer zapped to a channel that was open ahead; `miss`: to one that was not, while others were. */
  readonly observe: (what: 'opened' | 'hit' | 'miss') => void;
  readonly log: Log;
}

/** Where a viewer is, and what they may want next. */
interface Place {
  readonly output: OutputId;
  readonly channel: ChannelId;
  readonly readers: Set<object>;
  beside: Beside<PlayableChannel>;
  direction: Direction;
  goneTimer: NodeJS.Timeout | undefined;
}

interface Ahead {
  readonly channel: PlayableChannel;
  readonly abort: AbortController;
}

const nowhere: Beside<PlayableChannel> = { before: [], after: [] };
const nobody: Viewer = { key: 'pretune' as ViewerKey, label: 'Opened ahead' };

/**
 * Opens the channels next to one that is watched before anybody asks for them, where connections are to spare. Each is a hold that gives
 * way to whoever needs its connection, and ends when nobody is beside it any more.
 */
export class Pretune {
  readonly #options: PretuneOptions;
  readonly #places = new Map<ViewerKey, Place>();
  readonly #ahead = new Map<ChannelId, Ahead>();
  /** Until when a channel is not tried again, by the monotonic clock. */
  readonly #resting = new Map<ChannelId, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PretuneOptions) {
    this.#options = options;
  }

  /** Channels that are open ahead, or about to be. */
  get size(): number {
    return this.#ahead.size;
  }

  /** A viewer has begun to watch; call what is returned when they leave. */
  began({ viewer, outputId, channel, purpose }: LiveRequest): () => void {
    const { enabled } = this.#options.settings();
    if (!enabled || purpose === 'recording') return () => {};
    const { channelId } = channel;
    const { key } = viewer;
    const known = this.#places.get(key);
    if (known !== undefined && known.channel !== channelId && this.#ahead.size > 0)
      this.#options.observe(this.#ahead.has(channelId) ? 'hit' : 'miss');
    const place = known?.channel === channelId ? known : this.#moveTo(key, outputId, channelId, known);
    clearTimeout(place.goneTimer);
    const reader = {};
    place.readers.add(reader);
    return () => {
      if (place.readers.delete(reader) && place.readers.size === 0 && this.#places.get(key) === place)
        place.goneTimer = setTimeout(() => this.#gone(key, place), graceMs);
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const { goneTimer } of this.#places.values()) clearTimeout(goneTimer);
    this.#places.clear();
    for (const { abort } of this.#ahead.values()) abort.abort();
    this.#ahead.clear();
    this.#resting.clear();
  }

  #moveTo(key: ViewerKey, output: OutputId, channel: ChannelId, from: Place | undefined): Place {
    clearTimeout(from?.goneTimer);
    const direction = from === undefined ? null : directionTo(channel, from.beside, from.direction);
    const place: Place = { output, channel, readers: new Set(), beside: nowhere, direction, goneTimer: undefined };
    this.#places.set(key, place);
    this.#timer ??= setInterval(() => this.#arrange(), sweepMs);
    // The viewer's own first bytes come before.
    setImmediate(() => {
      if (this.#places.get(key) !== place) return;
      place.beside = this.#besideOf(place);
      this.#arrange();
    });
    return place;
  }

  #gone(key: ViewerKey, place: Place): void {
    if (this.#places.get(key) !== place) return;
    this.#places.delete(key);
    this.#arrange();
  }

  #besideOf({ output, channel }: Place): Beside<PlayableChannel> {
    try {
      return this.#options.neighbours(output, channel, this.#options.settings().neighbours);
    } catch (error) {
      this.#options.log.warn('The channels beside one could not be looked up', { error: toCoaxError(error) });
      return nowhere;
    }
  }

  /** Lets go what nobody is beside any more, or what is not to spare any more, and opens what is. */
  #arrange(): void {
    const wanted = this.#wanted();
    for (const [id, { channel, abort }] of this.#ahead) {
      if (wanted.has(id) && this.#hasSpare(channel, 0)) continue;
      this.#ahead.delete(id);
      abort.abort();
    }
    for (const channel of wanted.values()) this.#open(channel);
    const nowMs = performance.now();
    for (const [id, untilMs] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(id);
    if (this.#places.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The likeliest channels of all viewers, each viewer's first before anybody's second; none that is watched. */
  #wanted(): Map<ChannelId, PlayableChannel> {
    const { enabled, neighbours } = this.#options.settings();
    const wanted = new Map<ChannelId, PlayableChannel>();
    if (!enabled) return wanted;
    const watched = new Set([...this.#places.values()].map(({ channel }) => channel));
    const lists = [...this.#places.values()].map((place) => likelyNext(place.beside, place.direction, neighbours));
    for (let n = 0; n < neighbours; n++) {
      for (const list of lists) {
        const channel = list[n];
        if (channel === undefined || watched.has(channel.channelId) || wanted.size >= mostAhead) continue;
        wanted.set(channel.channelId, channel);
      }
    }
    return wanted;
  }

  #open(channel: PlayableChannel): void {
    const { channelId: id } = channel;
    if (this.#ahead.has(id) || this.#resting.has(id) || !this.#hasSpare(channel, 1)) return;
    const ahead: Ahead = { channel, abort: new AbortController() };
    this.#ahead.set(id, ahead);
    this.#options.observe('opened');
    const request: LiveRequest = {
      channel,
      viewer: nobody,
      outputId: 'pretune' as OutputId,
      purpose: 'pretune',
      signal: ahead.abort.signal,
    };
    void this.#options.relays
      .hold(request)
      .then((hold) => hold.ended)
      .catch(toCoaxError)
      .then((error) => {
        if (this.#ahead.get(id) !== ahead) return;
        this.#ahead.delete(id);
        // Who gave way may come back as soon as there is room; what failed is left alone.
        if (error.code !== 'CANCELLED' && error.code !== 'NO_CAPACITY')
          this.#resting.set(id, performance.now() + restMs);
      });
  }

  #hasSpare({ streams }: PlayableChannel, more: 0 | 1): boolean {
    return this.#options.hasSpare(
      streams.flatMap(({ accounts }) => accounts),
      more,
    );
  }
}
