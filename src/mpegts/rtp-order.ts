import type { RtpPacket } from './rtp.ts';

/** A packet that is this far from what is expected is no late or lost one: the sender has begun anew (RFC 3550 A.1 has 3000). */
const mostGap = 3_000;

export interface RtpCounts {
  /** Packets that never came, or came too late to be of use. */
  readonly lost: number;
  /** Packets that came twice or too late. */
  readonly dropped: number;
  /** Packets that came before one that was sent earlier, and were put in order. */
  readonly reordered: number;
}

/**
 * Puts RTP packets in the order of their sequence numbers. A gap is waited for until `depth` packets or `waitMs` lie behind it; then it
 * counts as lost. Time is looked at when a packet comes.
 */
export class RtpOrder {
  readonly #depth: number;
  readonly #waitMs: number;
  /** Packets behind a gap, by sequence number. */
  readonly #held = new Map<number, { readonly payload: Buffer; readonly atMs: number }>();
  #next = -1;
  #ssrc = -1;
  /** What would follow a packet that was far off; two in a row are a new beginning. */
  #elsewhere = -1;
  #lost = 0;
  #dropped = 0;
  #reordered = 0;

  constructor({ depth = 64, waitMs = 200 }: { readonly depth?: number; readonly waitMs?: number } = {}) {
    this.#depth = depth;
    this.#waitMs = waitMs;
  }

  get counts(): RtpCounts {
    return { lost: this.#lost, dropped: this.#dropped, reordered: this.#reordered };
  }

  /** Takes the next packet and returns the payloads whose turn it is. */
  push({ sequence, ssrc, payload }: RtpPacket, nowMs: number): Buffer[] {
    const out: Buffer[] = [];
    if (ssrc !== this.#ssrc) this.#restart(sequence, ssrc, out);
    const ahead = (sequence - this.#next) & 0xffff;
    const behind = 0x1_0000 - ahead;
    if (ahead > mostGap && behind > mostGap) {
      const follows = sequence === this.#elsewhere;
      this.#elsewhere = (sequence + 1) & 0xffff;
      if (!follows) {
        this.#dropped++;
        return out;
      }
      this.#restart(sequence, ssrc, out);
    } else if (ahead > mostGap || this.#held.has(sequence)) {
      this.#dropped++;
      return out;
    }
    this.#elsewhere = -1;
    if (sequence === this.#next) {
      if (this.#held.size > 0) this.#reordered++;
      this.#give(payload, out);
    } else this.#held.set(sequence, { payload, atMs: nowMs });
    while (this.#held.size > 0 && this.#isOver(nowMs)) this.#skip(out);
    return out;
  }

  /** What is held, in order; nothing more is waited for. */
  flush(): Buffer[] {
    const out: Buffer[] = [];
    while (this.#held.size > 0) this.#skip(out);
    return out;
  }

  #restart(sequence: number, ssrc: number, out: Buffer[]): void {
    while (this.#held.size > 0) this.#skip(out);
    this.#ssrc = ssrc;
    this.#next = sequence;
    this.#elsewhere = -1;
  }

  #give(payload: Buffer, out: Buffer[]): void {
    out.push(payload);
    this.#next = (this.#next + 1) & 0xffff;
    for (let held = this.#held.get(this.#next); held !== undefined; held = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      out.push(held.payload);
      this.#next = (this.#next + 1) & 0xffff;
    }
  }

  #isOver(nowMs: number): boolean {
    if (this.#held.size >= this.#depth) return true;
    // A map keeps the order in which they came.
    const [first] = this.#held.values();
    return first !== undefined && nowMs - first.atMs >= this.#waitMs;
  }

  /** Gives up the gap before the nearest packet that is held. */
  #skip(out: Buffer[]): void {
    let gap = mostGap * 2;
    for (const sequence of this.#held.keys()) gap = Math.min(gap, (sequence - this.#next) & 0xffff);
    const sequence = (this.#next + gap) & 0xffff;
    const held = this.#held.get(sequence);
    if (held === undefined) {
      this.#held.clear();
      return;
    }
    this.#lost += gap;
    this.#held.delete(sequence);
    this.#next = sequence;
    this.#give(held.payload, out);
  }
}
