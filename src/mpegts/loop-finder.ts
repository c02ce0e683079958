import { CycleFinder, type CycleUnit } from './cycle-finder.ts';
import { isRandomAccess, isUnitStart, packetSize, payloadOffset, pidOf } from './packet.ts';
import { dtsOf, isPesStart, pesPayloadStart, ptsOf } from './pes.ts';
import type { Program } from './program-tables.ts';
import { ptsDifference, ptsHz } from './time.ts';

/** A clip has to come this often before it is called a loop; a longer one once more, as programmes repeat a trailer at times. */
const timesSeen = { short: 3, long: 4 } as const;
const shortTicks = 6 * ptsHz;
/** Units in a second, at most. */
const mostUnits = 64;
/** What repeats faster than this is a still picture or a tone. */
const shortestTicks = ptsHz;
const leastTicks = 5 * ptsHz;
/** A longer step is a jump of the stream's clock. */
const longestStep = 5 * ptsHz;
/** One word in so many bytes of the payload goes into the print of a unit: coded data differ everywhere when they differ at all. */
const sampleBytes = 16;
/** Sound in units that are longer than this is packed by time, which makes patterns of its own. */
const longestFrameTicks = ptsHz / 20;
const marks = [Buffer.from('x264 - '), Buffer.from('Lavc')] as const;

/** The units of one PID. */
class Units {
  readonly cycles: CycleFinder;
  readonly #pid: number;
  #print = 0;
  #bytes = 0;
  #marked = false;
  #inUnit = false;
  #stamp = -1;
  #at = 0;
  #unitAt = 0;
  #step = 0;

  constructor(pid: number, capacity: number) {
    this.#pid = pid;
    this.cycles = new CycleFinder(capacity);
  }

  get pid(): number {
    return this.#pid;
  }

  push(packets: Buffer, offset: number): void {
    const end = offset + packetSize;
    let from = payloadOffset(packets, offset);
    if (isUnitStart(packets, offset)) {
      if (this.#inUnit) this.cycles.push(this.#unit());
      this.#inUnit = isPesStart(packets, from, end);
      if (!this.#inUnit) return;
      this.#tick(packets, from, end);
      from = Math.min(end, pesPayloadStart(packets, from));
      this.#print = isRandomAccess(packets, offset) ? 1 : 0;
      this.#bytes = 0;
      this.#marked = false;
    }
    if (!this.#inUnit || from >= end) return;
    // Encoders write their names at the start of a unit.
    if (this.#bytes < 4 * packetSize && !this.#marked) this.#marked = hasMark(packets, from, end);
    this.#bytes += end - from;
    let print = this.#print;
    for (let at = end - 4; at >= from; at -= sampleBytes)
      print = Math.imul(print ^ packets.readInt32LE(at), 0x9e3779b1) ^ (print >>> 15);
    this.#print = print;
  }

  #unit(): CycleUnit {
    return {
      print: this.#print ^ Math.imul(this.#bytes, 0x85ebca6b),
      bytes: this.#bytes,
      at: this.#unitAt,
      marked: this.#marked,
    };
  }

  #tick(packets: Buffer, start: number, end: number): void {
    const pts = ptsOf(packets, start, end);
    const own = dtsOf(packets, start, end);
    const stamp = own < 0 ? pts : own;
    const step = stamp < 0 || this.#stamp < 0 ? 0 : ptsDifference(stamp, this.#stamp);
    const goesOn = step > 0 && step < longestStep;
    if (goesOn) this.#step = step;
    this.#at += goesOn ? step : this.#step;
    this.#unitAt = this.#at;
    if (stamp >= 0) this.#stamp = stamp;
  }
}

function hasMark(packets: Buffer, from: number, end: number): boolean {
  const payload = packets.subarray(from, end);
  return marks.some((mark) => payload.includes(mark));
}

/**
 * Finds a short clip that a provider sends over and over, as they do to say "limit reached" or "off the air". Picture and sound have to be the
 * same, byte for byte, over three whole cycles, or four; counters, clocks and time stamps do not count. That alone proves nothing: a test card, a
 * black picture with silence, and a tone repeat themselves as well when they are really coded on and on. So the cycle must hold something
 * that goes on coding would not repeat: movement, sound with a course, key frames of different sizes, or the name an encoder leaves when it
 * starts.
 */
export class LoopFinder {
  readonly #longestTicks: number;
  readonly #capacity: number;
  #program: Program | null = null;
  #picture: Units | null = null;
  #sound: Units | null = null;
  #foundMs: number | undefined;
  #checkedAt = 0;

  /** `longestMs`: the longest clip that is looked for. */
  constructor(longestMs: number) {
    this.#longestTicks = (longestMs * ptsHz) / 1_000;
    this.#capacity = Math.ceil((longestMs * mostUnits) / 1_000) + 1;
  }

  /** How long the clip lasts, in milliseconds; undefined while there is none. */
  get foundMs(): number | undefined {
    return this.#foundMs;
  }

  /** Takes whole packets of the program. */
  push(packets: Buffer, program: Program): void {
    if (program !== this.#program) this.#use(program);
    const picture = this.#picture;
    const sound = this.#sound;
    const picturePid = picture?.pid ?? -1;
    const soundPid = sound?.pid ?? -1;
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const pid = pidOf(packets, offset);
      if (pid === picturePid) picture?.push(packets, offset);
      else if (pid === soundPid) sound?.push(packets, offset);
    }
    this.#look();
  }

  #use(program: Program): void {
    this.#program = program;
    const pidOfKind = (kind: string): number => program.streams.find((stream) => stream.kind === kind)?.pid ?? -1;
    const picture = pidOfKind('video');
    const sound = pidOfKind('audio');
    if (this.#picture?.pid !== picture) this.#picture = picture < 0 ? null : new Units(picture, this.#capacity);
    if (this.#sound?.pid !== sound) this.#sound = sound < 0 ? null : new Units(sound, this.#capacity);
  }

  #look(): void {
    const all = [this.#picture, this.#sound].flatMap((units) => (units === null ? [] : units.cycles));
    if (this.#foundMs !== undefined || all.length === 0) return;
    if (!all.every(({ lag, run }) => lag > 0 && run >= (timesSeen.short - 1) * lag)) return;
    const repeated = Math.max(...all.map(({ run }) => run));
    // The cycle is looked at once for each time it comes.
    if (repeated === this.#checkedAt) return;
    this.#checkedAt = repeated;
    const ticks = Math.max(...all.map((cycles) => cycles.ticks));
    const times = ticks <= shortTicks ? timesSeen.short : timesSeen.long;
    if (ticks < shortestTicks || ticks > this.#longestTicks || ticks * times < leastTicks) return;
    // Both repeat themselves for so long.
    if (!all.every((cycles) => cycles.ticks * (cycles.run / cycles.lag) >= (times - 1) * ticks * 0.95)) return;
    const [picture, sound] = [this.#picture?.cycles, this.#sound?.cycles];
    if ((picture !== undefined && isClip(picture)) || (sound !== undefined && isTune(sound)))
      this.#foundMs = Math.round((ticks * 1_000) / ptsHz);
  }
}

/** Whether a cycle of pictures is one that endless coding does not make. */
function isClip(cycles: CycleFinder): boolean {
  if (cycles.ticks < shortestTicks) return false;
  const units = cycles.cycle();
  if (units.some(({ marked }) => marked)) return true;
  const sizes = units.map(({ bytes }) => bytes);
  const largest = Math.max(...sizes);
  const keys = sizes.flatMap((bytes, n) => (bytes * 2 > largest ? [n] : []));
  const group = (keys[1] ?? 0) - (keys[0] ?? 0);
  // Several picture groups: those of a still picture are all alike.
  if (keys.length > 1) {
    const tolerance = Math.max(2 * packetSize, largest / 50);
    return sizes.some((bytes, n) => Math.abs(bytes - (sizes[(n + group) % sizes.length] ?? 0)) > tolerance);
  }
  // One picture group: the second half of a still one is all alike, or nothing.
  const at = sizes.indexOf(largest);
  const others = [...sizes.slice(at + 1), ...sizes.slice(0, at)];
  const late = others.slice(others.length >> 1);
  return new Set(late).size * 2 > late.length && Math.max(...late) > packetSize * 4;
}

/** Whether a cycle of sound has a course, or is a silence with a beginning. */
function isTune(cycles: CycleFinder): boolean {
  if (cycles.ticks < 2 * shortestTicks) return false;
  const units = cycles.cycle();
  if (units.some(({ marked }) => marked)) return true;
  const sizes = new Set(units.map(({ bytes }) => bytes)).size;
  const single = cycles.ticks / cycles.lag <= longestFrameTicks;
  return single && sizes >= 16 && sizes * 5 >= units.length;
}
