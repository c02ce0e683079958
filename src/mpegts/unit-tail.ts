import { adaptationFlags, hasPayload, isUnitStart, packetSize, payloadOffset, pidCount, pidOf } from './packet.ts';

/** A unit that is under way for this long is let out as it is: pictures of a slow slide show hold nothing up. */
const mostHeldMs = 200;
const mostHeldBytes = 4_194_304;

const none = 0;
/** The unit ends where the next one starts, or with stuffing. */
const openEnded = 1;
const counted = 2;

interface OpenUnit {
  /** Bytes from the start of the stream to its first packet. */
  readonly start: number;
  /** Bytes that are missing; of a unit without a length it says nothing. */
  left: number;
}

/**
 * Holds packets back from the first one on whose PES packet is not complete yet, so that a stream that breaks off can be ended between
 * pictures: a decoder that gets half of one complains. Most units tell their end themselves, by their length or by the stuffing in their
 * last packet, so that hardly anything waits for what follows.
 */
export class UnitTail {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes that came, and when something went out last. */
  #position = 0;
  #movedMs = Number.NEGATIVE_INFINITY;
  readonly #kinds = new Uint8Array(pidCount);
  /** By PID, in the order of their starts. */
  readonly #open = new Map<number, OpenUnit>();

  /** Takes whole packets and returns those that may go out now, in order. */
  push(packets: Buffer, nowMs: number): Buffer[] {
    for (let offset = 0; offset < packets.length; offset += packetSize) this.#note(packets, offset);
    if (this.#heldBytes === 0) this.#movedMs = nowMs;
    this.#held.push(packets);
    this.#heldBytes += packets.length;
    this.#position += packets.length;
    const [first] = this.#open.values();
    if (first === undefined) return this.flush();
    const out = this.#take(first.start - (this.#position - this.#heldBytes));
    if (out.length > 0) this.#movedMs = nowMs;
    else if (nowMs - this.#movedMs >= mostHeldMs || this.#heldBytes > mostHeldBytes) return this.flush();
    return out;
  }

  /** All that is held; what is under way then goes out as it comes. */
  flush(): Buffer[] {
    for (const pid of this.#open.keys()) this.#kinds[pid] = none;
    this.#open.clear();
    return this.#take(this.#heldBytes);
  }

  /** The stream breaks off here: what is held of complete units. */
  finish(): Buffer[] {
    const from = this.#position - this.#heldBytes;
    const held = Buffer.concat(this.#take(this.#heldBytes));
    const kept: Buffer[] = [];
    for (let offset = 0; offset < held.length; offset += packetSize) {
      const unit = this.#open.get(pidOf(held, offset));
      if (unit === undefined || from + offset < unit.start) kept.push(held.subarray(offset, offset + packetSize));
    }
    return kept.length === 0 ? [] : [Buffer.concat(kept)];
  }

  #note(packets: Buffer, offset: number): void {
    const pid = pidOf(packets, offset);
    const kind = this.#kinds[pid];
    if (isUnitStart(packets, offset)) this.#begin(packets, offset, pid);
    else if (kind === openEnded) {
      if (endsUnit(packets, offset)) this.#end(pid);
    } else if (kind === counted) this.#count(packets, offset, pid);
  }

  #begin(packets: Buffer, offset: number, pid: number): void {
    if (this.#kinds[pid] !== none) this.#end(pid);
    const start = payloadOffset(packets, offset);
    const end = offset + packetSize;
    // Sections start with a pointer, and a header that is cut off tells nothing.
    if (start + 6 > end || packets.readUIntBE(start, 3) !== 1) return;
    const length = packets.readUInt16BE(start + 4);
    const left = length + 6 - (end - start);
    if (length === 0 ? endsUnit(packets, offset) : left <= 0) return;
    this.#kinds[pid] = length === 0 ? openEnded : counted;
    this.#open.set(pid, { start: this.#position + offset, left });
  }

  #count(packets: Buffer, offset: number, pid: number): void {
    const unit = this.#open.get(pid);
    if (unit === undefined || !hasPayload(packets, offset)) return;
    unit.left -= offset + packetSize - payloadOffset(packets, offset);
    if (unit.left <= 0) this.#end(pid);
  }

  #end(pid: number): void {
    this.#kinds[pid] = none;
    this.#open.delete(pid);
  }

  #take(bytes: number): Buffer[] {
    const out: Buffer[] = [];
    let left = bytes;
    while (left > 0) {
      const piece = this.#held[0];
      if (piece === undefined) break;
      if (piece.length <= left) {
        out.push(piece);
        this.#held.shift();
      } else {
        out.push(piece.subarray(0, left));
        this.#held[0] = piece.subarray(left);
      }
      left -= Math.min(left, piece.length);
    }
    this.#heldBytes -= bytes - left;
    return out;
  }
}

/** True when a packet with payload is stuffed: only the last one of a PES packet is (ISO 13818-1 2.4.3.5). */
function endsUnit(packets: Buffer, offset: number): boolean {
  const control = packets[offset + 3] ?? 0;
  if ((control & 0x30) !== 0x30) return false;
  const length = packets[offset + 4] ?? 0;
  if (length === 0) return true;
  const flags = adaptationFlags(packets, offset);
  // What else may stand there has lengths of its own.
  if ((flags & 0x0f) !== 0) return false;
  return length > ((flags & 0x10) === 0 ? 1 : 7);
}
