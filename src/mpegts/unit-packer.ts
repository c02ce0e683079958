import { packetSize, setContinuity, setPcr, syncByte } from './packet.ts';
import { writeStamp } from './pes.ts';
import { wrapPcr, wrapPts } from './time.ts';

export interface UnitMarks {
  /** When it is decoded, where that is not when it is shown; 90 kHz ticks, any whole number. */
  readonly dts?: number;
  /** 27 MHz ticks, any whole number. */
  readonly pcr?: number;
  readonly randomAccess?: boolean;
}

/** Writes PES packets as transport packets and keeps the continuity counters of each PID. */
export class UnitPacker {
  readonly #counters = new Map<number, number>();

  /** One access unit, or a run of sound frames, at `pts` (90 kHz ticks, any whole number). */
  unit(pid: number, streamId: number, data: Uint8Array, pts: number, marks: UnitMarks = {}): Buffer {
    const head =
      marks.dts === undefined || marks.dts === pts ? headOf(streamId, pts) : twoTimes(streamId, pts, marks.dts);
    // The length of a picture is left open (ISO 13818-1 2.4.3.7).
    if ((streamId & 0xf0) !== 0xe0) head.writeUInt16BE(data.length + head.length - 6, 4);
    return this.#pack(pid, Buffer.concat([head, data]), marks);
  }

  /** A packet with nothing but a clock. */
  clock(pid: number, pcr: number): Buffer {
    const packet = Buffer.alloc(packetSize, 0xff);
    packet.set([syncByte, pid >>> 8, pid & 0xff, 0x20, packetSize - 5, 0x10]);
    setContinuity(packet, 0, this.#counters.get(pid) ?? 0);
    setPcr(packet, 0, wrapPcr(pcr));
    return packet;
  }

  /** Packets of a section that is sent again and again, with the counters it has now. */
  again(pid: number, packets: Buffer): Buffer {
    const out = Buffer.from(packets);
    for (let offset = 0; offset < out.length; offset += packetSize) setContinuity(out, offset, this.#next(pid));
    return out;
  }

  #pack(pid: number, unit: Buffer, { pcr, randomAccess = false }: UnitMarks): Buffer {
    const field = pcr === undefined ? (randomAccess ? 2 : 0) : 8;
    const packets = Math.ceil((unit.length + field) / (packetSize - 4));
    const out = Buffer.allocUnsafe(packets * packetSize);
    let counter = this.#counters.get(pid) ?? -1;
    let taken = 0;
    for (let offset = 0; offset < out.length; offset += packetSize) {
      const own = offset === 0 ? field : 0;
      const count = Math.min(packetSize - 4 - own, unit.length - taken);
      const adaptation = packetSize - 4 - count;
      counter = (counter + 1) & 0x0f;
      out[offset] = syncByte;
      out[offset + 1] = (offset === 0 ? 0x40 : 0) | (pid >>> 8);
      out[offset + 2] = pid & 0xff;
      out[offset + 3] = (adaptation > 0 ? 0x30 : 0x10) | counter;
      if (adaptation > 0) {
        out[offset + 4] = adaptation - 1;
        out.fill(0xff, offset + 5, offset + 4 + adaptation);
      }
      if (adaptation > 1) out[offset + 5] = own === 0 ? 0 : (randomAccess ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10);
      if (own > 0 && pcr !== undefined) setPcr(out, offset, wrapPcr(pcr));
      unit.copy(out, offset + packetSize - count, taken, taken + count);
      taken += count;
    }
    this.#counters.set(pid, counter);
    return out;
  }

  #next(pid: number): number {
    const counter = ((this.#counters.get(pid) ?? -1) + 1) & 0x0f;
    this.#counters.set(pid, counter);
    return counter;
  }
}

function headOf(streamId: number, pts: number): Buffer {
  const head = Buffer.from([0, 0, 1, streamId, 0, 0, 0x84, 0x80, 5, 0x21, 0, 1, 0, 1]);
  writeStamp(head, 9, wrapPts(pts));
  return head;
}

function twoTimes(streamId: number, pts: number, dts: number): Buffer {
  const head = Buffer.from([0, 0, 1, streamId, 0, 0, 0x84, 0xc0, 10, 0x31, 0, 1, 0, 1, 0x11, 0, 1, 0, 1]);
  writeStamp(head, 9, wrapPts(pts));
  writeStamp(head, 14, wrapPts(dts));
  return head;
}
