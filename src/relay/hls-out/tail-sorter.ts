import { hasPayload, isUnitStart, packetSize, pidOf } from '../../mpegts/packet.ts';

/** Where packets go that stand behind a cut. */
export interface Sorted {
  /** They end units that began before the cut. */
  readonly tail: readonly Buffer[];
  /** All others, in order. */
  readonly rest: readonly Buffer[];
}

/**
 * Sound is muxed a little apart from the picture it belongs to, so at a key frame a unit of it is usually half sent. Its other half
 * belongs to the segment in which it began: a segment must not need another one (RFC 8216 4.3.5.1). Until each PID has begun a new unit,
 * packets are sorted; then nothing is looked at any more.
 */
export class TailSorter {
  readonly #open: Set<number>;

  constructor(pids: Iterable<number>) {
    this.#open = new Set(pids);
  }

  /** All units that began before the cut are whole. */
  get done(): boolean {
    return this.#open.size === 0;
  }

  sort(packets: Buffer): Sorted {
    const tail: Buffer[] = [];
    const rest: Buffer[] = [];
    let from = 0;
    for (let offset = 0; offset < packets.length && !this.done; offset += packetSize) {
      const pid = pidOf(packets, offset);
      if (!this.#open.has(pid) || !hasPayload(packets, offset)) continue;
      if (isUnitStart(packets, offset)) {
        this.#open.delete(pid);
        continue;
      }
      if (offset > from) rest.push(packets.subarray(from, offset));
      tail.push(packets.subarray(offset, offset + packetSize));
      from = offset + packetSize;
    }
    if (from === 0) return { tail, rest: [packets] };
    if (from < packets.length) rest.push(packets.subarray(from));
    return { tail, rest };
  }
}

/** The pieces without the last unit of each of these PIDs, which may be cut off in its middle. */
export function withoutLastUnits(pieces: readonly Buffer[], pids: Iterable<number>): Buffer[] {
  const open = new Set(pids);
  const out: Buffer[] = [];
  for (const data of pieces.toReversed()) {
    let end = data.length;
    for (let offset = data.length - packetSize; offset >= 0 && open.size > 0; offset -= packetSize) {
      const pid = pidOf(data, offset);
      if (!open.has(pid) || !hasPayload(data, offset)) continue;
      if (end > offset + packetSize) out.push(data.subarray(offset + packetSize, end));
      end = offset;
      if (isUnitStart(data, offset)) open.delete(pid);
    }
    if (end > 0) out.push(data.subarray(0, end));
  }
  return out.toReversed();
}

/** The pieces up to the last packet of one of these PIDs: tables behind it belong to what comes next. */
export function upToLastOf(pieces: readonly Buffer[], pids: ReadonlySet<number>): Buffer[] {
  const out = [...pieces];
  for (let last = out.pop(); last !== undefined; last = out.pop()) {
    let end = last.length;
    while (end >= packetSize && !pids.has(pidOf(last, end - packetSize))) end -= packetSize;
    if (end < packetSize) continue;
    out.push(last.subarray(0, end));
    break;
  }
  return out;
}
