import { crc32Mpeg } from './crc32.ts';
import { hasPayload, isUnitStart, packetSize, payloadOffset } from './packet.ts';

const tableIds = new Set([0x00, 0x02]);
const versionAt = 5;

/**
 * Adds a fixed number to the version of each PAT and PMT section of one PID, packet by packet and in place. The CRC is a linear
 * function of the bytes, so a changed byte is mended by what it changes alone, even where the section goes on in later packets.
 */
export class SectionTurn {
  readonly #turn: number;
  /** Index of the next byte in its section; -1 while no section is known to run. */
  #index = -1;
  #tableId = -1;
  #length = 0;
  #mend = 0;

  constructor(turn: number) {
    this.#turn = turn & 0x1f;
  }

  /** Takes the next packet of the PID. */
  apply(bytes: Buffer, offset: number): void {
    if (this.#turn === 0 || !hasPayload(bytes, offset)) return;
    const end = offset + packetSize;
    const from = payloadOffset(bytes, offset);
    if (!isUnitStart(bytes, offset)) return this.#walk(bytes, from, end);
    const first = from + 1 + (bytes[from] ?? 0);
    this.#walk(bytes, from + 1, Math.min(first, end));
    this.#index = 0;
    this.#walk(bytes, first, end);
  }

  #walk(bytes: Buffer, from: number, end: number): void {
    for (let at = from; at < end && this.#index >= 0; at++) {
      const value = bytes[at] ?? 0;
      if (this.#index === 0) {
        this.#tableId = value;
        this.#length = 0;
        this.#mend = 0;
        if (value === 0xff) {
          this.#index = -1;
          return;
        }
      } else if (this.#index === 1) this.#length = (value & 0x0f) << 8;
      else if (this.#index === 2) this.#length += value + 3;
      else if (tableIds.has(this.#tableId)) {
        if (this.#index === versionAt) bytes[at] = this.#turned(value);
        else if (this.#index >= this.#length - 4)
          bytes[at] = value ^ ((this.#mend >>> (8 * (this.#length - 1 - this.#index))) & 0xff);
      }
      this.#index++;
      if (this.#index >= 3 && this.#index >= this.#length) this.#index = 0;
    }
  }

  #turned(value: number): number {
    const turned = (value & 0xc1) | ((((value >>> 1) + this.#turn) & 0x1f) << 1);
    const after = this.#length - 4 - versionAt;
    const change = Buffer.alloc(Math.max(1, after));
    const none = crc32Mpeg(change);
    change[0] = value ^ turned;
    this.#mend = crc32Mpeg(change) ^ none;
    return turned;
  }
}
