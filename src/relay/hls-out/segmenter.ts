import type { EntryPoint } from '../ring.ts';
import { AudioCutter } from './audio-cutter.ts';
import type { CutSink } from './segment.ts';
import { TsCutter } from './ts-cutter.ts';

/** What is read: the ring of a relay, or anything that keeps the last seconds of a stream in the same way. */
export interface RingLike {
  readonly firstSeq: number;
  readonly nextSeq: number;
  /** Those whose first packet is still there, oldest first. */
  readonly entries: readonly EntryPoint[];
  readonly end: number;
  data(seq: number): Buffer | undefined;
  /** By the monotonic clock, in milliseconds. */
  arrivedMs(seq: number): number | undefined;
  locate(position: number): { readonly seq: number; readonly offset: number } | undefined;
}

type Cutter = Pick<TsCutter, 'restart' | 'push' | 'flush' | 'gopSeconds'>;

/** Reads a ring from its backlog on and lets it be cut into segments; goes on with the next ring where one has ended. */
export class Segmenter {
  readonly #ts: TsCutter;
  readonly #audio: AudioCutter;
  readonly #begun: (() => void) | undefined;
  #ring: RingLike | null = null;
  #cutter: Cutter | null = null;
  #seq = -1;
  /** Where it began to read in this form. */
  #since = 0;

  /** `begun` is told when it begins at a place that does not go on where it stopped: what was cut before is of another time. */
  constructor(options: { readonly sink: CutSink; readonly targetSeconds: number; readonly begun?: () => void }) {
    this.#begun = options.begun;
    this.#ts = new TsCutter({ ...options, entries: () => this.#ring?.entries ?? [] });
    this.#audio = new AudioCutter(options);
  }

  /** The longest distance of two places where a segment may end, in seconds; 0 while it is not known. */
  get gopSeconds(): number {
    return (this.#cutter ?? this.#ts).gopSeconds;
  }

  /** Reads this ring from now on. */
  attach(ring: RingLike): void {
    if (ring === this.#ring) return;
    this.#ring = ring;
    this.#cutter?.flush();
    this.#cutter = null;
    this.#seq = -1;
    this.#begun?.();
  }

  /** The ring is over: what is whole of it comes out. */
  detach(ring: RingLike): void {
    if (ring !== this.#ring) return;
    this.pump(ring);
    this.#cutter?.flush();
    this.#cutter = null;
    this.#ring = null;
  }

  /** Takes what is new in the ring; of another ring than the attached one, nothing. */
  pump(ring: RingLike): void {
    if (ring !== this.#ring || ring.nextSeq === this.#seq) return;
    if (this.#cutter === null || this.#seq < ring.firstSeq) this.#begin(ring, 0);
    const other = ring.entries.find(({ position, tables }) => position > this.#since && isRaw(tables) !== this.#isRaw);
    if (other !== undefined && this.#cutter !== null && other.position < ring.end) this.#begin(ring, other.position);
    const wallShiftMs = Date.now() - performance.now();
    for (; this.#cutter !== null && this.#seq < ring.nextSeq; this.#seq++) {
      const data = ring.data(this.#seq);
      if (data !== undefined) this.#cutter.push(data, wallShiftMs + (ring.arrivedMs(this.#seq) ?? 0));
    }
  }

  get #isRaw(): boolean {
    return this.#cutter === this.#audio;
  }

  /** At the oldest place from `from` on where something can start; a key frame where there is one. */
  #begin(ring: RingLike, from: number): void {
    this.#cutter?.flush();
    this.#cutter = null;
    const here = ring.entries.filter(({ position }) => position >= from && position < ring.end);
    const entry = here.find(({ weak }) => !weak) ?? here[0];
    const place = entry === undefined ? undefined : ring.locate(entry.position);
    if (entry === undefined || place === undefined) {
      this.#seq = ring.nextSeq;
      return;
    }
    this.#cutter = isRaw(entry.tables) ? this.#audio : this.#ts;
    this.#since = entry.position;
    this.#cutter.restart(entry.position - place.offset);
    this.#begun?.();
    this.#seq = place.seq;
  }
}

/** Bare sound has no tables. */
function isRaw(tables: Buffer): boolean {
  return tables.length === 0;
}
