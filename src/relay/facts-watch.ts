import { CodecReader } from '../mpegts/codec-reader.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { EntryPoint } from './ring.ts';

/** A running stream is read again this often: a channel may change its format between programmes. */
const refreshMs = 60_000;

/** Reads what a stream carries, at the start of each connection and once a minute, and tells it when it is new. */
export class FactsWatch {
  readonly #tell: (facts: CodecFacts) => void;
  #reader: CodecReader | null = null;
  #beganMs = Number.NEGATIVE_INFINITY;
  #told = '';

  constructor(tell: (facts: CodecFacts) => void) {
    this.#tell = tell;
  }

  /** Another connection: read at its next entry point. */
  renew(): void {
    this.#beganMs = Number.NEGATIVE_INFINITY;
    this.#reader = null;
  }

  entry(entry: EntryPoint): void {
    if (this.#reader !== null || entry.tables.length === 0 || entry.atMs - this.#beganMs < refreshMs) return;
    this.#beganMs = entry.atMs;
    this.#reader = new CodecReader();
    this.#reader.push(entry.tables);
  }

  packets(packets: Buffer): void {
    const reader = this.#reader;
    if (reader === null || reader.push(packets) === 'reading') return;
    this.#reader = null;
    const facts = reader.facts();
    if (facts === null) return;
    const essence = JSON.stringify(facts, (key, value: unknown) =>
      key === 'bitRate' || key === 'observedAt' ? undefined : value,
    );
    if (essence === this.#told) return;
    this.#told = essence;
    this.#tell(facts);
  }
}
