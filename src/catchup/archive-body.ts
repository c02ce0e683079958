import { Readable } from 'node:stream';
import type { TimeLine } from './time-line.ts';

/** Whatever brings the bytes of an archive. */
export interface ByteSource {
  start(sink: { readonly data: (chunk: Buffer) => void; readonly over: () => void }): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface ArchiveBodyOptions {
  /** Null when all that is wanted is there already. */
  readonly source: ByteSource | null;
  readonly line: TimeLine;
  /** What comes first: sent before, and wanted again. */
  readonly replay: readonly Buffer[];
  /** Is told of each piece that is new in the line. */
  readonly grown: (piece: Buffer) => void;
  /** The provider has no more although the programme is not over; true takes that for its end. */
  readonly ended: () => boolean;
  /** The line is done. */
  readonly done: () => void;
}

/** The bytes of a time line from some place on, read no faster than they are wanted. It breaks when the provider does, and ends with the line. */
export class ArchiveBody extends Readable {
  readonly #options: ArchiveBodyOptions;
  #rest: Iterator<Buffer> | null = null;
  #begun = false;
  #paused = false;

  constructor(options: ArchiveBodyOptions) {
    super({ highWaterMark: 262_144 });
    this.#options = options;
  }

  override _read(): void {
    const { source } = this.#options;
    if (!this.#begun) return this.#begin();
    if (this.#rest !== null) return this.#fill();
    if (!this.#paused) return;
    this.#paused = false;
    source?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.source?.destroy();
    callback(error);
  }

  #begin(): void {
    this.#begun = true;
    const { source, replay, line } = this.#options;
    for (const piece of replay) this.push(piece);
    if (line.done || source === null) {
      this.#rest = line.rest();
      return this.#fill();
    }
    source.start({ data: (chunk) => this.#take(chunk), over: () => this.#over() });
  }

  #take(chunk: Buffer): void {
    if (this.destroyed || this.#rest !== null) return;
    const { source, line, grown } = this.#options;
    let wants = true;
    for (const piece of line.push(chunk)) {
      grown(piece);
      wants = this.push(piece);
    }
    if (line.done) return this.#finish();
    // Nothing of it may be wanted for a while: whoever reads must not take that for a stall.
    this.emit('alive');
    if (wants || this.#paused) return;
    this.#paused = true;
    source?.pause();
  }

  #over(): void {
    if (this.destroyed || this.#rest !== null) return;
    if (this.#options.ended()) this.#finish();
    // Whoever reads asks again from where it has got to.
    else this.destroy();
  }

  #finish(): void {
    this.#options.done();
    this.#options.source?.destroy();
    this.#rest = this.#options.line.rest();
    this.#fill();
  }

  #fill(): void {
    for (;;) {
      const step = this.#rest?.next();
      if (step === undefined || step.done === true) {
        this.push(null);
        return;
      }
      this.#options.grown(step.value);
      if (!this.push(step.value)) return;
    }
  }
}
