import { type JoinPoint, KeyFrameFinder } from '../mpegts/key-frames.ts';
import { isUnitStart, packetSize, payloadOffset, pcrOf, pidOf } from '../mpegts/packet.ts';
import { isPesStart, ptsOf } from '../mpegts/pes.ts';
import { Restamper } from '../mpegts/restamp.ts';
import { TsSync } from '../mpegts/sync.ts';
import { ptsDifference, ptsHz, wrapPts } from '../mpegts/time.ts';
import { nullPackets, withoutNullPackets } from './null-packets.ts';

/** An archive that begins this far from where it was asked for still has the clock of the broadcast. */
const sameClockSec = 25;
/** A step of the clock that is longer, or back, is a break in the recording. */
const longestStepSec = 10;
/** What comes after a break follows so much later. */
const usualStepTicks = 3_600;
/** Packets whose bytes show where a piece goes on in the next connection. */
const markPackets = 8;
/** The end of what was sent is looked for so far behind the place where it should be. */
const lookSec = 5;
/** Sound may be so far behind its picture; a unit is complete when the next one of its stream begins. */
const unitSec = 1;
const longestUnitSec = 2;
/** Bytes held while no place to start is known. */
const mostHeldBytes = 12 * 1_048_576;
/** Without a clock of its own after so many bytes, a stream is told time by its pictures. */
const noPcrBytes = 1_048_576;

/** What the clock of the archive shows at the start of the programme, in 90 kHz ticks; all pieces of one playback share it. */
export interface SharedClock {
  base: number | null;
}

export interface TimeLineOptions {
  readonly clock: SharedClock;
  /** Where it ends, in seconds of the programme. */
  readonly endSec: number;
  /** Bytes a second that the line is filled up to with null packets, so that a byte's place tells its time; 0 fills nothing. */
  readonly rate: number;
  /** The place of the first byte. */
  readonly position: number;
  /** The line never gets longer. */
  readonly size: number | null;
}

/** How a connection's bytes are joined to the line. */
export interface Piece {
  /** Where the archive was asked to begin, in seconds of the programme. */
  readonly askedSec: number;
  /** From where on bytes are wanted. */
  readonly wantSec: number;
  /** `key-frame` starts at the last one before; `anywhere` at the packet, as a seek in a file does. */
  readonly start: 'key-frame' | 'anywhere';
}

/**
 * Makes one transport stream of what several connections to an archive bring: it begins where it was wanted, goes on after a drop with
 * the very next packet (or, where the archive is not the same byte by byte, with the next key frame), keeps one clock, and ends with the
 * programme. Null packets of the provider go; others may take their place.
 */
export class TimeLine {
  readonly #options: TimeLineOptions;
  readonly #sync = new TsSync();
  readonly #finder = new KeyFrameFinder();
  readonly #restamper = new Restamper();
  #piece: Piece = { askedSec: 0, wantSec: 0, start: 'anywhere' };
  #position: number;
  #mediaSec = -1;
  #firstSec = Number.NaN;
  #mediaBytes = 0;
  #done = false;
  // Of this connection.
  #started = false;
  #continues = false;
  #pcrPid = -1;
  #clockPid = -1;
  #seenBytes = 0;
  #lastClock = -1;
  #sec = Number.NaN;
  #shift = 0;
  /** What is read next was read before: it tells no jump. */
  #rewound = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #heldFrom = 0;
  #points: JoinPoint[] = [];
  /** Where the wished time is; -1 while it has not come. */
  #wantedAt = -1;
  // Over connections.
  #restamps = false;
  #lineShift = 0;
  /** The stream of pictures (of sound, where there are none); -1 while it is not known. */
  #mainPid = -1;
  /** The end is there, and these streams have written their last unit. */
  #ended: Set<number> | null = null;
  #mark: Buffer = Buffer.alloc(0);
  #before: Buffer = Buffer.alloc(0);
  #out: Buffer[] = [];

  constructor(options: TimeLineOptions) {
    this.#options = options;
    this.#position = options.position;
  }

  /** The place of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** How far the programme has got, in seconds; negative before the first byte. */
  get mediaSec(): number {
    return this.#mediaSec;
  }

  /** Bytes a second of what was written, without what fills it up; undefined while it is too little to tell. */
  get mediaRate(): number | undefined {
    const lengthSec = this.#mediaSec - this.#firstSec;
    return lengthSec >= 30 ? this.#mediaBytes / lengthSec : undefined;
  }

  /** The programme is over: nothing of it is to come. */
  get done(): boolean {
    return this.#done;
  }

  /** True when this connection has brought something. */
  get started(): boolean {
    return this.#started;
  }

  /** A new connection begins. */
  begin(piece: Piece): void {
    this.#piece = piece;
    this.#sync.reset();
    this.#finder.reset();
    this.#started = false;
    this.#continues = this.#mediaSec >= 0;
    this.#pcrPid = -1;
    this.#clockPid = -1;
    this.#seenBytes = 0;
    this.#lastClock = -1;
    this.#sec = Number.NaN;
    this.#shift = 0;
    this.#rewound = false;
    this.#held = [];
    this.#heldBytes = 0;
    this.#heldFrom = 0;
    this.#points = [];
    this.#wantedAt = -1;
    this.#before = Buffer.alloc(0);
  }

  /** Takes the next bytes of the connection; they must not be changed afterwards. Returns what comes next in the line. */
  push(chunk: Buffer): Buffer[] {
    this.#out = [];
    for (const packets of this.#sync.push(chunk)) for (const run of withoutNullPackets(packets)) this.#take(run);
    return this.#out;
  }

  /** The provider has no more: the programme is over where hardly anything is missing, and so is the line. Returns `done`. */
  end(missingSec: number): boolean {
    if (this.#mediaSec >= this.#options.endSec - missingSec) this.#done = true;
    return this.#done;
  }

  /** What fills the line up to its size, once it is done. */
  *rest(): Generator<Buffer> {
    const { size } = this.#options;
    if (size === null || !this.#done) return;
    for (const packets of nullPackets(size - this.#position)) {
      this.#position += packets.length;
      yield packets;
    }
  }

  #take(packets: Buffer): void {
    if (this.#done) return;
    if (this.#started) return this.#goOn(packets);
    const points = this.#finder.push(packets);
    this.#seenBytes += packets.length;
    this.#hold(packets, points);
    this.#readClock(packets);
    if (this.#continues) this.#tryContinue(packets);
    else this.#tryStart();
    if (!this.#started) this.#trim();
  }

  #hold(packets: Buffer, points: readonly JoinPoint[]): void {
    this.#held.push(packets);
    this.#heldBytes += packets.length;
    this.#points.push(...points);
  }

  /** Follows the clock through packets before the start; the first reading decides how this connection's clock is moved. */
  #readClock(packets: Buffer): void {
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const clock = this.#clockOf(packets, offset);
      if (clock < 0) continue;
      this.#tick(clock);
      if (this.#wantedAt < 0 && this.#sec >= this.#piece.wantSec)
        this.#wantedAt = this.#heldEnd - packets.length + offset;
    }
  }

  /** 90 kHz ticks, or -1 for a packet that tells no time. */
  #clockOf(packets: Buffer, offset: number): number {
    const pcr = pcrOf(packets, offset);
    if (pcr >= 0) {
      const pid = pidOf(packets, offset);
      if (this.#pcrPid < 0) {
        this.#pcrPid = pid;
        this.#clockPid = -1;
      }
      return pid === this.#pcrPid ? Math.floor(pcr / 300) : -1;
    }
    if (this.#pcrPid >= 0 || this.#seenBytes < noPcrBytes || !isUnitStart(packets, offset)) return -1;
    const pid = pidOf(packets, offset);
    if (this.#clockPid >= 0 && pid !== this.#clockPid) return -1;
    const start = payloadOffset(packets, offset);
    const end = offset + packetSize;
    const pts = isPesStart(packets, start, end) ? ptsOf(packets, start, end) : -1;
    if (pts >= 0) this.#clockPid = pid;
    return pts;
  }

  /** True when the clock made a jump, so that times are moved from here on. */
  #tick(clock: number): boolean {
    if (this.#rewound) {
      this.#rewound = false;
      this.#note(clock);
      return false;
    }
    const shared = this.#options.clock;
    if (this.#lastClock < 0) {
      const asked = Math.round(this.#piece.askedSec * ptsHz);
      shared.base ??= wrapPts(clock - asked);
      const apart = ptsDifference(clock, wrapPts(shared.base + asked));
      // A list of segments may go on where it was left, whatever was asked.
      const fromWanted = ptsDifference(clock, shared.base) - this.#piece.wantSec * ptsHz;
      const isSame = Math.min(Math.abs(apart), Math.abs(fromWanted)) <= sameClockSec * ptsHz;
      this.#shift = isSame ? 0 : wrapPts(-apart);
      this.#note(clock);
      return false;
    }
    const step = ptsDifference(clock, this.#lastClock) / ptsHz;
    const jumps = step < -1 || step > longestStepSec;
    if (jumps) {
      this.#shift = wrapPts(wrapPts(this.#lastClock + this.#shift) + usualStepTicks - clock);
    }
    this.#note(clock);
    return jumps;
  }

  #note(clock: number): void {
    this.#lastClock = clock;
    this.#sec = ptsDifference(wrapPts(clock + this.#shift), this.#options.clock.base ?? 0) / ptsHz;
  }

  #secOf(point: JoinPoint): number {
    const clock = point.pcr >= 0 ? Math.floor(point.pcr / 300) : point.pts;
    return clock < 0 ? Number.NaN : ptsDifference(wrapPts(clock + this.#shift), this.#options.clock.base ?? 0) / ptsHz;
  }

  #tryStart(): void {
    const { wantSec, start } = this.#piece;
    const isThere = this.#sec >= wantSec;
    if (start === 'anywhere' && isThere && this.#finder.tables !== null) return this.#startAt(this.#wantedAt, true);
    const [first] = this.#points;
    if (isThere && first !== undefined) return this.#startAt(first.offset, true);
    if (this.#heldBytes > mostHeldBytes && this.#finder.tables !== null) this.#startAt(this.#heldFrom, true);
  }

  /** Looks for the last packets that were sent; what stands behind them is next. */
  #tryContinue(packets: Buffer): void {
    const joined = Buffer.concat([this.#before, packets]);
    const found = this.#mark.length === 0 ? -1 : joined.indexOf(this.#mark);
    if (found >= 0 && (found - this.#before.length) % packetSize === 0) {
      const behind = found + this.#mark.length - this.#before.length;
      return this.#startAt(this.#heldEnd - packets.length + behind, false);
    }
    this.#before = Buffer.from(joined.subarray(Math.max(0, joined.length - this.#mark.length + packetSize)));
    if (!(this.#sec > this.#mediaSec + lookSec) && this.#heldBytes <= mostHeldBytes) return;
    const next = this.#points.find((point) => this.#secOf(point) > this.#mediaSec);
    if (next !== undefined) this.#startAt(next.offset, true);
    else if (this.#heldBytes > mostHeldBytes) this.#startAt(this.#heldFrom, true);
  }

  get #heldEnd(): number {
    return this.#heldFrom + this.#heldBytes;
  }

  /** Begins to write at `offset` of this connection. A cut gets the tables, and counters that go on. */
  #startAt(offset: number, cut: boolean): void {
    const held = Buffer.concat(this.#held, this.#heldBytes).subarray(Math.max(0, offset - this.#heldFrom));
    const point = this.#points.find((one) => one.offset === offset);
    const tables = point?.tables ?? this.#finder.tables;
    if (point !== undefined) this.#mainPid = pidOf(held, 0);
    this.#started = true;
    this.#held = [];
    this.#points = [];
    this.#before = Buffer.alloc(0);
    this.#rewound = true;
    if (cut) {
      if (this.#continues || this.#shift !== 0) this.#restamps = true;
      this.#restamper.splice(this.#shift);
      if (tables !== null) this.#write(Buffer.concat([tables.pat, tables.pmt]));
    } else this.#shift = this.#lineShift;
    this.#lineShift = this.#shift;
    this.#goOn(held);
  }

  /** Behind the end, each stream completes the unit it is in. */
  #complete(packets: Buffer): void {
    const ended = this.#ended ?? new Set<number>();
    this.#remember(packets);
    for (let offset = 0; offset < packets.length && !this.#done; offset += packetSize) {
      const clock = this.#clockOf(packets, offset);
      if (clock >= 0) this.#tick(clock);
      const pid = pidOf(packets, offset);
      if (isUnitStart(packets, offset)) ended.add(pid);
      if (!ended.has(pid)) this.#write(packets.subarray(offset, offset + packetSize));
      const late = this.#sec - this.#options.endSec;
      this.#done =
        late > longestUnitSec || this.#sec < this.#options.endSec - 1 || (late > unitSec && ended.has(this.#mainPid));
    }
  }

  #goOn(packets: Buffer): void {
    if (this.#ended !== null) return this.#complete(packets);
    let from = 0;
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      const clock = this.#clockOf(packets, offset);
      if (clock < 0) continue;
      if (this.#tick(clock)) {
        this.#write(packets.subarray(from, offset));
        from = offset;
        this.#restamps = true;
        this.#lineShift = this.#shift;
        this.#restamper.splice(this.#shift);
      }
      this.#mediaSec = Math.max(this.#mediaSec, this.#sec);
      if (Number.isNaN(this.#firstSec)) this.#firstSec = this.#sec;
      if (this.#sec >= this.#options.endSec) {
        this.#write(packets.subarray(from, offset));
        this.#remember(packets.subarray(0, offset));
        this.#ended = new Set();
        return this.#complete(packets.subarray(offset));
      }
      const missing = this.#options.rate * this.#sec - this.#position - (offset - from);
      if (this.#options.rate > 0 && missing >= packetSize) {
        this.#write(packets.subarray(from, offset));
        from = offset;
        for (const filler of nullPackets(Math.floor(missing / packetSize) * packetSize)) this.#emit(filler);
      }
    }
    this.#write(packets.subarray(from));
    this.#remember(packets);
  }

  #write(packets: Buffer): void {
    if (packets.length === 0) return;
    this.#mediaBytes += packets.length;
    this.#emit(this.#restamps ? this.#restamper.copy(packets) : packets);
    if (!this.#restamps) this.#restamper.observe(packets);
  }

  /** The last packets of the connection that were dealt with. */
  #remember(packets: Buffer): void {
    const most = markPackets * packetSize;
    const tail = packets.subarray(Math.max(0, packets.length - most));
    this.#mark =
      tail.length === most
        ? Buffer.from(tail)
        : Buffer.concat([this.#mark.subarray(Math.max(0, this.#mark.length + tail.length - most)), tail]);
  }

  #emit(bytes: Buffer): void {
    const { size } = this.#options;
    const room = size === null ? bytes.length : Math.max(0, Math.min(bytes.length, size - this.#position));
    if (room < bytes.length) this.#done = true;
    if (room === 0) return;
    this.#position += room;
    this.#out.push(room === bytes.length ? bytes : bytes.subarray(0, room));
  }

  /** Before the start only what may still be needed is kept. */
  #trim(): void {
    const { wantSec, start } = this.#piece;
    const least = this.#continues ? this.#mediaSec - lookSec : wantSec;
    const useful = this.#points.findLastIndex((point) => this.#secOf(point) <= least);
    if (useful > 0) this.#points.splice(0, useful);
    const keepsAll = this.#continues || start === 'key-frame';
    const from = keepsAll
      ? (this.#points[0]?.offset ?? (this.#sec < least ? this.#heldEnd : this.#heldFrom))
      : this.#heldEnd;
    while (this.#held[0] !== undefined && this.#heldFrom + this.#held[0].length <= from) {
      const oldest = this.#held.shift();
      this.#heldBytes -= oldest?.length ?? 0;
      this.#heldFrom += oldest?.length ?? 0;
    }
  }
}
