import type { ChannelId, GuideId, SourceId } from '../model/ids.ts';
import type { Programme } from '../model/programme.ts';

/** What the guide has to know of a channel; a catalogue's `Channel` is one. */
export interface GuidedChannel {
  readonly id: ChannelId;
  readonly sourceId: SourceId;
  readonly name: string;
  readonly guideId: string | null;
  readonly guideShiftMin: number;
  readonly guideName?: string | null;
}

/** `guideId` of each programme is the channel's own guide id in the feed it came from. */
export interface NowAndNext {
  readonly current: Programme | null;
  readonly next: Programme | null;
}

/** The merged guide, in the order and under the ids of the channels asked for. */
export interface GuideReads {
  /**
   * Programmes that touch the window, in order, without overlaps, shifted by the channel's `guideShiftMin`. Every channel asked for
   * has an entry. Synchronous: ask for at most some 200 channels at a time, or use `walk`.
   */
  programmesOf(
    channels: readonly GuidedChannel[],
    fromUnix: number,
    toUnix: number,
  ): ReadonlyMap<ChannelId, readonly Programme[]>;
  /** The same for any number of channels, in slices, giving the event loop its turn between them. */
  walk(
    channels: Iterable<GuidedChannel>,
    fromUnix: number,
    toUnix: number,
    signal?: AbortSignal,
  ): AsyncIterable<readonly [channel: GuidedChannel, programmes: readonly Programme[]]>;
  currentAndNext(channels: readonly GuidedChannel[], atUnix: number): ReadonlyMap<ChannelId, NowAndNext>;
  /** Which guide id of which feeds serves the channel; null when none does. */
  guideIdOf(channel: GuidedChannel): GuideId | null;
}
