import {
  continuityOf,
  hasPayload,
  hasPcr,
  isUnitStart,
  nullPid,
  packetSize,
  payloadOffset,
  pcrOf,
  pidCount,
  pidOf,
  setContinuity,
  setPcr,
  syncByte,
} from './packet.ts';
import { dtsOf, isPesStart, ptsOf, writeStamp } from './pes.ts';
import { wrapPcr, wrapPts } from './time.ts';

/** Moves PCR, PTS and DTS of the packet at `offset` by `shift` 90 kHz ticks, in place and round the 33-bit wrap. */
export function shiftTimes(bytes: Buffer, offset: number, shift: number): void {
  const pcr = pcrOf(bytes, offset);
  if (pcr >= 0) setPcr(bytes, offset, wrapPcr(pcr + shift * 300));
  if (!isUnitStart(bytes, offset)) return;
  const end = offset + packetSize;
  const start = payloadOffset(bytes, offset);
  if (!isPesStart(bytes, start, end)) return;
  const pts = ptsOf(bytes, start, end);
  if (pts >= 0) writeStamp(bytes, start + 9, wrapPts(pts + shift));
  const dts = dtsOf(bytes, start, end);
  if (dts >= 0) writeStamp(bytes, start + 14, wrapPts(dts + shift));
}

/** Tells which packets of a piece are written. What is refused becomes a null packet, so that no byte changes its place. */
export type Admits = (bytes: Buffer, offset: number, pid: number) => boolean;

/**
 * Joins pieces of transport streams into one: times are moved by a shift given per piece, and the continuity counters of each PID go on
 * over the seam. Gaps and repeats inside a piece are kept, so that a decoder still sees what was lost.
 */
export class Restamper {
  #shift = 0;
  #admits: Admits | null = null;
  /** Last counter written per PID, -1 before the first. */
  readonly #last = new Int8Array(pidCount).fill(-1);
  /** What is added to the counters of the present piece, -1 until its first packet of the PID. */
  readonly #turn = new Int8Array(pidCount).fill(-1);

  /** Begins the next piece; its times are moved by `shift` 90 kHz ticks. */
  splice(shift: number, admits: Admits | null = null): void {
    this.#shift = shift;
    this.#admits = admits;
    this.#turn.fill(-1);
  }

  /** Takes note of packets that were written without its help. */
  observe(bytes: Buffer): void {
    for (let offset = 0; offset + packetSize <= bytes.length; offset += packetSize)
      this.#last[pidOf(bytes, offset)] = continuityOf(bytes, offset);
  }

  /** Returns a changed copy; `bytes` starts at a packet and holds whole ones. */
  copy(bytes: Buffer): Buffer {
    const out = Buffer.from(bytes);
    this.apply(out);
    return out;
  }

  /** A changed copy of packets that stood in the present piece already and are given to somebody again. */
  again(bytes: Buffer): Buffer {
    const out = Buffer.from(bytes);
    for (let offset = 0; offset + packetSize <= out.length; offset += packetSize)
      setContinuity(out, offset, continuityOf(out, offset) + Math.max(0, this.#turn[pidOf(out, offset)] ?? 0));
    return out;
  }

  /** Changes `bytes` in place. */
  apply(bytes: Buffer): void {
    for (let offset = 0; offset + packetSize <= bytes.length; offset += packetSize) {
      const pid = pidOf(bytes, offset);
      if (pid === nullPid) continue;
      if (this.#admits !== null && !this.#admits(bytes, offset, pid)) this.#leaveOut(bytes, offset, pid);
      else this.#number(bytes, offset, pid);
      if (this.#shift !== 0) shiftTimes(bytes, offset, this.#shift);
    }
  }

  #number(bytes: Buffer, offset: number, pid: number): void {
    const counter = continuityOf(bytes, offset);
    let turn = this.#turn[pid] ?? -1;
    if (turn < 0) {
      const last = this.#last[pid] ?? -1;
      const wanted = last < 0 ? counter : last + (hasPayload(bytes, offset) ? 1 : 0);
      turn = (wanted - counter) & 0x0f;
      this.#turn[pid] = turn;
    }
    const written = (counter + turn) & 0x0f;
    this.#last[pid] = written;
    setContinuity(bytes, offset, written);
  }

  /** A clock is kept: its packet stays, without payload. */
  #leaveOut(bytes: Buffer, offset: number, pid: number): void {
    const turn = this.#turn[pid] ?? -1;
    const last = this.#last[pid] ?? -1;
    if (turn >= 0 && hasPayload(bytes, offset)) this.#turn[pid] = (turn - 1) & 0x0f;
    const clock = hasPcr(bytes, offset) && last >= 0;
    bytes[offset + 1] = clock ? pid >>> 8 : nullPid >>> 8;
    bytes[offset + 2] = clock ? pid & 0xff : nullPid & 0xff;
    if (!clock) {
      bytes[offset] = syncByte;
      bytes[offset + 3] = 0x10;
      bytes.fill(0xff, offset + 4, offset + packetSize);
      return;
    }
    bytes[offset + 3] = 0x20 | last;
    bytes[offset + 4] = packetSize - 5;
    bytes[offset + 5] = 0x10;
    bytes.fill(0xff, offset + 12, offset + packetSize);
  }
}
