import { isUnitStart, packetSize, payloadOffset, pcrOf } from './packet.ts';
import { dtsOf, isPesStart, ptsOf } from './pes.ts';
import { ptsDifference, ptsHz } from './time.ts';

/** A step that is longer than this is a jump. */
const farTicks = 10 * ptsHz;

/** A unit that lasts longer tells nothing of the others: subtitles come now and then. */
const longestUnit = ptsHz / 2;

/** How far a PID has come, in 90 kHz ticks. */
export interface Stamps {
  /** DTS of the last unit, or its PTS where it has none. */
  readonly dts: number;
  /** The highest PTS since the last jump. */
  readonly pts: number;
  /** Time from the last unit but one to the last; 0 when it is not known. */
  readonly step: number;
  /** The longest step so far: a unit that holds several frames lasts about this long. */
  readonly longest: number;
}

/** Remembers the last time stamps of each PID and the last PCR. */
export class StampTrail {
  readonly #stamps = new Map<number, Stamps>();
  readonly #pcrs = new Map<number, number>();

  /** Takes the packet at `offset`. */
  note(bytes: Buffer, offset: number, pid: number): void {
    const pcr = pcrOf(bytes, offset);
    if (pcr >= 0) this.#pcrs.set(pid, pcr);
    if (!isUnitStart(bytes, offset)) return;
    const end = offset + packetSize;
    const start = payloadOffset(bytes, offset);
    if (!isPesStart(bytes, start, end)) return;
    const pts = ptsOf(bytes, start, end);
    if (pts < 0) return;
    const own = dtsOf(bytes, start, end);
    const dts = own < 0 ? pts : own;
    const before = this.#stamps.get(pid);
    const step = before === undefined ? 0 : ptsDifference(dts, before.dts);
    const known = step > 0 && step < longestUnit;
    this.#stamps.set(pid, {
      dts,
      pts: before === undefined || Math.abs(step) > farTicks || ptsDifference(pts, before.pts) > 0 ? pts : before.pts,
      step: known ? step : (before?.step ?? 0),
      longest: Math.max(known ? step : 0, before?.longest ?? 0),
    });
  }

  of(pid: number): Stamps | undefined {
    return this.#stamps.get(pid);
  }

  /** The last PCR of a PID in 27 MHz ticks, or -1. */
  pcrOf(pid: number): number {
    return this.#pcrs.get(pid) ?? -1;
  }
}
