import type { Cut, Segment } from './segment.ts';

/** A playlist may not be shorter than this many target durations (RFC 8216 6.2.2). */
const leastTargets = 3;
/** Playing starts when so many segments are there. */
const startSegments = 2;
/** Sequence numbers count from here, so many a second: they stay below 2^31 until 2042. */
const epochMs = Date.UTC(2025, 0, 1);
const numbersPerSecond = 4;

/** What goes on when a channel is cut anew: numbers must not come twice at one address. */
export interface Numbers {
  sequence: number;
  discontinuities: number;
}

/** Where numbering begins: by the wall clock, faster than segments can come, so that it goes up over restarts of Coax too. */
export function firstNumbers(nowMs: number): Numbers {
  return { sequence: Math.max(0, Math.floor(((nowMs - epochMs) / 1_000) * numbersPerSecond)), discontinuities: 0 };
}

export interface TimelineOptions {
  readonly segmentMs: number;
  readonly windowMs: number;
  readonly maxBytes: number;
  readonly numbers: Numbers;
  /** The longest distance of key frames seen, in seconds; 0 while it is not known. */
  readonly gopSeconds: () => number;
}

/**
 * The segments of one channel: those of the playlist, and those that have left it and are still asked for by players that read an older
 * one. Only its end grows and only its beginning goes.
 */
export class Timeline {
  readonly #options: TimelineOptions;
  /** All that are kept, in order, without gaps in their numbers. */
  #kept: Segment[] = [];
  /** How many of them have left the playlist. */
  #retired = 0;
  /** Discontinuities before the first segment that is kept, and of those kept that have left the playlist. */
  #gone: number;
  /** When each segment left the playlist, by the monotonic clock. */
  readonly #leftMs = new Map<number, number>();
  #bytes = 0;
  #seconds = 0;
  #longest = 0;
  #target: number | null = null;
  #independent = true;
  #nextWallMs: number | null = null;
  #changed = Promise.withResolvers<void>();
  #version = 0;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#gone = options.numbers.discontinuities;
  }

  /** Rises whenever the playlist changes. */
  get version(): number {
    return this.#version;
  }

  /** Bytes of all segments that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Seconds in the playlist. */
  get seconds(): number {
    return this.#seconds;
  }

  /** The segments of the playlist, oldest first. */
  get listed(): readonly Segment[] {
    return this.#kept.slice(this.#retired);
  }

  /** Discontinuities before the first segment of the playlist. */
  get discontinuitySequence(): number {
    return this.#gone;
  }

  /** Every segment so far could be decoded by itself. Once it is false, it stays false. */
  get isIndependent(): boolean {
    return this.#independent;
  }

  /** There is enough for a player that begins at this number. */
  isReady(from: number): boolean {
    const listed = this.listed.filter(({ sequence }) => sequence >= from);
    const seconds = listed.reduce((sum, segment) => sum + segment.seconds, 0);
    return listed.length >= startSegments || seconds >= (this.#options.segmentMs / 1_000) * startSegments * 0.8;
  }

  /** The target duration in seconds: chosen when it is first asked for, the same ever after. */
  get target(): number {
    this.#target ??= this.#chosenTarget();
    return this.#target;
  }

  /** No segment may be longer: until a playlist has promised less, the most that could be promised. */
  get mostSeconds(): number {
    return this.#target ?? this.#mostTarget;
  }

  get #mostTarget(): number {
    return Math.ceil((this.#options.segmentMs / 1_000) * 2.5);
  }

  /** The bits per second of the segment with the highest rate; 0 while there is none. */
  get peakBitRate(): number {
    return Math.max(0, ...this.#kept.map(({ bytes, seconds }) => (bytes * 8) / Math.max(0.1, seconds)));
  }

  /** Resolves when the playlist has changed. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  get(sequence: number): Segment | undefined {
    const first = this.#kept[0]?.sequence ?? 0;
    return this.#kept[sequence - first];
  }

  add(cut: Cut): void {
    const { numbers } = this.#options;
    const wallMs = cut.discontinuity || this.#nextWallMs === null ? cut.atMs : this.#nextWallMs;
    this.#nextWallMs = wallMs + cut.seconds * 1_000;
    // The first segment of a channel goes on from nothing: there is nothing to signal.
    const discontinuity = cut.discontinuity && (this.#kept.length > 0 || this.#version > 0);
    if (discontinuity) numbers.discontinuities++;
    this.#kept.push({ ...cut, discontinuity, atMs: wallMs, sequence: numbers.sequence++ });
    this.#bytes += cut.bytes;
    this.#seconds += cut.seconds;
    this.#longest = Math.max(this.#longest, cut.seconds);
    if (!cut.independent) this.#independent = false;
    this.#trim(performance.now());
    this.#version++;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Forgets what no player can ask for any more. Call it now and then: a channel that has stopped adds nothing. */
  sweep(nowMs: number): void {
    // A segment is kept for its own length and that of the longest playlist it was in (RFC 8216 6.2.2).
    const windowMs = this.#window * 1_000 + this.#longest * 2_000;
    while (this.#retired > 0) {
      const [oldest] = this.#kept;
      const leftMs = oldest === undefined ? undefined : this.#leftMs.get(oldest.sequence);
      if (oldest === undefined || leftMs === undefined || nowMs - leftMs < windowMs) break;
      this.#forget();
    }
  }

  #trim(nowMs: number): void {
    for (;;) {
      const first = this.#kept[this.#retired];
      if (first === undefined || this.#seconds - first.seconds < this.#window) break;
      this.#retire(first, nowMs);
    }
    this.sweep(nowMs);
    while (this.#bytes > this.#options.maxBytes && this.#kept.length > startSegments) {
      const [first] = this.#kept;
      if (this.#retired === 0 && first !== undefined) this.#retire(first, nowMs);
      this.#forget();
    }
  }

  /** Seconds that stay in the playlist; a little more than has to, as durations are written rounded. */
  get #window(): number {
    return Math.max(this.#options.windowMs / 1_000, this.mostSeconds * leastTargets) + 0.001;
  }

  #retire(segment: Segment, nowMs: number): void {
    this.#retired++;
    this.#seconds -= segment.seconds;
    if (segment.discontinuity) this.#gone++;
    this.#leftMs.set(segment.sequence, nowMs);
  }

  #forget(): void {
    const segment = this.#kept.shift();
    if (segment === undefined) return;
    this.#retired--;
    this.#bytes -= segment.bytes;
    this.#leftMs.delete(segment.sequence);
  }

  /**
   * Long enough for what was seen of the distances between key frames, with room for one more; never longer than two and a half times the
   * wished length, as players keep three of it between them and live. What would be longer is cut before it is.
   */
  #chosenTarget(): number {
    const wished = this.#options.segmentMs / 1_000;
    const gop = this.#options.gopSeconds();
    const natural = gop === 0 ? this.#mostTarget : wished * 0.8 + gop;
    const wanted = Math.max(Math.ceil(wished * 1.5), Math.ceil(natural), Math.ceil(this.#longest));
    return Math.min(wanted, this.#mostTarget);
  }
}
