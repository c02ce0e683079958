import { LoopFinder } from '../mpegts/loop-finder.ts';
import type { Program } from '../mpegts/program-tables.ts';
import { TimeLoopFinder } from '../mpegts/time-loop.ts';
import type { Inspect } from './generation.ts';
import { StreamLoss } from './stream-loss.ts';

export interface WatchTimes {
  /** Nothing may come for this long. */
  readonly stallMs: number;
  /** What comes may be no transport stream, or carry neither picture nor sound, for this long. */
  readonly syncLossMs: number;
  /** The longest clip that is recognised when it comes again and again; 0 never looks. */
  readonly loopMs: number;
}

/** Sees what is wrong with one connection: silence, bytes that are no stream, a clip or times that come again and again. */
export class StreamWatch {
  readonly #times: WatchTimes;
  #raw = false;
  /** When something came last: any byte, any packet, a picture or sound. */
  #dataMs = 0;
  #packetMs = 0;
  #unitMs = 0;
  #loops: LoopFinder | null;
  readonly #timeLoops = new TimeLoopFinder();
  #suspicion: StreamLoss | null = null;

  constructor(times: WatchTimes) {
    this.#times = times;
    this.#loops = times.loopMs === 0 ? null : new LoopFinder(times.loopMs);
  }

  /** Why another stream would be better, although this one plays; null while nothing speaks against it. */
  get suspicion(): StreamLoss | null {
    return this.#suspicion;
  }

  /** The connection is there; `raw` when it brings no transport stream. */
  began(nowMs: number, raw: boolean): void {
    this.#raw = raw;
    this.alive(nowMs);
  }

  received(nowMs: number): void {
    this.#dataMs = Math.max(this.#dataMs, nowMs);
    if (this.#raw) this.alive(nowMs);
  }

  /** Nothing is wrong although nothing comes. */
  alive(nowMs: number): void {
    this.#dataMs = Math.max(this.#dataMs, nowMs);
    this.#packetMs = this.#dataMs;
    this.#unitMs = this.#dataMs;
  }

  /** Nothing is read for so long. */
  held(ms: number): void {
    this.#dataMs += ms;
    this.#packetMs += ms;
    this.#unitMs += ms;
  }

  /** Other times begin, on purpose. */
  cut(): void {
    this.#timeLoops.restart();
  }

  /** Why the connection has to be given up; null while it has not. */
  silence(nowMs: number): StreamLoss | null {
    const { stallMs, syncLossMs } = this.#times;
    const silentMs = Math.round(nowMs - this.#dataMs);
    if (silentMs >= stallMs)
      return new StreamLoss('stalled', 'UPSTREAM_STALLED', `The provider sent nothing for ${silentMs} ms`);
    const lostMs = Math.round(nowMs - this.#packetMs);
    // Bytes have to come all the time for that: what falls silent is a stall.
    if (lostMs >= syncLossMs && this.#dataMs - this.#packetMs >= syncLossMs / 2)
      return new StreamLoss(
        'sync-lost',
        'UPSTREAM_BAD_CONTENT',
        `What the provider sends has been no transport stream for ${lostMs} ms`,
      );
    const emptyMs = Math.round(nowMs - this.#unitMs);
    if (emptyMs >= stallMs + syncLossMs)
      return new StreamLoss(
        'stalled',
        'UPSTREAM_STALLED',
        `The provider sent neither picture nor sound for ${emptyMs} ms`,
      );
    return null;
  }

  /** Looks at packets as they came. */
  readonly inspect: Inspect = (packets, program, nowMs) => {
    this.#packetMs = Math.max(this.#packetMs, nowMs);
    if (program === null) return;
    if (this.#timeLoops.push(packets, program)) this.#unitMs = Math.max(this.#unitMs, nowMs);
    this.#look(packets, program);
  };

  #look(packets: Buffer, program: Program): void {
    this.#loops?.push(packets, program);
    if (this.#suspicion !== null) return;
    if (this.#timeLoops.found)
      this.#suspicion = new StreamLoss(
        'looping-times',
        'UPSTREAM_LOOPING',
        'The time stamps of the stream jump back to the same range again and again',
      );
    else if (this.#loops?.foundMs !== undefined)
      this.#suspicion = new StreamLoss(
        'slate',
        'UPSTREAM_LOOPING',
        `The provider sends the same ${(this.#loops.foundMs / 1_000).toFixed(1)} s again and again`,
      );
    if (this.#suspicion !== null) this.#loops = null;
  }
}
