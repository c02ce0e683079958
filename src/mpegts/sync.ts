import { packetSize, syncByte } from './packet.ts';

/** Packet lengths in use: plain, with a 4-byte time stamp before (M2TS), with 16 parity bytes after (DVB-ASI). */
const strides = [188, 192, 204] as const;
type Stride = (typeof strides)[number];

/** Sync bytes that have to follow each other before a position counts as a packet start. */
const confirmations = 3;
const window = 204 * (confirmations - 1) + 1;

/**
 * Cuts a byte stream into whole 188-byte packets. Text or garbage before the first packet is skipped; packets of 192 and 204 bytes
 * are cut down to 188. When sync is lost, bytes are skipped until it is found again, and counted.
 */
export class TsSync {
  #stride: Stride | 0 = 0;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes still to come that lie between two packets. */
  #between = 0;
  #losses = 0;
  #skippedBytes = 0;

  /** Packet length of the input: 188, 192 or 204; 0 while searching. */
  get stride(): number {
    return this.#stride;
  }

  get locked(): boolean {
    return this.#stride !== 0;
  }

  /** How often sync was lost after it had been found. */
  get losses(): number {
    return this.#losses;
  }

  /** Bytes that were no part of a packet. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /**
   * Takes the next bytes and returns buffers whose length is a multiple of 188 and which start at a packet. They are views into
   * `chunk` where possible, so `chunk` must not be changed afterwards.
   */
  push(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let bytes = chunk;
    if (this.#rest.length > 0) bytes = this.#joinRest(chunk, out);
    let position = Math.min(this.#between, bytes.length);
    this.#between -= position;
    do {
      if (!this.locked) position = this.#search(bytes, position);
      if (!this.locked) break;
      position =
        this.#stride === packetSize ? this.#take(bytes, position, out) : this.#takeConverted(bytes, position, out);
    } while (!this.locked);
    if (position < bytes.length) this.#rest = Buffer.from(bytes.subarray(position));
    return out;
  }

  /** Forgets everything; for a new upstream. Counters go on. */
  reset(): void {
    this.#stride = 0;
    this.#between = 0;
    this.#rest = Buffer.alloc(0);
  }

  /** Completes the one packet that lies across two chunks, so that the rest of the new chunk can be passed on uncopied. */
  #joinRest(chunk: Buffer, out: Buffer[]): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    const missing = packetSize - rest.length;
    // Only the plain, locked case is worth it; rest then always starts at a sync byte.
    if (this.#stride !== packetSize || missing <= 0 || chunk.length < missing) return Buffer.concat([rest, chunk]);
    if (chunk.length > missing && chunk[missing] !== syncByte) return Buffer.concat([rest, chunk]);
    out.push(Buffer.concat([rest, chunk.subarray(0, missing)], packetSize));
    return chunk.subarray(missing);
  }

  #search(bytes: Buffer, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      if (bytes[i] !== syncByte) continue;
      if (bytes.length - i < window) {
        // Not enough to decide about the longest stride: wait, unless a shorter one fits already.
        const stride = strideAt(bytes, i);
        if (stride === 0 && mayStillFit(bytes, i)) return this.#skip(from, i);
        if (stride === 0) continue;
        this.#stride = stride;
        return this.#skip(from, i);
      }
      const stride = strideAt(bytes, i);
      if (stride === 0) continue;
      this.#stride = stride;
      return this.#skip(from, i);
    }
    return this.#skip(from, bytes.length);
  }

  #skip(from: number, to: number): number {
    this.#skippedBytes += to - from;
    return to;
  }

  #take(bytes: Buffer, from: number, out: Buffer[]): number {
    let position = from;
    while (position + packetSize <= bytes.length && bytes[position] === syncByte) position += packetSize;
    if (position > from) out.push(bytes.subarray(from, position));
    if (position < bytes.length && bytes[position] !== syncByte) this.#lose();
    return position;
  }

  #takeConverted(bytes: Buffer, from: number, out: Buffer[]): number {
    const stride = this.#stride;
    let count = 0;
    let position = from;
    while (position + packetSize <= bytes.length && bytes[position] === syncByte) {
      count++;
      position += stride;
    }
    const plain = Buffer.allocUnsafe(count * packetSize);
    for (let n = 0; n < count; n++)
      bytes.copy(plain, n * packetSize, from + n * stride, from + n * stride + packetSize);
    if (count > 0) out.push(plain);
    if (position < bytes.length && bytes[position] !== syncByte) this.#lose();
    // The bytes between the last packet and the next one may be still to come.
    this.#between = Math.max(0, position - bytes.length);
    return Math.min(position, bytes.length);
  }

  #lose(): void {
    this.#stride = 0;
    this.#losses++;
  }
}

/** The packet length that makes `position` a packet start, or 0. */
function strideAt(bytes: Buffer, position: number): Stride | 0 {
  for (const stride of strides) {
    if (position + stride * (confirmations - 1) >= bytes.length) continue;
    let n = 1;
    while (n < confirmations && bytes[position + n * stride] === syncByte) n++;
    if (n === confirmations) return stride;
  }
  return 0;
}

/** True when more bytes could still make `position` a packet start. */
function mayStillFit(bytes: Buffer, position: number): boolean {
  return strides.some((stride) => {
    for (let n = 1; n < confirmations; n++) {
      const index = position + n * stride;
      if (index >= bytes.length) return true;
      if (bytes[index] !== syncByte) return false;
    }
    return false;
  });
}
