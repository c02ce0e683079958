import { continuityOf, hasPayload, packetSize, pidOf, setContinuity } from '../../mpegts/packet.ts';
import { shiftTimes } from '../../mpegts/restamp.ts';

/** Length of every clip in 90 kHz ticks: 6.4 s, 160 frames at 25 fps and 300 AAC frames at 48 kHz. */
export const loopTicks = 576_000;
const loopMs = loopTicks / 90;

/**
 * An endless transport stream made of one clip: packet `n` of the stream is a pure function of `n`, so that any part of it can be read
 * at any time. Times and continuity counters go on over the seam and over the 33-bit wrap; the bit rate is constant.
 */
export class ClipLoop {
  readonly #clip: Buffer;
  /** Packets with payload per PID in one loop: by so much the counters move on each time round. */
  readonly #turns = new Map<number, number>();
  readonly #startTicks: number;

  /** `clip` is one of the clips as scripts/make-demo-clips.sh makes them; `startTicks` is added to all of its times. */
  constructor(clip: Buffer, { startTicks = 0 }: { readonly startTicks?: number } = {}) {
    this.#clip = clip;
    this.#startTicks = startTicks;
    for (let offset = 0; offset < clip.length; offset += packetSize) {
      const pid = pidOf(clip, offset);
      if (hasPayload(clip, offset)) this.#turns.set(pid, (this.#turns.get(pid) ?? 0) + 1);
    }
  }

  get packetsPerLoop(): number {
    return this.#clip.length / packetSize;
  }

  /** Bits per second. */
  get bitRate(): number {
    return (this.#clip.length * 8000) / loopMs;
  }

  /** How many packets have been sent once `ms` milliseconds of the stream are over. */
  packetsUntil(ms: number): number {
    return Math.floor((Math.max(0, ms) * this.packetsPerLoop) / loopMs);
  }

  /** What is sent from `fromMs` up to `toMs` of the stream. Ranges that meet give the stream without gap or overlap. */
  read(fromMs: number, toMs: number): Buffer {
    return this.packets(this.packetsUntil(fromMs), this.packetsUntil(toMs));
  }

  /** Packets `from` up to, not with, `to`, counted from the start of the stream. The buffer is the caller's own. */
  packets(from: number, to: number): Buffer {
    const count = Math.max(0, to - from);
    const out = Buffer.allocUnsafe(count * packetSize);
    const perLoop = this.packetsPerLoop;
    let done = 0;
    while (done < count) {
      const loop = Math.floor((from + done) / perLoop);
      const first = (from + done) % perLoop;
      const part = Math.min(perLoop - first, count - done);
      this.#clip.copy(out, done * packetSize, first * packetSize, (first + part) * packetSize);
      this.#stamp(out, done * packetSize, (done + part) * packetSize, loop);
      done += part;
    }
    return out;
  }

  #stamp(out: Buffer, from: number, to: number, loop: number): void {
    const shift = this.#startTicks + loop * loopTicks;
    if (shift === 0) return;
    for (let offset = from; offset < to; offset += packetSize) {
      const turns = (this.#turns.get(pidOf(out, offset)) ?? 0) * loop;
      setContinuity(out, offset, (continuityOf(out, offset) + turns) % 16);
      shiftTimes(out, offset, shift);
    }
  }
}
