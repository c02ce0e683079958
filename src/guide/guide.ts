import { setImmediate } from 'node:timers/promises';
import type { Feed, FeedChannel, Feeds } from '../catalog/feeds.ts';
import type { ChannelId, GuideId } from '../model/ids.ts';
import type { Programme } from '../model/programme.ts';
import type { GuidedChannel, GuideReads, NowAndNext } from './contract.ts';
import { FeedIndex } from './guide-of-channel.ts';
import { mergeProgrammes, shiftProgrammes } from './merge.ts';

/** How long a slice of a walk may hold the event loop. */
const sliceMs = 4;
const nextWithinSec = 12 * 3_600;

/** What the guide needs of the catalogue. */
export type GuideFeeds = Pick<Feeds, 'snapshot' | 'ofSource' | 'channels' | 'programmes'>;

/** The merged guide of the published feeds, read when asked for. */
export class Guide implements GuideReads {
  readonly #feeds: GuideFeeds;
  /** By feed id: the index of its published generation. */
  readonly #indexes = new Map<number, { readonly generation: number; readonly index: FeedIndex }>();

  constructor(feeds: GuideFeeds) {
    this.#feeds = feeds;
  }

  programmesOf(
    channels: readonly GuidedChannel[],
    fromUnix: number,
    toUnix: number,
  ): ReadonlyMap<ChannelId, readonly Programme[]> {
    return this.#feeds.snapshot(() => {
      const found = new Map<ChannelId, readonly Programme[]>();
      for (const channel of channels) found.set(channel.id, this.#programmes(channel, fromUnix, toUnix));
      return found;
    });
  }

  async *walk(
    channels: Iterable<GuidedChannel>,
    fromUnix: number,
    toUnix: number,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly [channel: GuidedChannel, programmes: readonly Programme[]]> {
    let sliceEnd = performance.now() + sliceMs;
    for (const channel of channels) {
      signal?.throwIfAborted();
      yield [channel, this.#feeds.snapshot(() => this.#programmes(channel, fromUnix, toUnix))];
      if (performance.now() < sliceEnd) continue;
      await setImmediate();
      sliceEnd = performance.now() + sliceMs;
    }
  }

  currentAndNext(channels: readonly GuidedChannel[], atUnix: number): ReadonlyMap<ChannelId, NowAndNext> {
    const found = new Map<ChannelId, NowAndNext>();
    for (const [id, programmes] of this.programmesOf(channels, atUnix, atUnix + nextWithinSec)) {
      const first = programmes[0];
      const current = first !== undefined && first.startUnix <= atUnix ? first : null;
      found.set(id, { current, next: (current === null ? first : programmes[1]) ?? null });
    }
    return found;
  }

  guideIdOf(channel: GuidedChannel): GuideId | null {
    return this.#feeds.snapshot(() => this.#places(channel)[0]?.[1].id ?? null);
  }

  #programmes(channel: GuidedChannel, fromUnix: number, toUnix: number): readonly Programme[] {
    const shift = channel.guideShiftMin;
    const lists = this.#places(channel).map(([feed, place]) =>
      this.#feeds.programmes(feed, place, fromUnix - shift * 60, toUnix - shift * 60),
    );
    return shiftProgrammes(mergeProgrammes(lists), shift);
  }

  /** Where the feeds of the channel's source have it, preferred ones first. */
  #places(channel: GuidedChannel): (readonly [Feed, FeedChannel])[] {
    return this.#feeds.ofSource(channel.sourceId).flatMap((feed) => {
      const place = this.#index(feed).find(channel);
      return place === null ? [] : [[feed, place] as const];
    });
  }

  #index(feed: Feed): FeedIndex {
    const known = this.#indexes.get(feed.id);
    if (known?.generation === feed.generation) return known.index;
    const index = new FeedIndex(this.#feeds.channels(feed));
    this.#indexes.set(feed.id, { generation: feed.generation, index });
    return index;
  }
}
