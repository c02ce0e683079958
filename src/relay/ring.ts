/** A place in the stream where a decoder can start. */
export interface EntryPoint {
  /** Absolute byte position of the packet to start with. */
  readonly position: number;
  /** When it arrived, by the monotonic clock in milliseconds. */
  readonly atMs: number;
  /** The last PAT and PMT before it, as they came: whole packets, written first. */
  readonly tables: Buffer;
  /** True where no key frame was recognised and only a picture or the sound starts here. */
  readonly weak: boolean;
  /** It lies in a slate. */
  readonly slate?: true;
}

export interface RingOptions {
  readonly maxBytes: number;
  readonly maxMs: number;
}

interface Piece {
  readonly data: Buffer;
  readonly start: number;
  readonly atMs: number;
}

/**
 * The last seconds of a stream as shared buffers of whole packets, numbered by `seq`. Readers keep their own cursor and never copy;
 * nobody may change a buffer once it is in. Old buffers go when there are too many bytes or when they are too old, but age alone
 * never takes the newest entry point: a stream with rare key frames stays joinable.
 */
export class Ring {
  readonly #maxBytes: number;
  readonly #maxMs: number;
  #pieces: (Piece | undefined)[] = [];
  /** Index in #pieces of the oldest piece; what is before it is gone. */
  #head = 0;
  /** Sequence number of #pieces[0]. */
  #baseSeq = 0;
  #start = 0;
  #end = 0;
  #entries: EntryPoint[] = [];

  constructor(options: RingOptions) {
    this.#maxBytes = options.maxBytes;
    this.#maxMs = options.maxMs;
  }

  get firstSeq(): number {
    return this.#baseSeq + this.#head;
  }

  /** The sequence number the next buffer will get. */
  get nextSeq(): number {
    return this.#baseSeq + this.#pieces.length;
  }

  /** Absolute position after the newest byte. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - this.#start;
  }

  /** Entry points whose first packet is still here, oldest first. Some may lie beyond `end`, in bytes that were not pushed yet. */
  get entries(): readonly EntryPoint[] {
    return this.#entries;
  }

  /** Milliseconds between the oldest buffer and `nowMs`. */
  ageMs(nowMs: number): number {
    const oldest = this.#pieces[this.#head];
    return oldest === undefined ? 0 : nowMs - oldest.atMs;
  }

  push(data: Buffer, nowMs: number): void {
    if (data.length === 0) return;
    this.#pieces.push({ data, start: this.#end, atMs: nowMs });
    this.#end += data.length;
    this.#evict(nowMs);
  }

  /** Entry points come in rising order of position; one that is already gone is forgotten. */
  mark(entry: EntryPoint): void {
    if (entry.position >= this.#start) this.#entries.push(entry);
  }

  /** The buffer with this number, or undefined when it is gone or not there yet. */
  data(seq: number): Buffer | undefined {
    return this.#piece(seq)?.data;
  }

  /** What a player that was here from the start has got: the tables of the oldest entry point, then all buffers. */
  *history(): Generator<Buffer> {
    if (this.#entries[0] !== undefined) yield this.#entries[0].tables;
    for (let seq = this.firstSeq; seq < this.nextSeq; seq++) {
      const data = this.data(seq);
      if (data !== undefined) yield data;
    }
  }

  /** When the buffer with this number came, or undefined when it is not here. */
  arrivedMs(seq: number): number | undefined {
    return this.#piece(seq)?.atMs;
  }

  /** The number of the buffer that holds `position`, and the offset in it. Undefined when it is gone or not there yet. */
  locate(position: number): { readonly seq: number; readonly offset: number } | undefined {
    if (position < this.#start || position >= this.#end) return undefined;
    let low = this.#head;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle]?.start ?? Number.POSITIVE_INFINITY) <= position) low = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[low];
    return piece === undefined ? undefined : { seq: this.#baseSeq + low, offset: position - piece.start };
  }

  clear(): void {
    this.#baseSeq = this.nextSeq;
    this.#pieces = [];
    this.#head = 0;
    this.#start = this.#end;
    this.#entries = [];
  }

  #piece(seq: number): Piece | undefined {
    const index = seq - this.#baseSeq;
    return index < this.#head ? undefined : this.#pieces[index];
  }

  #evict(nowMs: number): void {
    const keepFrom = this.#newestReachable();
    for (;;) {
      const piece = this.#pieces[this.#head];
      if (piece === undefined || this.#head === this.#pieces.length - 1) break;
      const pieceEnd = piece.start + piece.data.length;
      const tooMany = this.bytes > this.#maxBytes;
      const tooOld = nowMs - piece.atMs > this.#maxMs && pieceEnd <= keepFrom;
      if (!tooMany && !tooOld) break;
      this.#pieces[this.#head++] = undefined;
      this.#start = pieceEnd;
    }
    this.#forgetEntries();
    // Shifting an array is linear: do it once for many pieces.
    if (this.#head > 256 && this.#head * 2 > this.#pieces.length) {
      this.#baseSeq += this.#head;
      this.#pieces = this.#pieces.slice(this.#head);
      this.#head = 0;
    }
  }

  #newestReachable(): number {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry !== undefined && entry.position < this.#end) return entry.position;
    }
    return this.#end;
  }

  #forgetEntries(): void {
    let gone = 0;
    while (gone < this.#entries.length && (this.#entries[gone]?.position ?? 0) < this.#start) gone++;
    if (gone > 0) this.#entries.splice(0, gone);
  }
}
