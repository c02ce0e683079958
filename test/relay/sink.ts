import type { GenerationSink } from '../../src/relay/generation.ts';
import type { EntryPoint } from '../../src/relay/ring.ts';

/** Keeps all that generations give. */
export class Sink implements GenerationSink {
  readonly out: Buffer[] = [];
  readonly entries: EntryPoint[] = [];
  #position = 0;

  position(): number {
    return this.#position;
  }

  packets(packets: Buffer): void {
    this.#position += packets.length;
    this.out.push(packets);
  }

  entry(entry: EntryPoint): void {
    this.entries.push(entry);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.out);
  }
}
