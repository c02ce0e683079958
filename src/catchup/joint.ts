import { TimeLine, type TimeLineOptions } from './time-line.ts';

/** The most bytes kept of a line for who asks again. */
const mostKept = 8 * 1_048_576;
const keptAtRest = 2 * 1_048_576;

/** A line of a playback with the bytes it gave last, so that who lost or forgot some gets the same again. */
export class Joint {
  readonly line: TimeLine;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Connections in a row that brought nothing new. */
  fruitless = 0;
  /** The present connection brings more than the programme. */
  goesBeyond = false;
  /** When it was used last, as a `performance.now()` reading. */
  usedAt = performance.now();

  constructor(options: TimeLineOptions) {
    this.line = new TimeLine(options);
  }

  note(piece: Buffer): void {
    this.fruitless = 0;
    this.usedAt = performance.now();
    this.#kept.push(piece);
    this.#keptBytes += piece.length;
    this.#keep(mostKept);
  }

  /** Another place is played: what a response still waits for is kept. */
  rest(): void {
    this.#keep(keptAtRest);
  }

  #keep(bytes: number): void {
    while (this.#keptBytes > bytes) this.#keptBytes -= this.#kept.shift()?.length ?? 0;
  }

  /** Whether it can go on from this place. */
  reaches(from: number): boolean {
    return from <= this.line.position && from >= this.line.position - this.#keptBytes;
  }

  /** What it gave from this place on. */
  since(from: number): Buffer[] {
    let skip = from - (this.line.position - this.#keptBytes);
    const pieces: Buffer[] = [];
    for (const piece of this.#kept) {
      if (skip < piece.length) pieces.push(skip > 0 ? piece.subarray(skip) : piece);
      skip = Math.max(0, skip - piece.length);
    }
    return pieces;
  }
}
