import type { HlsMedia, HlsSegment } from '../../text/hls-types.ts';

/** A list that is this far behind what was read is that of a server which began anew, not an old copy of the same list. */
const resetSegments = 8;
/** An old copy that comes again and again is the truth. */
const mostOldCopies = 3;
/** After a leap over so many segments the stream goes on near its end, not at the oldest segment, which is about to go. */
const longLeap = 10;

/** The next segment, and whether something is missing between it and the one before. */
export interface NextSegment {
  readonly segment: HlsSegment;
  readonly isCut: boolean;
}

/** Where a player is in a media playlist that changes under it. Pure: it is told of playlists and of the time. */
export class MediaFollower {
  #list: HlsMedia | null = null;
  /** Sequence number of the next segment; NaN before the first list. */
  #next = Number.NaN;
  #discontinuity = Number.NaN;
  #isCut = false;
  #oldCopies = 0;
  #loadedMs = Number.NEGATIVE_INFINITY;
  #changed = true;
  #seenLast = Number.NEGATIVE_INFINITY;

  get targetMs(): number {
    return this.#list?.targetMs ?? 0;
  }

  get list(): HlsMedia | null {
    return this.#list;
  }

  /** Counts discontinuities of the playlist, as it numbers them. */
  get discontinuity(): number {
    return this.next()?.segment.discontinuity ?? this.#discontinuity;
  }

  /** When the playlist may be asked for again (RFC 8216 6.3.4), by the clock of `take`. */
  get reloadMs(): number {
    return this.#loadedMs + this.targetMs * (this.#changed ? 1 : 0.5);
  }

  /** Nothing will come after what was read. */
  get isOver(): boolean {
    return this.#list?.isEnded === true && this.next() === null;
  }

  /** Starts at this segment of the list; `isCut` when it is not the beginning of everything. */
  startAt(segment: HlsSegment | undefined, isCut = false): void {
    this.#next = segment?.sequence ?? Number.NaN;
    this.#discontinuity = segment?.discontinuity ?? Number.NaN;
    this.#isCut = isCut;
  }

  /** The playlist as it is now; true when it lists something new. `firstOf` tells where a player starts in a list. */
  take(list: HlsMedia, nowMs: number, firstOf: (list: HlsMedia) => HlsSegment | undefined): boolean {
    this.#loadedMs = nowMs;
    const last = list.segments.at(-1)?.sequence ?? list.sequence - 1;
    const isOld = this.#list !== null && last < this.#next - 1;
    if (isOld && this.#next - 1 - last < resetSegments && ++this.#oldCopies < mostOldCopies) {
      this.#changed = false;
      return false;
    }
    this.#oldCopies = 0;
    this.#changed = isOld || last > this.#seenLast || (list.isEnded && this.#list?.isEnded !== true);
    const isNew = isOld || last > this.#seenLast;
    this.#seenLast = last;
    this.#list = list;
    const [oldest] = list.segments;
    if (Number.isNaN(this.#next)) this.startAt(firstOf(list));
    else if (isOld) this.startAt(firstOf(list), true);
    else if (oldest !== undefined && oldest.sequence > this.#next) {
      const leap = oldest.sequence - this.#next;
      this.startAt(leap > longLeap ? firstOf(list) : oldest, true);
    }
    return isNew;
  }

  /** The next segment that is there; null when the list holds none. Those that are listed as gaps are passed over. */
  next(): NextSegment | null {
    let { isCut } = { isCut: this.#isCut };
    for (const segment of this.#after()) {
      if (segment.isGap) {
        isCut = true;
        continue;
      }
      const joins = Number.isNaN(this.#discontinuity) || segment.discontinuity === this.#discontinuity;
      return { segment, isCut: isCut || !joins };
    }
    return null;
  }

  /** The segment was read to its end. */
  done(segment: HlsSegment): void {
    this.#next = segment.sequence + 1;
    this.#discontinuity = segment.discontinuity;
    this.#isCut = false;
  }

  /** The segment can not be got: the stream goes on behind it. */
  skip(segment: HlsSegment): void {
    this.#next = segment.sequence + 1;
    this.#isCut = true;
  }

  #after(): readonly HlsSegment[] {
    const list = this.#list;
    if (list === null || Number.isNaN(this.#next)) return [];
    return list.segments.slice(Math.max(0, this.#next - list.sequence));
  }
}
