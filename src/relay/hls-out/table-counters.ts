import { continuityOf, packetSize, patPid, pidOf, setContinuity } from '../../mpegts/packet.ts';

/** Remembers the continuity counters of tables, so that tables put in between look like repeats of the last ones. */
export class TableCounters {
  #seen: { readonly pid: number; readonly position: number; readonly counter: number }[] = [];

  /** Takes note of the packet at `offset` if it may belong to a table; it stands at `position` of the ring. */
  note(bytes: Buffer, offset: number, position: number): void {
    // A section starts with its pointer; a PES packet with 00 00 01.
    const payload = offset + (((bytes[offset + 3] ?? 0) & 0x20) !== 0 ? 5 + (bytes[offset + 4] ?? 0) : 4);
    const isPes = bytes[payload] === 0 && bytes[payload + 1] === 0 && bytes[payload + 2] === 1;
    if (!isPes) this.#seen.push({ pid: pidOf(bytes, offset), position, counter: continuityOf(bytes, offset) });
  }

  /** Nothing before this position is asked for any more. */
  forget(position: number): void {
    this.#seen = this.#seen.filter((each) => each.position >= position);
  }

  /** `tables` (a PAT, and a PMT in whole packets) as repeats of those that came last before `position`. */
  at(tables: Buffer, position: number): Buffer {
    const out = Buffer.from(tables);
    for (let offset = 0; offset < out.length; offset += packetSize) {
      const pid = pidOf(out, offset);
      const last = this.#seen.findLast((each) => each.pid === pid && each.position < position);
      if (last !== undefined && (pid === patPid || out.length === 2 * packetSize))
        setContinuity(out, offset, last.counter);
    }
    return out;
  }
}
