import { ChunkJoiner } from './chunk-joiner.ts';
import type { GenerationSink } from './generation.ts';
import { startPoint } from './join.ts';
import { type EntryPoint, Ring } from './ring.ts';
import { Seam } from './seam.ts';

export interface OutletOptions {
  readonly maxBytes: number;
  readonly maxMs: number;
  readonly consumers: () => number;
  /** Somebody waits for a first picture. */
  readonly hurry: () => boolean;
  /** There is something new in the ring. */
  readonly grown: () => void;
}

/** The ring, and the way into it: what the source and its slates give is joined to one stream there. */
export class Outlet implements GenerationSink {
  readonly ring: Ring;
  readonly #joiner: ChunkJoiner;
  #position = 0;
  /** From the second generation on. */
  #seam: Seam | null = null;

  constructor({ maxBytes, maxMs, consumers, hurry, grown }: OutletOptions) {
    this.ring = new Ring({ maxBytes, maxMs });
    this.#joiner = new ChunkJoiner({
      out: (chunk) => {
        this.ring.push(chunk, performance.now());
        grown();
      },
      consumers,
      hurry,
    });
  }

  position(): number {
    return this.#position;
  }

  packets(packets: Buffer): void {
    this.#position += packets.length;
    this.#joiner.add(packets);
  }

  entry(entry: EntryPoint): void {
    this.ring.mark(entry);
  }

  /** All packets of one chunk were given. */
  settle(): void {
    this.#joiner.settle();
  }

  flush(): void {
    this.#joiner.flush();
  }

  /** Makes the next generation go on from what was given so far; null while that is nothing. */
  readonly seam = (): Seam | null => {
    if (this.#position === 0) return null;
    this.#seam ??= new Seam(() => {
      this.#joiner.flush();
      return this.ring.history();
    });
    return this.#seam;
  };

  /** Whether there is something to give to somebody who comes now. */
  hasStart(slates: boolean): boolean {
    return startPoint(this.ring, performance.now(), 0, slates) !== null;
  }
}
