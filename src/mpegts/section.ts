import { continuityOf, hasPayload, isUnitStart, packetSize, payloadOffset, setContinuity, syncByte } from './packet.ts';

const maxSection = 4096;

/** Puts the sections of one PID together from its packets. A gap in the continuity counter drops the section it falls into. */
export class SectionAssembler {
  readonly #bytes = Buffer.alloc(maxSection);
  #length = 0;
  /** Whole length of the section being gathered, header included; 0 while none is. */
  #wanted = 0;
  #counter = -1;

  /** Takes the packet at `offset` and calls `onSection` for each section it completes. The buffer handed over is reused afterwards. */
  push(bytes: Buffer, offset: number, onSection: (section: Buffer) => void): void {
    if (!hasPayload(bytes, offset)) return;
    const counter = continuityOf(bytes, offset);
    if (counter === this.#counter) return;
    if (this.#counter >= 0 && counter !== ((this.#counter + 1) & 0x0f)) this.#drop();
    this.#counter = counter;
    const end = offset + packetSize;
    let position = payloadOffset(bytes, offset);
    if (isUnitStart(bytes, offset)) {
      if (position >= end) return;
      const start = position + 1 + (bytes[position] ?? 0);
      if (this.#length > 0) this.#append(bytes, position + 1, Math.min(start, end), onSection);
      this.#drop();
      position = start;
      while (position < end && bytes[position] !== 0xff) position = this.#append(bytes, position, end, onSection);
    } else if (this.#length > 0) {
      this.#append(bytes, position, end, onSection);
    }
  }

  reset(): void {
    this.#drop();
    this.#counter = -1;
  }

  #drop(): void {
    this.#length = 0;
    this.#wanted = 0;
  }

  /** Copies up to the end of the section and returns where it stopped. */
  #append(bytes: Buffer, from: number, end: number, onSection: (section: Buffer) => void): number {
    let position = from;
    while (position < end) {
      if (this.#length < 3) {
        this.#bytes[this.#length++] = bytes[position++] ?? 0;
        if (this.#length === 3) this.#wanted = 3 + (this.#bytes.readUInt16BE(1) & 0x0fff);
        if (this.#wanted > maxSection) {
          this.#drop();
          return end;
        }
      } else {
        const count = Math.min(end - position, this.#wanted - this.#length);
        bytes.copy(this.#bytes, this.#length, position, position + count);
        this.#length += count;
        position += count;
      }
      if (this.#length >= 3 && this.#length === this.#wanted) {
        onSection(this.#bytes.subarray(0, this.#wanted));
        this.#drop();
        return position;
      }
    }
    return position;
  }
}

/** Packs one section into as many packets as it needs. The last packet gets `lastCounter` as its continuity counter. */
export function packSection(pid: number, section: Uint8Array, lastCounter: number): Buffer {
  const count = Math.ceil((section.length + 1) / (packetSize - 4));
  const out = Buffer.alloc(count * packetSize, 0xff);
  let taken = 0;
  for (let n = 0; n < count; n++) {
    const offset = n * packetSize;
    out[offset] = syncByte;
    out[offset + 1] = (n === 0 ? 0x40 : 0) | (pid >>> 8);
    out[offset + 2] = pid & 0xff;
    out[offset + 3] = 0x10;
    setContinuity(out, offset, lastCounter - (count - 1 - n));
    let position = offset + 4;
    if (n === 0) out[position++] = 0;
    const part = section.subarray(taken, taken + offset + packetSize - position);
    out.set(part, position);
    taken += part.length;
  }
  return out;
}
