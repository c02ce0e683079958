import { isUnitStart, packetSize, payloadOffset, pidOf } from './packet.ts';
import { dtsOf, isPesStart, ptsOf } from './pes.ts';
import type { Program } from './program-tables.ts';
import { ptsDifference, ptsHz } from './time.ts';

/** A step back that is shorter is bad muxing. */
const jumpTicks = ptsHz / 2;
/** What comes again within this time is a loop; a film that begins anew is none. */
const longestTicks = 120 * ptsHz;
/** Jumps back into what was there already, before that is no accident any more. */
const mostJumps = 3;

/**
 * Notices time stamps of the picture, or of the sound where there is none, that jump back again and again into a range that was there
 * already: a live edge that is stuck, or a short file that is sent over and over.
 */
export class TimeLoopFinder {
  #pid = -1;
  #last = -1;
  /** The furthest time, and how long the times before it go back without a break, in ticks. */
  #top = -1;
  #covered = 0;
  #jumps = 0;
  /** Ticks that have passed since the last jump back. */
  #since = 0;
  #program: Program | null = null;

  /** True once the times have jumped back three times. */
  get found(): boolean {
    return this.#jumps >= mostJumps;
  }

  /** Other times begin on purpose: what was before says nothing of them. */
  restart(): void {
    this.#last = -1;
    this.#top = -1;
    this.#covered = 0;
    this.#jumps = 0;
    this.#since = 0;
  }

  /** Takes whole packets; true when a unit of picture or sound began in them. */
  push(packets: Buffer, program: Program): boolean {
    if (program !== this.#program) this.#use(program);
    let units = false;
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      if (!isUnitStart(packets, offset)) continue;
      const pid = pidOf(packets, offset);
      if (pid === this.#pid) this.#onUnit(packets, offset);
      units ||= pid === this.#pid || program.streams.some((stream) => stream.pid === pid && stream.kind === 'audio');
    }
    return units;
  }

  #use(program: Program): void {
    this.#program = program;
    const main =
      program.streams.find(({ kind }) => kind === 'video') ?? program.streams.find(({ kind }) => kind === 'audio');
    if (main?.pid === this.#pid) return;
    this.#pid = main?.pid ?? -1;
    this.restart();
  }

  #onUnit(packets: Buffer, offset: number): void {
    const end = offset + packetSize;
    const start = payloadOffset(packets, offset);
    if (!isPesStart(packets, start, end)) return;
    const pts = ptsOf(packets, start, end);
    if (pts < 0) return;
    const own = dtsOf(packets, start, end);
    this.#onTime(own < 0 ? pts : own);
  }

  #onTime(ticks: number): void {
    const step = this.#last < 0 ? 0 : ptsDifference(ticks, this.#last);
    this.#last = ticks;
    if (this.#top < 0) {
      this.#top = ticks;
      return;
    }
    if (step > longestTicks) return this.#startAt(ticks);
    if (step > 0) this.#since += step;
    if (this.#since > longestTicks) this.#jumps = 0;
    const ahead = ptsDifference(ticks, this.#top);
    if (ahead > longestTicks) return this.#startAt(ticks);
    if (ahead > 0) {
      this.#top = ticks;
      this.#covered = Math.min(longestTicks, this.#covered + ahead);
    }
    if (step > -jumpTicks) return;
    if (-ahead <= this.#covered + jumpTicks) {
      this.#jumps++;
      this.#since = 0;
    } else this.#startAt(ticks);
  }

  #startAt(ticks: number): void {
    this.#top = ticks;
    this.#covered = 0;
    this.#jumps = 0;
    this.#since = 0;
  }
}
