import type { GenerationSink } from './generation.ts';

/** Entry points are no closer than this. */
const spacingMs = 500;

/**
 * The bytes of a radio station that sends bare MP3 or AAC: there are no packets and no tables, and a decoder finds the next frame by
 * itself wherever it starts.
 */
export class RawGeneration {
  readonly #sink: GenerationSink;
  #markedMs = Number.NEGATIVE_INFINITY;

  constructor(sink: GenerationSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer, nowMs: number): void {
    if (nowMs - this.#markedMs >= spacingMs) {
      this.#markedMs = nowMs;
      this.#sink.entry({ position: this.#sink.position(), atMs: nowMs, tables: Buffer.alloc(0), weak: true });
    }
    this.#sink.packets(chunk);
  }

  /** Nothing is held back. */
  finish(): void {}

  flush(): void {}
}
