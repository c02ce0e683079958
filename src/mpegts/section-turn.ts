import { crc32Mpeg } from './crc32.ts';
import { hasPayload, isUnitStart, packetSize, payloadOffset } from './packet.ts';
import type { PidSwaps } from './pid-swaps.ts';

const patId = 0x00;
const pmtId = 0x02;
const versionAt = 5;
const firstEntryAt = 8;

/**
 * Adds a fixed number to the version of each PAT and PMT section of one PID, and exchanges the PIDs they name, packet by packet and in
 * place. The CRC is a linear function of the bytes, so a changed byte is mended by what it changes alone, even where the section goes on
 * in later packets.
 */
export class SectionTurn {
  readonly #turn: number;
  readonly #swaps: PidSwaps | null;
  /** Index of the next byte in its section; -1 while no section is known to run. */
  #index = -1;
  #tableId = -1;
  #length = 0;
  #mend = 0;
  /** Index of the next entry of a table, and how much of the lengths before it is known. */
  #entryAt = 0;
  #highLength = 0;
  /** Where the upper byte of a PID stands. */
  #high: { readonly bytes: Buffer; readonly at: number } | null = null;

  constructor(turn: number, swaps: PidSwaps | null = null) {
    this.#turn = turn & 0x1f;
    this.#swaps = swaps;
  }

  /** Takes the next packet of the PID. */
  apply(bytes: Buffer, offset: number): void {
    if ((this.#turn === 0 && this.#swaps === null) || !hasPayload(bytes, offset)) return;
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
        this.#begin(value);
        if (value === 0xff) {
          this.#index = -1;
          return;
        }
      } else if (this.#index === 1) this.#length = (value & 0x0f) << 8;
      else if (this.#index === 2) this.#length += value + 3;
      else if (this.#tableId === patId || this.#tableId === pmtId) {
        if (this.#index === versionAt) this.#edit(bytes, at, this.#index, this.#turned(value));
        else if (this.#index >= this.#length - 4)
          bytes[at] = value ^ ((this.#mend >>> (8 * (this.#length - 1 - this.#index))) & 0xff);
        else if (this.#swaps !== null && this.#index >= firstEntryAt) this.#entry(bytes, at, this.#swaps);
      }
      this.#index++;
      if (this.#index >= 3 && this.#index >= this.#length) this.#index = 0;
    }
  }

  #begin(tableId: number): void {
    this.#tableId = tableId;
    this.#length = 0;
    this.#mend = 0;
    // The first entry of a PMT is its PCR PID, with the length of its descriptors.
    this.#entryAt = tableId === pmtId ? firstEntryAt - 1 : firstEntryAt;
  }

  #entry(bytes: Buffer, at: number, swaps: PidSwaps): void {
    const place = this.#index - this.#entryAt;
    const pidAt = this.#tableId === patId ? 2 : 1;
    const value = bytes[at] ?? 0;
    if (place === pidAt) this.#high = { bytes, at };
    else if (place === pidAt + 1) this.#swap(bytes, at, swaps);
    if (this.#tableId === patId) {
      if (place === 3) this.#entryAt += 4;
    } else if (place === 3) this.#highLength = (value & 0x0f) << 8;
    else if (place === 4) this.#entryAt += 5 + this.#highLength + value;
  }

  #swap(bytes: Buffer, at: number, swaps: PidSwaps): void {
    const high = this.#high;
    this.#high = null;
    // A PID in two packets that came apart: the first one is on its way already.
    if (high === null || high.bytes !== bytes) return;
    const first = bytes[high.at] ?? 0;
    const pid = ((first & 0x1f) << 8) | (bytes[at] ?? 0);
    const to = swaps.of(pid);
    if (to === pid) return;
    this.#edit(bytes, high.at, this.#index - 1, (first & 0xe0) | (to >>> 8));
    this.#edit(bytes, at, this.#index, to & 0xff);
  }

  #turned(value: number): number {
    return (value & 0xc1) | ((((value >>> 1) + this.#turn) & 0x1f) << 1);
  }

  #edit(bytes: Buffer, at: number, index: number, value: number): void {
    const change = Buffer.alloc(Math.max(1, this.#length - 4 - index));
    const none = crc32Mpeg(change);
    change[0] = (bytes[at] ?? 0) ^ value;
    this.#mend ^= crc32Mpeg(change) ^ none;
    bytes[at] = value;
  }
}
