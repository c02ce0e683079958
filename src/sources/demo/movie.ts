import { Readable } from 'node:stream';
import { packetSize } from '../../mpegts/packet.ts';
import { type ClipLoop, loopTicks } from './clip-loop.ts';

const loopSec = loopTicks / 90_000;
const packetsPerChunk = 348;

/** A virtual MPEG-TS file of a known size, made of a clip's loop. No byte of it is kept; any range can be read at any time. */
export class DemoMovie {
  readonly #loop: ClipLoop;
  readonly #packets: number;

  /** `durationSec` is brought to whole loops of 6.4 s, so that the last picture is whole. */
  constructor(loop: ClipLoop, durationSec: number) {
    this.#loop = loop;
    this.#packets = Math.max(1, Math.round(durationSec / loopSec)) * loop.packetsPerLoop;
  }

  /** Bytes. */
  get size(): number {
    return this.#packets * packetSize;
  }

  get durationSec(): number {
    return ((this.#packets / this.#loop.packetsPerLoop) * loopTicks) / 90_000;
  }

  /** Bytes `start` up to, not with, `end`, made as they are read. Bounds outside the file are brought inside. */
  read(start = 0, end = this.size): Readable {
    return Readable.from(this.#chunks(Math.max(0, start), Math.min(end, this.size)), { objectMode: false });
  }

  *#chunks(start: number, end: number): Generator<Buffer> {
    let position = start;
    while (position < end) {
      const first = Math.floor(position / packetSize);
      const last = Math.min(first + packetsPerChunk, this.#packets);
      const bytes = this.#loop.packets(first, last);
      const from = position - first * packetSize;
      const to = Math.min(bytes.length, end - first * packetSize);
      yield bytes.subarray(from, to);
      position = first * packetSize + to;
    }
  }
}
