import { hasPayload, isRandomAccess, isScrambled, isUnitStart, packetSize, payloadOffset, pidOf } from './packet.ts';
import { readPesHeader } from './pes.ts';
import { ProgramTables } from './program-tables.ts';
import type { ElementaryStream } from './psi.ts';

/** The payload of one PES packet. */
export interface PesUnit {
  readonly stream: ElementaryStream;
  readonly streamId: number;
  /** 90 kHz ticks; -1 where it has none. */
  readonly pts: number;
  /** As `pts` where it has none of its own. */
  readonly dts: number;
  readonly isRandomAccess: boolean;
  readonly data: Buffer;
}

interface Open {
  readonly head: Omit<PesUnit, 'data'>;
  readonly parts: Buffer[];
  length: number;
}

const mostUnitBytes = 16_777_216;

/** Takes the pictures and the sound of a transport stream out of its packets. It needs the tables before them. */
export class UnitDemuxer {
  readonly #tables = new ProgramTables();
  readonly #open = new Map<number, Open>();

  /** Streams of the program; empty while its tables have not come. */
  get streams(): readonly ElementaryStream[] {
    return this.#tables.program?.streams ?? [];
  }

  /** Takes whole packets and gives the units they complete. */
  push(packets: Buffer): PesUnit[] {
    const out: PesUnit[] = [];
    for (let offset = 0; offset + packetSize <= packets.length; offset += packetSize) {
      const pid = pidOf(packets, offset);
      if (this.#tables.isTable(pid)) this.#tables.push(packets, offset, pid);
      else if (hasPayload(packets, offset) && !isScrambled(packets, offset)) this.#take(packets, offset, { pid, out });
    }
    return out;
  }

  /** What is left when nothing more comes. */
  flush(): PesUnit[] {
    const out: PesUnit[] = [];
    for (const pid of this.#open.keys()) this.#finish(pid, out);
    return out;
  }

  #take(packets: Buffer, offset: number, { pid, out }: { readonly pid: number; readonly out: PesUnit[] }): void {
    const end = offset + packetSize;
    let start = payloadOffset(packets, offset);
    if (isUnitStart(packets, offset)) {
      this.#finish(pid, out);
      const stream = this.streams.find((each) => each.pid === pid);
      const header = readPesHeader(packets, start, end);
      if (stream === undefined || header === null) return;
      const { streamId, pts, dts } = header;
      const head = { stream, streamId, pts, dts: dts < 0 ? pts : dts, isRandomAccess: isRandomAccess(packets, offset) };
      this.#open.set(pid, { head, parts: [], length: 0 });
      start = Math.min(end, header.payloadStart);
    }
    const open = this.#open.get(pid);
    if (open === undefined || start >= end) return;
    open.parts.push(packets.subarray(start, end));
    open.length += end - start;
    if (open.length > mostUnitBytes) this.#open.delete(pid);
  }

  #finish(pid: number, out: PesUnit[]): void {
    const open = this.#open.get(pid);
    if (open === undefined) return;
    this.#open.delete(pid);
    if (open.length > 0) out.push({ ...open.head, data: Buffer.concat(open.parts, open.length) });
  }
}
