import { packetSize, pcrOf, pidOf } from '../mpegts/packet.ts';
import { pcrDifference, pcrHz } from '../mpegts/time.ts';

/** A longer step of the stream's clock is a jump and tells nothing of its speed. */
const longestStepMs = 2_000;
/** Clock values on other PIDs in a row after which the clock is looked for there. */
const strangersToMove = 50;
/** A wait this short is not worth a turn of the loop. */
const shortestWaitMs = 100;
/** A stream that was held lately is one that could go on faster. */
const heldForMs = 60_000;
/**
 * How much faster than its own clock a stream may be for ever: a live encoder may run fast, and its lead must not add up over a day. Much
 * for one that was never held; a hundred parts in a million, more than ISO 13818-1 2.4.2.1 allows an encoder, for one that was.
 */
const drift = { free: 0.02, held: 0.0001 } as const;
/** The speed is measured over about this much of the stream. */
const measuredMs = 20_000;

export interface PacerOptions {
  /** How far ahead of its own clock a stream may be. */
  readonly leadMs: number;
  /** The same in bytes, for streams that need more room than that. */
  readonly leadBytes: number;
}

/**
 * Tells when a stream is sent faster than it plays, by its PCR: a file that is served as a channel comes all at once and would run over
 * everyone in the ring. A burst at the start of a live stream is no reason to wait as long as it is within the lead; a stream without PCR
 * is never held. One for all connections of a feed, because what was sent ahead before the end of one file counts for the next.
 */
export class Pacer {
  readonly #options: PacerOptions;
  #leadMs = 0;
  #atMs = Number.NaN;
  #heldMs = Number.NEGATIVE_INFINITY;
  #pid = -1;
  #pcr = -1;
  #strangers = 0;
  /** Of the last stretch of the stream: its bytes and its time. */
  #bytes = 0;
  #playMs = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Another connection: its clock has nothing to do with the last one. */
  restart(): void {
    this.#pid = -1;
    this.#pcr = -1;
  }

  /** Takes the next whole packets. */
  note(packets: Buffer): void {
    this.#bytes += packets.length;
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const pcr = pcrOf(packets, offset);
      if (pcr >= 0) this.#tick(pidOf(packets, offset), pcr);
    }
    if (this.#playMs < measuredMs) return;
    this.#bytes /= 2;
    this.#playMs /= 2;
  }

  /** How many milliseconds to read nothing from now on; 0 to read on. */
  waitMs(nowMs: number): number {
    const { leadMs } = this.#options;
    const held = nowMs - this.#heldMs < heldForMs;
    if (nowMs > this.#atMs) this.#leadMs -= (nowMs - this.#atMs) * (1 + (held ? drift.held : drift.free));
    this.#atMs = nowMs;
    // What was late may come faster afterwards, but not without end.
    this.#leadMs = Math.max(this.#leadMs, -leadMs / 2);
    const excessMs = this.#leadMs - this.#mostMs();
    if (excessMs <= 0) return 0;
    const waitMs = Math.ceil(Math.max(excessMs, shortestWaitMs));
    this.#heldMs = nowMs + waitMs;
    return waitMs;
  }

  #mostMs(): number {
    const { leadMs, leadBytes } = this.#options;
    return this.#playMs > 0 ? Math.min(leadMs, (leadBytes * this.#playMs) / this.#bytes) : leadMs;
  }

  #tick(pid: number, pcr: number): void {
    if (pid !== this.#pid) {
      if (this.#pid >= 0 && ++this.#strangers < strangersToMove) return;
      this.#pid = pid;
      this.#pcr = pcr;
    }
    this.#strangers = 0;
    const stepMs = (pcrDifference(pcr, this.#pcr) * 1_000) / pcrHz;
    this.#pcr = pcr;
    if (stepMs <= 0 || stepMs > longestStepMs) return;
    this.#leadMs += stepMs;
    this.#playMs += stepMs;
  }
}
