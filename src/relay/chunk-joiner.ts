/** Above this number of consumers small chunks are joined: it halves the cost of the writes. */
const manyConsumers = 32;
const joinBytes = 65_536;
const joinMs = 100;

/**
 * Joins small chunks into larger ones while there are many consumers; with few, each goes out at once. `hurry` tells that somebody
 * waits for a first picture.
 */
export class ChunkJoiner {
  readonly #out: (chunk: Buffer) => void;
  readonly #consumers: () => number;
  readonly #hurry: () => boolean;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly out: (chunk: Buffer) => void;
    readonly consumers: () => number;
    readonly hurry: () => boolean;
  }) {
    this.#out = options.out;
    this.#consumers = options.consumers;
    this.#hurry = options.hurry;
  }

  /** Takes a piece; nothing goes out before `settle` or `flush`. */
  add(piece: Buffer): void {
    this.#waiting.push(piece);
    this.#bytes += piece.length;
  }

  /** The upstream has given all it had for now. */
  settle(): void {
    if (this.#bytes === 0) return;
    if (this.#bytes >= joinBytes || this.#consumers() <= manyConsumers || this.#hurry()) this.flush();
    else this.#timer ??= setTimeout(this.flush, joinMs);
  }

  /** Bytes that are not out yet. */
  get pending(): number {
    return this.#bytes;
  }

  readonly flush = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const size = this.#bytes;
    this.#waiting = [];
    this.#bytes = 0;
    this.#out(waiting.length === 1 && waiting[0] !== undefined ? waiting[0] : Buffer.concat(waiting, size));
  };
}
