import { CodecReader } from '../mpegts/codec-reader.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import type { EntryPoint } from './ring.ts';

/** A running stream is read again this often: a channel may change its format between programmes. */
const refreshMs = 60_000;
/** What is handed to `complete` at most. */
const maxSampleBytes = 4_194_304;

/** Fills facts that the stream does not tell from its first bytes: tables, then packets from an entry point on. Must not reject. */
export type CompleteFacts = (known: CodecFacts, sample: Buffer) => Promise<CodecFacts>;

/** Reads what a stream carries, at the start of each connection and once a minute, and tells it when it is new. */
export class FactsWatch {
  readonly #tell: (facts: CodecFacts) => void;
  readonly #complete: CompleteFacts | null;
  #reader: CodecReader | null = null;
  #beganMs = Number.NEGATIVE_INFINITY;
  /** When `complete` was asked last. */
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Shared buffers, only while a reader runs that may need them. */
  #sample: Buffer[] = [];
  #sampleBytes = 0;
  #told = '';

  constructor(tell: (facts: CodecFacts) => void, complete: CompleteFacts | null = null) {
    this.#tell = tell;
    this.#complete = complete;
  }

  /** Another connection: read at its next entry point. */
  renew(): void {
    this.#beganMs = Number.NEGATIVE_INFINITY;
    this.#reader = null;
    this.#forgetSample();
  }

  entry(entry: EntryPoint): void {
    if (this.#reader !== null || entry.tables.length === 0 || entry.atMs - this.#beganMs < refreshMs) return;
    this.#beganMs = entry.atMs;
    this.#reader = new CodecReader();
    this.#reader.push(entry.tables);
    this.#keep(entry.tables);
  }

  packets(packets: Buffer): void {
    const reader = this.#reader;
    if (reader === null) return;
    this.#keep(packets);
    const state = reader.push(packets);
    if (state === 'reading') return;
    this.#reader = null;
    const facts = reader.facts();
    if (facts !== null && (state === 'complete' || this.#complete === null)) this.#tellNew(facts);
    else if (facts !== null) this.#ask(facts, this.#complete);
    this.#forgetSample();
  }

  /** Once a minute at most; what was told before holds until then. */
  #ask(known: CodecFacts, complete: CompleteFacts | null): void {
    const nowMs = performance.now();
    if (complete === null || nowMs - this.#askedMs < refreshMs) {
      if (this.#told === '') this.#tellNew(known);
      return;
    }
    this.#askedMs = nowMs;
    void complete(known, Buffer.concat(this.#sample, this.#sampleBytes)).then((facts) => this.#tellNew(facts));
  }

  #tellNew(facts: CodecFacts): void {
    const essence = JSON.stringify(facts, (key, value: unknown) =>
      key === 'bitRate' || key === 'observedAt' ? undefined : value,
    );
    if (essence === this.#told) return;
    this.#told = essence;
    this.#tell(facts);
  }

  #keep(packets: Buffer): void {
    const mayBeAsked = this.#complete !== null && this.#beganMs - this.#askedMs >= refreshMs;
    if (!mayBeAsked || this.#sampleBytes + packets.length > maxSampleBytes) return;
    this.#sample.push(packets);
    this.#sampleBytes += packets.length;
  }

  #forgetSample(): void {
    this.#sample = [];
    this.#sampleBytes = 0;
  }
}
