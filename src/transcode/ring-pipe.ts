import type { Writable } from 'node:stream';
import { resumePoint, type StartPoint, startPoint } from '../relay/join.ts';
import type { Ring } from '../relay/ring.ts';

/** So many bytes may wait for a program that is slower than the stream. */
const mostWaiting = 1_048_576;

/** Writes a relay's ring to the stdin of a program: from a key frame on, and on from another one when it has fallen out of the ring. */
export class RingPipe {
  readonly #ring: Ring;
  readonly #out: Writable;
  readonly #backlogMs: number;
  #placed = false;
  #seq = 0;
  #offset = 0;
  #bytes = 0;
  #skips = 0;
  #acceptedMs = performance.now();

  constructor(ring: Ring, out: Writable, backlogMs: number) {
    this.#ring = ring;
    this.#out = out;
    this.#backlogMs = backlogMs;
    out.on('drain', () => this.pump());
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How often it fell out of the ring. */
  get skips(): number {
    return this.#skips;
  }

  /** When the program was last given something, by the monotonic clock. */
  get acceptedMs(): number {
    return this.#acceptedMs;
  }

  /** True while the program does not take what waits for it. */
  get isBlocked(): boolean {
    return this.#out.writableLength >= mostWaiting;
  }

  /** Writes what is new, as much as may wait. Never throws. */
  pump(): void {
    if (this.#out.destroyed || this.#out.writableEnded || this.isBlocked) return;
    if (!this.#placed) this.#place(startPoint(this.#ring, performance.now(), this.#backlogMs, true));
    else if (this.#seq < this.#ring.firstSeq) {
      this.#skips++;
      this.#place(resumePoint(this.#ring, true));
    }
    if (!this.#placed) return;
    for (
      let data = this.#ring.data(this.#seq);
      data !== undefined && !this.isBlocked;
      data = this.#ring.data(this.#seq)
    ) {
      this.#write(this.#offset === 0 ? data : data.subarray(this.#offset));
      this.#offset = 0;
      this.#seq++;
    }
  }

  /** Nothing more comes: the program may end in order. */
  end(): void {
    if (!this.#out.destroyed) this.#out.end();
  }

  #place(start: StartPoint | null): void {
    this.#placed = start !== null;
    if (start === null) return;
    this.#seq = start.seq;
    this.#offset = start.offset;
    this.#write(start.tables);
  }

  #write(data: Buffer): void {
    if (data.length === 0) return;
    this.#bytes += data.length;
    this.#acceptedMs = performance.now();
    this.#out.write(data);
  }
}
