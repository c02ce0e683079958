import { nullPid, packetSize, pidCount, pidOf } from './packet.ts';
import type { Program } from './program-tables.ts';
import type { ElementaryStream } from './psi.ts';

/** PIDs below belong to tables of fixed place. */
const firstFreePid = 0x20;
/** A stream that may not keep its PID gets one from here on. */
const sparePid = 0x1e00;

/** Exchanges PIDs, so that streams that go on in another piece keep theirs: players take a new PID for a new stream, and some ignore it. */
export class PidSwaps {
  readonly #to: Uint16Array;

  private constructor(to: Uint16Array) {
    this.#to = to;
  }

  /**
   * What gives the streams of `next` the PIDs that streams of the same codec have in `before`. A stream of another codec never gets a
   * PID that was in use: decoders are bound to it. Null when nothing has to change.
   */
  static between(before: Program, next: Program): PidSwaps | null {
    const to = Uint16Array.from({ length: pidCount }, (_, pid) => pid);
    const give = (from: number, pid: number): void => {
      const holder = to.indexOf(pid);
      to[holder] = to[from] ?? from;
      to[from] = pid;
    };
    const free = [...before.streams];
    const others: ElementaryStream[] = [];
    for (const stream of next.streams) {
      const twin = free.findIndex(({ kind, codec }) => kind === stream.kind && codec === stream.codec);
      const [old] = twin < 0 ? [] : free.splice(twin, 1);
      if (old === undefined) others.push(stream);
      else if (isMovable(stream.pid) && isMovable(old.pid)) give(stream.pid, old.pid);
    }
    const used = new Set(before.streams.map(({ pid }) => pid));
    const taken = new Set([...used, ...next.streams.map(({ pid }) => pid), next.pmtPid, next.pcrPid]);
    for (const { pid } of others) {
      if (!used.has(to[pid] ?? pid) || !isMovable(pid)) continue;
      let spare = sparePid;
      while (taken.has(spare)) spare++;
      taken.add(spare);
      give(pid, spare);
    }
    return to.every((pid, from) => pid === from) ? null : new PidSwaps(to);
  }

  of(pid: number): number {
    return this.#to[pid] ?? pid;
  }

  /** Changes the PID of each packet in place; what tables say of PIDs is not changed here. */
  apply(bytes: Buffer): void {
    for (let offset = 0; offset + packetSize <= bytes.length; offset += packetSize) {
      const from = pidOf(bytes, offset);
      const pid = this.of(from);
      if (pid === from) continue;
      bytes[offset + 1] = ((bytes[offset + 1] ?? 0) & 0xe0) | (pid >>> 8);
      bytes[offset + 2] = pid & 0xff;
    }
  }
}

function isMovable(pid: number): boolean {
  return pid >= firstFreePid && pid < nullPid;
}
