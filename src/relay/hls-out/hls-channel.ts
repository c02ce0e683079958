import { type RingLike, Segmenter } from './segmenter.ts';
import { type MediaPlaylist, writeMediaPlaylist } from './media-playlist.ts';
import type { Segment } from './segment.ts';
import { type Numbers, Timeline } from './timeline.ts';

export interface HlsSettings {
  readonly segmentMs: number;
  readonly windowMs: number;
  readonly idleTargets: number;
  readonly holdMs: number;
  readonly maxBytes: number;
}

/**
 * A channel as HLS: one time line that all its players read, cut once from the ring of the relay that serves it. It outlives relays: where
 * another one goes on, so does the playlist.
 */
export class HlsChannel {
  readonly #timeline: Timeline;
  readonly #segmenter: Segmenter;
  /** The first segment of what is read now; those before it may be minutes old. */
  #freshFrom = 0;
  #rendered: { readonly version: number; readonly text: Buffer } | null = null;
  /** How many players read each ring. */
  readonly #readers = new Map<RingLike, number>();

  constructor(settings: HlsSettings, numbers: Numbers) {
    const { segmentMs, windowMs, maxBytes } = settings;
    this.#segmenter = new Segmenter({
      targetSeconds: segmentMs / 1_000,
      begun: () => {
        this.#freshFrom = numbers.sequence;
      },
      sink: {
        cut: (cut) => this.#timeline.add(cut),
        mostSeconds: () => this.#timeline.mostSeconds,
      },
    });
    const gopSeconds = (): number => this.#segmenter.gopSeconds;
    this.#timeline = new Timeline({ segmentMs, windowMs, maxBytes, numbers, gopSeconds });
  }

  /** There is enough for a player that begins at this number. */
  isReady(from: number): boolean {
    return this.#timeline.isReady(from);
  }

  /** Rises with each new segment. */
  get version(): number {
    return this.#timeline.version;
  }

  /** Resolves when there is one more segment. */
  get changed(): Promise<void> {
    return this.#timeline.changed;
  }

  /** The target duration in seconds, or what it is at most before a playlist has told it. */
  get mostSeconds(): number {
    return this.#timeline.mostSeconds;
  }

  /** Bytes held for its players. */
  get bytes(): number {
    return this.#timeline.bytes;
  }

  /** Bits per second at most, as far as seen; 0 while nothing was. */
  get peakBitRate(): number {
    return this.#timeline.peakBitRate;
  }

  /** One more player reads this ring: the channel goes on with it. */
  attach(ring: RingLike): void {
    this.#readers.set(ring, (this.#readers.get(ring) ?? 0) + 1);
    this.#segmenter.attach(ring);
    this.#segmenter.pump(ring);
  }

  pump(ring: RingLike): void {
    this.#segmenter.pump(ring);
  }

  /** A player does not read this ring any more; `over` when that is because the ring is over. */
  detach(ring: RingLike, over: boolean): void {
    const left = (this.#readers.get(ring) ?? 0) - 1;
    if (left > 0) {
      this.#readers.set(ring, left);
      return;
    }
    this.#readers.delete(ring);
    // Who comes back to a ring that goes on reads on where the last one stopped.
    if (over) this.#segmenter.detach(ring);
  }

  sweep(nowMs: number): void {
    this.#timeline.sweep(nowMs);
  }

  /** The segment that came last. */
  get newest(): Segment | undefined {
    return this.#timeline.listed.at(-1);
  }

  segment(sequence: number): Segment | undefined {
    return this.#timeline.get(sequence);
  }

  /**
   * Where the playlist of a player that comes now begins: at what has been read since it was last begun to be read, and after the slates
   * where it does not want them.
   */
  firstFor(slates: boolean): number {
    const slate = slates ? undefined : this.#timeline.listed.findLast((segment) => segment.slate);
    return Math.max(this.#freshFrom, slate === undefined ? 0 : slate.sequence + 1);
  }

  /** The playlist as it is now. Shared by all players that began at its beginning; never change it. */
  playlist(from: number): Buffer {
    const { version } = this.#timeline;
    const [first] = this.#timeline.listed;
    if (first !== undefined && first.sequence < from) return this.#render(from);
    if (this.#rendered?.version !== version) this.#rendered = { version, text: this.#render(0) };
    return this.#rendered.text;
  }

  #render(from: number): Buffer {
    const { target, discontinuitySequence, isIndependent, listed } = this.#timeline;
    const hidden = listed.filter(({ sequence }) => sequence < from);
    const playlist: MediaPlaylist = {
      target,
      isIndependent,
      discontinuitySequence: discontinuitySequence + hidden.filter(({ discontinuity }) => discontinuity).length,
      segments: listed.slice(hidden.length),
    };
    return Buffer.from(writeMediaPlaylist(playlist));
  }
}
