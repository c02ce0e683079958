import { readFileSync } from 'node:fs';
import type { LiveMedia } from './media.ts';

const packetSize = 188;
const clockWrap = 2 ** 33;

/** CRC-32 of MPEG-2 sections (polynomial 0x04c11db7, no reflection). */
export function sectionCrc(section: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of section) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

function payloadAt(bytes: Buffer, at: number): number {
  const control = (bytes[at + 3] ?? 0) & 0x30;
  if (control === 0x10) return at + 4;
  return control === 0x30 ? at + 5 + (bytes[at + 4] ?? 0) : at + packetSize;
}

function readStamp(bytes: Buffer, at: number): number {
  const high = ((bytes[at] ?? 0) >> 1) & 7;
  return high * 2 ** 30 + (bytes.readUInt16BE(at + 1) >> 1) * 2 ** 15 + (bytes.readUInt16BE(at + 3) >> 1);
}

function writeStamp(bytes: Buffer, at: number, value: number): void {
  const stamp = value % clockWrap;
  bytes[at] = ((bytes[at] ?? 0) & 0xf1) | (Math.floor(stamp / 2 ** 30) << 1);
  bytes.writeUInt16BE((Math.floor(stamp / 2 ** 15) & 0x7fff) * 2 + 1, at + 1);
  bytes.writeUInt16BE((stamp & 0x7fff) * 2 + 1, at + 3);
}

function writePcr(bytes: Buffer, at: number, ticks27: number): void {
  const base = Math.floor(ticks27 / 300) % clockWrap;
  const extension = Math.floor(ticks27) % 300;
  bytes.writeUInt32BE(Math.floor(base / 2), at);
  bytes.writeUInt16BE(((base % 2) << 15) | 0x7e00 | extension, at + 4);
}

/** A section of one packet with its program number, or transport stream id, replaced. */
function renumbered(packet: Buffer, change: (section: Buffer) => void): Buffer {
  const copy = Buffer.from(packet);
  const start = payloadAt(copy, 0) + 1 + (copy[payloadAt(copy, 0)] ?? 0);
  const length = 3 + (copy.readUInt16BE(start + 1) & 0x0fff);
  const section = copy.subarray(start, start + length);
  change(section);
  section.writeUInt32BE(sectionCrc(section.subarray(0, length - 4)), length - 4);
  return copy;
}

/**
 * A clip as an endless stream: byte position p of the stream is always the same, whoever asks, and time stamps, PCR and continuity
 * counters go on over the seam. `programNumber` marks the channel in PAT and PMT, so that content tells which channel it is.
 */
export class LiveLoop {
  readonly bytesPerSecond: number;
  readonly #clip: Buffer;
  readonly #ticks: number;
  readonly #pmtPid: number;
  /** Offsets of PTS and DTS fields by packet: packet number, field offset. */
  readonly #stamps = new Map<number, readonly number[]>();
  readonly #pcrs = new Map<number, number>();
  readonly #payloadsPerLoop = new Map<number, number>();
  readonly #firstPcr: number;

  constructor(media: LiveMedia) {
    const whole = readFileSync(media.path);
    this.#clip = whole.subarray(0, whole.length - (whole.length % packetSize));
    this.bytesPerSecond = this.#clip.length / media.seconds;
    this.#ticks = media.seconds * 90_000;
    this.#pmtPid = this.#index();
    const first = [...this.#pcrs][0];
    if (first === undefined) throw new Error(`${media.path} has no PCR`);
    this.#firstPcr = first[1] - (first[0] * packetSize * 27_000_000) / this.bytesPerSecond;
  }

  /** Bytes of the stream from `position` (a multiple of 188) on; `length` is cut down to whole packets. */
  read(position: number, length: number, programNumber: number): Buffer {
    const count = Math.floor(length / packetSize);
    const out = Buffer.allocUnsafe(count * packetSize);
    const perLoop = this.#clip.length / packetSize;
    let packet = position / packetSize;
    for (let index = 0; index < count; index += 1, packet += 1) {
      const loop = Math.floor(packet / perLoop);
      this.#copy(out, index * packetSize, packet - loop * perLoop, loop, programNumber);
    }
    return out;
  }

  #copy(out: Buffer, at: number, packet: number, loop: number, programNumber: number): void {
    const source = packet * packetSize;
    this.#clip.copy(out, at, source, source + packetSize);
    const pid = out.readUInt16BE(at + 1) & 0x1fff;
    if (pid === 0 || pid === this.#pmtPid) this.#mark(out.subarray(at, at + packetSize), pid, programNumber);
    const pcr = this.#pcrs.get(packet);
    if (pcr !== undefined) {
      const elapsed = (packet * packetSize * 27_000_000) / this.bytesPerSecond;
      writePcr(out, at + 6, this.#firstPcr + elapsed + loop * this.#ticks * 300);
    }
    if (loop === 0) return;
    const shift = (this.#payloadsPerLoop.get(pid) ?? 0) * loop;
    out[at + 3] = ((out[at + 3] ?? 0) & 0xf0) | (((out[at + 3] ?? 0) + shift) & 0x0f);
    for (const field of this.#stamps.get(packet) ?? [])
      writeStamp(out, at + field, readStamp(out, at + field) + loop * this.#ticks);
  }

  #mark(packet: Buffer, pid: number, programNumber: number): void {
    const marked = renumbered(packet, (section) => {
      section.writeUInt16BE(programNumber, 3);
      if (pid === 0) section.writeUInt16BE(programNumber, 8);
    });
    marked.copy(packet);
  }

  #index(): number {
    const clip = this.#clip;
    let pmtPid = -1;
    for (let at = 0; at < clip.length; at += packetSize) {
      const packet = at / packetSize;
      const pid = clip.readUInt16BE(at + 1) & 0x1fff;
      const flags = clip[at + 3] ?? 0;
      if (flags & 0x10) this.#payloadsPerLoop.set(pid, (this.#payloadsPerLoop.get(pid) ?? 0) + 1);
      if (flags & 0x20 && (clip[at + 4] ?? 0) > 0 && (clip[at + 5] ?? 0) & 0x10)
        this.#pcrs.set(packet, clip.readUInt32BE(at + 6) * 600 + ((clip[at + 10] ?? 0) >> 7) * 300);
      const start = payloadAt(clip, at);
      const isStart = ((clip[at + 1] ?? 0) & 0x40) !== 0;
      if (pid === 0 && isStart) pmtPid = clip.readUInt16BE(start + 1 + 10) & 0x1fff;
      else if (isStart && start + 14 < at + packetSize && clip.readUIntBE(start, 3) === 1) {
        const present = (clip[start + 7] ?? 0) >> 6;
        if (present & 2) this.#stamps.set(packet, present & 1 ? [start + 9 - at, start + 14 - at] : [start + 9 - at]);
      }
    }
    return pmtPid;
  }
}

/** The program number of the first PAT in a piece of transport stream: the channel's mark. Undefined when there is none. */
export function programNumberOf(bytes: Buffer): number | undefined {
  for (let at = 0; at + packetSize <= bytes.length; at += packetSize) {
    if (bytes[at] !== 0x47) return undefined;
    if ((bytes.readUInt16BE(at + 1) & 0x1fff) === 0) return bytes.readUInt16BE(payloadAt(bytes, at) + 1 + 8);
  }
  return undefined;
}
