import { hasPayload, isUnitStart, packetSize, payloadOffset, pidCount } from './packet.ts';
import { dtsOf, isPesStart, ptsOf } from './pes.ts';
import { ptsDifference, ptsHz } from './time.ts';

/** A stamp that is further back than this belongs to another clock and is not compared. */
const farTicks = 10 * ptsHz;
const roundingTicks = 90;
/** Packets of a PID without any unit start after which it is let through all the same. */
const mostHeadless = 2_000;
/** Leading pictures that are left out at most. */
const mostLeading = 32;

export interface GateOptions {
  /** The PID whose first unit the piece begins with, and the PTS of that unit, -1 when it has none. */
  readonly mainPid: number;
  readonly mainPts: number;
  /** A PID with nothing but a clock; -1 when there is none. */
  readonly clockPid: number;
  /** What the stamps of the piece will be moved by. */
  readonly shift: number;
  /** The time up to which a PID was written; -1 when it had no times. */
  readonly sentUntil: (pid: number) => number;
}

/**
 * At a seam, lets each PID through from its first unit that is later than what was written before: the rest of a unit whose start is
 * missing, and sound that was heard already, are of no use. Pictures that follow a key frame but are shown before it refer to pictures
 * that never came, and are left out too.
 */
export class UnitGate {
  readonly #options: GateOptions;
  readonly #open = new Uint8Array(pidCount);
  readonly #headless = new Map<number, number>();
  #mainUnits = 0;
  #leading = false;

  constructor(options: GateOptions) {
    this.#options = options;
    if (options.clockPid >= 0) this.#open[options.clockPid] = 1;
  }

  readonly admits = (bytes: Buffer, offset: number, pid: number): boolean => {
    if (this.#open[pid] === 1) return true;
    if (pid === this.#options.mainPid) return this.#admitsMain(bytes, offset);
    if (!isUnitStart(bytes, offset) || !hasPayload(bytes, offset)) {
      const count = (this.#headless.get(pid) ?? 0) + 1;
      this.#headless.set(pid, count);
      if (count < mostHeadless) return false;
    } else if (this.#wasSent(bytes, offset, pid)) return false;
    this.#open[pid] = 1;
    return true;
  };

  #wasSent(bytes: Buffer, offset: number, pid: number): boolean {
    const { pts, dts } = stamps(bytes, offset);
    const sent = this.#options.sentUntil(pid);
    if (pts < 0 || sent < 0) return false;
    const ahead = ptsDifference((dts < 0 ? pts : dts) + this.#options.shift, sent);
    return ahead < -roundingTicks && ahead > -farTicks;
  }

  #admitsMain(bytes: Buffer, offset: number): boolean {
    if (!isUnitStart(bytes, offset)) return !this.#leading;
    this.#mainUnits++;
    if (this.#mainUnits === 1) return true;
    const { mainPid, mainPts } = this.#options;
    const { pts } = stamps(bytes, offset);
    // A unit without a stamp may be the second field of a picture: it goes with the first.
    const ahead = pts < 0 ? 0 : mainPts < 0 ? 1 : ptsDifference(pts, mainPts);
    if (ahead > 0 || ahead < -farTicks || this.#mainUnits > mostLeading) {
      this.#leading = false;
      this.#open[mainPid] = 1;
    } else if (pts >= 0) this.#leading = ahead < 0;
    return !this.#leading;
  }
}

function stamps(bytes: Buffer, offset: number): { readonly pts: number; readonly dts: number } {
  const end = offset + packetSize;
  const start = payloadOffset(bytes, offset);
  if (!isPesStart(bytes, start, end)) return { pts: -1, dts: -1 };
  return { pts: ptsOf(bytes, start, end), dts: dtsOf(bytes, start, end) };
}
