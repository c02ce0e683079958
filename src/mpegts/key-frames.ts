import { AccessUnitHead, type StartKind, type Verdict } from './access-unit.ts';
import {
  hasTransportError,
  isRandomAccess,
  isScrambled,
  isUnitStart,
  packetSize,
  payloadOffset,
  pcrOf,
  pidCount,
  pidOf,
} from './packet.ts';
import { isPesStart, pesPayloadStart, ptsOf } from './pes.ts';
import { type Program, ProgramTables, type TablePackets } from './program-tables.ts';

/** A packet at which a decoder can start once it has been given PAT and PMT. */
export interface JoinPoint {
  /** Bytes from the start of this generation to the packet. */
  readonly offset: number;
  readonly kind: StartKind;
  /** 90 kHz ticks; -1 when the PES header has none. */
  readonly pts: number;
  /** The last PCR up to the packet, its own included, in 27 MHz ticks; -1 when none came yet. */
  readonly pcr: number;
  /** PAT and PMT as they last came before the packet. Shared: never change them. */
  readonly tables: TablePackets;
  /** The access unit brings its sequence header, or SPS and PPS, with it. Always true for audio. */
  readonly parameterSets: boolean;
}

/** Units without parameter sets before they are taken for start points all the same. */
const maxBareStarts = 4;
/** Pictures without any start point before the random access indicator alone is believed. */
const patience = 300;
/** Audio units without any video unit before the stream counts as audio only. */
const audioPatience = 200;

const video = 1;
const audio = 2;
const clock = 4;

/**
 * Finds the packets of a live stream at which decoding can start. One instance follows one upstream connection; `reset` begins the
 * next generation, whose offsets count from 0 again.
 */
export class KeyFrameFinder {
  readonly #tables = new ProgramTables();
  readonly #head = new AccessUnitHead();
  /** What a PID is to us: a set of `video`, `audio`, `clock`. */
  readonly #roles = new Uint8Array(pidCount);
  #readable = false;
  #position = 0;
  #pcr = -1;
  // The access unit being looked at: it starts at #unitOffset.
  #scanning = false;
  #skip = 0;
  #unitOffset = 0;
  #unitPts = -1;
  #unitPcr = -1;
  #unitRandomAccess = false;
  #unitTables: TablePackets | null = null;
  // What the stream has shown so far.
  #setsSeen = false;
  #bareStarts = 0;
  #unitsSincePoint = 0;
  #randomAccessUnits = 0;
  #videoUnits = 0;
  #audioUnits = 0;

  /** Bytes taken since the start of this generation. */
  get position(): number {
    return this.#position;
  }

  /** PAT and PMT of the chosen program as they last came, or null before both are known. */
  get tables(): TablePackets | null {
    return this.#tables.packets();
  }

  /** The program that is played; null before its tables are known. */
  get program(): Program | null {
    return this.#tables.program;
  }

  /** The stream has no video, or none ever comes. */
  get audioOnly(): boolean {
    return this.#audioUnits > 0 && this.#videoUnits === 0;
  }

  /**
   * Takes the next packets (`bytes` starts at a packet; a broken last one is left out) and returns the start points found, oldest
   * first. A point may lie in bytes of an earlier call: its picture can begin some packets after the unit does.
   */
  push(bytes: Buffer): JoinPoint[] {
    const points: JoinPoint[] = [];
    const end = bytes.length - (bytes.length % packetSize);
    for (let offset = 0; offset < end; offset += packetSize) {
      const pid = (((bytes[offset + 1] ?? 0) & 0x1f) << 8) | (bytes[offset + 2] ?? 0);
      const role = this.#roles[pid] ?? 0;
      if (role !== 0) this.#onPacket(bytes, offset, role, points);
      else if (this.#tables.isTable(pid)) this.#onTable(bytes, offset);
    }
    this.#position += end;
    return points;
  }

  /** Begins a new generation: nothing of the old stream is kept. */
  reset(): void {
    this.#tables.reset();
    this.#roles.fill(0);
    this.#readable = false;
    this.#position = 0;
    this.#pcr = -1;
    this.#forgetStream();
  }

  #forgetStream(): void {
    this.#scanning = false;
    this.#setsSeen = false;
    this.#bareStarts = 0;
    this.#unitsSincePoint = 0;
    this.#randomAccessUnits = 0;
    this.#videoUnits = 0;
    this.#audioUnits = 0;
    this.#head.begin(false);
  }

  #onTable(bytes: Buffer, offset: number): void {
    if (hasTransportError(bytes, offset) || !this.#tables.push(bytes, offset, pidOf(bytes, offset))) return;
    this.#roles.fill(0);
    this.#forgetStream();
    const program = this.#tables.program;
    if (program === null) return;
    const picture = program.streams.find((stream) => stream.kind === 'video');
    const sound = program.streams.find((stream) => stream.kind === 'audio');
    if (picture !== undefined) this.#addRole(picture.pid, video);
    if (sound !== undefined) this.#addRole(sound.pid, audio);
    this.#addRole(program.pcrPid, clock);
    this.#readable = picture !== undefined && this.#head.use(picture.codec);
  }

  #addRole(pid: number, role: number): void {
    this.#roles[pid] = (this.#roles[pid] ?? 0) | role;
  }

  #onPacket(bytes: Buffer, offset: number, role: number, points: JoinPoint[]): void {
    if ((role & clock) !== 0) {
      const pcr = pcrOf(bytes, offset);
      if (pcr >= 0) this.#pcr = pcr;
    }
    const starts = isUnitStart(bytes, offset);
    if ((role & video) !== 0) {
      if (starts) this.#onVideoUnit(bytes, offset, points);
      else if (this.#scanning) this.#look(bytes, payloadOffset(bytes, offset), offset + packetSize, points);
    } else if ((role & audio) !== 0 && starts && this.#videoUnits === 0) {
      this.#onAudioUnit(bytes, offset, points);
    }
  }

  #onVideoUnit(bytes: Buffer, offset: number, points: JoinPoint[]): void {
    let joined = false;
    if (this.#scanning) {
      const verdict = this.#head.finish();
      // A unit with parameter sets and no picture belongs to the next one.
      joined = verdict === 'more' && this.#head.parameterSets;
      if (!joined) this.#decide(verdict, points);
    }
    const end = offset + packetSize;
    const start = payloadOffset(bytes, offset);
    this.#scanning = false;
    this.#head.begin(joined);
    if (hasTransportError(bytes, offset)) return;
    this.#videoUnits++;
    const readable = this.#readable && !isScrambled(bytes, offset);
    const isPes = readable && isPesStart(bytes, start, end);
    if (!joined) {
      this.#unitOffset = this.#position + offset;
      this.#unitPts = isPes ? ptsOf(bytes, start, end) : -1;
      this.#unitPcr = this.#pcr;
      this.#unitTables = this.#tables.packets();
      this.#unitRandomAccess = isRandomAccess(bytes, offset);
      if (this.#unitRandomAccess) this.#randomAccessUnits++;
    }
    if (!readable) this.#decide('none', points);
    else if (isPes) {
      this.#scanning = true;
      const payload = pesPayloadStart(bytes, start);
      this.#skip = Math.max(0, payload - end);
      this.#look(bytes, payload, end, points);
    }
  }

  #look(bytes: Buffer, from: number, end: number, points: JoinPoint[]): void {
    let start = from;
    if (this.#skip > 0 && from < end) {
      const skipped = Math.min(this.#skip, end - from);
      start = from + skipped;
      this.#skip -= skipped;
    }
    if (start >= end) return;
    const verdict = this.#head.push(bytes, start, end);
    if (verdict === 'more') return;
    this.#scanning = false;
    this.#decide(verdict, points);
  }

  #decide(verdict: Verdict, points: JoinPoint[]): void {
    const { parameterSets } = this.#head;
    if (parameterSets) this.#setsSeen = true;
    this.#unitsSincePoint++;
    let kind: StartKind;
    if (verdict === 'none' || verdict === 'more') {
      if (!this.#unitRandomAccess || !this.#believesIndicator()) return;
      kind = 'random-access';
    } else {
      // Where parameter sets do come in band, a unit without them is no place to start, unless they came only once.
      if (!parameterSets && this.#setsSeen && ++this.#bareStarts < maxBareStarts) return;
      kind = verdict;
    }
    if (parameterSets) this.#bareStarts = 0;
    if (this.#unitTables === null) return;
    this.#unitsSincePoint = 0;
    points.push({
      offset: this.#unitOffset,
      kind,
      pts: this.#unitPts,
      pcr: this.#unitPcr,
      tables: this.#unitTables,
      parameterSets,
    });
  }

  /** The indicator counts when nothing else does: an unreadable codec at once, else after a while; never when it is set all the time. */
  #believesIndicator(): boolean {
    if (this.#readable && this.#unitsSincePoint < patience) return false;
    return this.#randomAccessUnits <= 2 || this.#randomAccessUnits * 4 <= this.#videoUnits;
  }

  #onAudioUnit(bytes: Buffer, offset: number, points: JoinPoint[]): void {
    this.#audioUnits++;
    const expectsVideo = this.#tables.program?.streams.some((stream) => stream.kind === 'video') === true;
    if (expectsVideo && this.#audioUnits < audioPatience) return;
    const tables = this.#tables.packets();
    const start = payloadOffset(bytes, offset);
    if (tables === null) return;
    points.push({
      offset: this.#position + offset,
      kind: 'audio',
      pts: isPesStart(bytes, start, offset + packetSize) ? ptsOf(bytes, start, offset + packetSize) : -1,
      pcr: this.#pcr,
      tables,
      parameterSets: true,
    });
  }
}
