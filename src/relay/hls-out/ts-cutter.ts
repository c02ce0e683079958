import { isUnitStart, packetSize, payloadOffset, pidOf } from '../../mpegts/packet.ts';
import { readPesHeader } from '../../mpegts/pes.ts';
import { ptsHz } from '../../mpegts/time.ts';
import type { EntryPoint } from '../ring.ts';
import { HeldPieces } from './held-pieces.ts';
import { type Layout, layoutAt } from './layout.ts';
import { pictureFormat } from './picture-format.ts';
import { type Cut, type CutSink, packed } from './segment.ts';
import { TableCounters } from './table-counters.ts';
import { TailSorter, upToLastOf, withoutLastUnits } from './tail-sorter.ts';
import { UnitClock } from './unit-clock.ts';

/** A key frame that comes a little before the wished length ends the segment: the next one would make it too long. */
const earlyShare = 0.8;
/** An entry point is marked when its picture is known, which may be in the unit after it. */
const lookAhead = 2;
/** Sound that is muxed farther apart from its picture than this does not keep a segment from coming out. */
const tailTicks = ptsHz;
/** One that follows on a cut without a key frame is to begin at one soon. */
const leastSeconds = 0.5;
/** Sound alone may be cut at any of its units, which are about this long. */
const soundSeconds = 0.2;
/** Bytes of a unit in which its form is told. */
const formatBytes = 16_384;
/** Bytes kept while there is nothing to begin at. */
const mostSought = 8_388_608;

export interface TsCutterOptions {
  readonly sink: CutSink;
  /** How long a segment is to be. */
  readonly targetSeconds: number;
  /** The entry points of the ring, in order. */
  readonly entries: () => readonly EntryPoint[];
}

/** A unit of the picture, or of the sound where there is none. */
interface Unit {
  readonly position: number;
  /** Ticks since the clock began. */
  readonly time: number;
  readonly arrivedMs: number;
  /** Its time does not go on from that of the unit before. */
  readonly jumps: boolean;
}

/** The segment that is being filled. */
interface Open {
  readonly tables: Buffer;
  readonly start: Unit;
  readonly layout: Layout;
  readonly format: Buffer | null;
  readonly discontinuity: boolean;
  readonly independent: boolean;
  readonly weak: boolean;
  readonly slate: boolean;
}

/** A segment whose last sounds are still to come. */
interface Closing {
  readonly cut: Cut;
  readonly sorter: TailSorter;
  readonly tail: Buffer[];
  readonly untilTicks: number;
}

/**
 * Cuts a transport stream into segments at its key frames. Feed it the pieces of a ring in order. It copies nothing, allocates per
 * segment only, and knows nothing of time but what the stream says: the same bytes give the same segments.
 */
export class TsCutter {
  readonly #options: TsCutterOptions;
  readonly #held = new HeldPieces();
  readonly #clock = new UnitClock();
  readonly #tables = new TableCounters();
  /** Where each PID with sound began a unit last. */
  readonly #sounds = new Map<number, number>();
  /** Of a segment whose tail is not known to be whole; without one, what is sorted out is dropped: its beginning is gone. */
  #closing: Closing | null = null;
  #sorter: TailSorter | null = null;
  #open: Open | null = null;
  #units: Unit[] = [];
  /** The last unit that was looked at. */
  #last: Unit | null = null;
  #position = 0;
  #wallMs = 0;
  /** Where to look for the next beginning, while no segment is open. */
  #from = 0;
  #keyTime = -1;
  #longestGop = 0;

  constructor(options: TsCutterOptions) {
    this.#options = options;
  }

  /** The longest distance of two places where a segment may end, in seconds; 0 while it is not known. */
  get gopSeconds(): number {
    if (this.#open?.layout.isPicture === false) return soundSeconds;
    const since = this.#keyTime < 0 || this.#last === null ? 0 : this.#last.time - this.#keyTime;
    return this.#longestGop === 0 ? 0 : Math.max(this.#longestGop, since) / ptsHz;
  }

  /** Begins anew at this position of the ring: what comes does not go on where the last segment ended. */
  restart(position: number): void {
    this.#settleClosing();
    this.#held.clear();
    this.#position = position;
    this.#seek(position);
  }

  /** Takes the next piece of the ring: whole packets. `wallMs` is when it came, in Unix milliseconds. */
  push(packets: Buffer, wallMs: number): void {
    const start = this.#position;
    this.#position += packets.length;
    this.#wallMs = wallMs;
    this.#hold(packets, start);
    if (this.#open === null) this.#begin();
    else this.#scan(packets, start);
    this.#look();
  }

  /** The stream is over: what is whole of the open segment comes out. */
  flush(): void {
    while (this.#units.length > 1 && this.#open !== null) this.#decide();
    const open = this.#open;
    // The last unit may be only half there.
    const end = this.#units[0] ?? this.#last;
    if (open !== null && end !== null && end.time > open.start.time) {
      this.#settleClosing();
      const parts = withoutLastUnits(this.#held.take(end.position), open.layout.soundPids);
      this.#options.sink.cut(cutOf(open, parts, end.time - open.start.time));
    }
    this.#settleClosing();
    this.#seek(this.#position);
  }

  #hold(packets: Buffer, start: number): void {
    const sorter = this.#closing?.sorter ?? this.#sorter;
    if (sorter === null || sorter.done) {
      this.#held.push(packets, start);
      return;
    }
    const { tail, rest } = sorter.sort(packets);
    this.#closing?.tail.push(...tail);
    for (const part of rest) this.#held.push(part, start + part.byteOffset - packets.byteOffset);
    this.#settleTail();
  }

  /** Nothing is open any more: looks for a beginning from `position` on. */
  #seek(position: number): void {
    this.#open = null;
    this.#units = [];
    this.#last = null;
    this.#sorter = null;
    this.#from = position;
    this.#keyTime = -1;
    this.#clock.restart();
    this.#tables.forget(position);
    this.#sounds.clear();
    this.#held.take(position);
  }

  /** Begins at the first entry point there is; one without a key frame only where there is no other. */
  #begin(): void {
    const here = this.#options.entries().filter(({ position }) => position >= this.#from && position < this.#position);
    const entry = here.find(({ weak }) => !weak) ?? here[0];
    if (entry === undefined) {
      if (this.#held.bytes > mostSought) this.#held.take(this.#position - mostSought / 2);
      return;
    }
    this.#held.take(entry.position);
    const head = this.#held.peek(entry.position, formatBytes);
    const layout = layoutAt(entry.tables, head);
    if (layout === null) {
      this.#from = entry.position + 1;
      return;
    }
    const start = { position: entry.position, time: 0, arrivedMs: this.#wallMs, jumps: false };
    this.#openAt(entry, { layout, start, format: formatOf(layout, head), discontinuity: true });
    this.#sorter = new TailSorter(layout.soundPids);
    for (const { data, start: at } of this.#held.drain()) {
      this.#hold(data, at);
      this.#scan(data, at);
    }
    // The unit it begins with is not one to decide about.
    if (this.#units[0]?.position === entry.position) this.#last = this.#units.shift() ?? null;
  }

  #openAt(entry: EntryPoint, more: Pick<Open, 'layout' | 'start' | 'format' | 'discontinuity'>): void {
    this.#open = {
      ...more,
      tables: entry.tables,
      independent: !entry.weak || !more.layout.isPicture,
      weak: entry.weak,
      slate: entry.slate === true,
    };
    if (!entry.weak) this.#noteKey(more.start);
  }

  #noteKey({ time }: Unit): void {
    if (this.#keyTime >= 0 && time > this.#keyTime) this.#longestGop = Math.max(this.#longestGop, time - this.#keyTime);
    this.#keyTime = time;
  }

  /** Finds the units that begin in this piece. */
  #scan(packets: Buffer, start: number): void {
    const { mainPid = -1, soundPids = [] } = this.#open?.layout ?? {};
    for (let offset = 0; offset + packetSize <= packets.length; offset += packetSize) {
      if (!isUnitStart(packets, offset)) continue;
      const pid = pidOf(packets, offset);
      if (pid !== mainPid) {
        if (soundPids.includes(pid)) this.#sounds.set(pid, start + offset);
        else this.#tables.note(packets, offset, start + offset);
        continue;
      }
      const header = readPesHeader(packets, payloadOffset(packets, offset), offset + packetSize);
      const stamp = header === null ? -1 : header.dts >= 0 ? header.dts : header.pts;
      const time = this.#clock.next(stamp, this.#wallMs);
      this.#units.push({
        position: start + offset,
        time: time ?? 0,
        arrivedMs: this.#wallMs,
        jumps: time === null,
      });
    }
  }

  /** Decides about units as far as they are known. */
  #look(): void {
    while (this.#units.length > lookAhead && this.#open !== null) this.#decide();
    const open = this.#open;
    if (open === null) return;
    // A place to begin at where no unit of ours begins is one of another layout.
    const newest = this.#units.at(-1) ?? this.#last ?? open.start;
    const strange = this.#options
      .entries()
      .find(({ position }) => position > newest.position && position < this.#position);
    if (strange === undefined) return;
    while (this.#units.length > 0 && this.#open !== null) this.#decide();
    if (this.#open !== null && strange.position > this.#open.start.position) this.#breakAt(strange.position);
  }

  #decide(): void {
    const open = this.#open;
    const unit = this.#units.shift();
    if (open === null || unit === undefined) return;
    const from = this.#last?.position ?? open.start.position;
    const entry = this.#options.entries().find(({ position }) => position > from && position <= unit.position);
    if (entry !== undefined && entry.position < unit.position) {
      this.#breakAt(entry.position);
      return;
    }
    if (unit.jumps) {
      this.#breakAt(unit.position);
      return;
    }
    const most = open.layout.isPicture ? this.#mostTicks : this.#options.targetSeconds * ptsHz;
    if (unit.time - open.start.time > most) this.#cutAnywhere(open, unit);
    if (entry !== undefined) this.#meet(entry, unit);
    this.#last = unit;
    if (this.#closing !== null && unit.time > this.#closing.untilTicks) this.#settleClosing();
  }

  get #mostTicks(): number {
    return Math.floor(this.#options.sink.mostSeconds() * ptsHz);
  }

  /** A decoder can start here: the segment ends if it is long enough, or has to. */
  #meet(entry: EntryPoint, unit: Unit): void {
    const open = this.#open;
    const head = this.#held.peek(entry.position, formatBytes);
    const layout = layoutAt(entry.tables, head);
    if (open === null || layout === null) return;
    const format = formatOf(layout, head);
    const changes =
      layout.key !== open.layout.key ||
      (entry.slate === true) !== open.slate ||
      (format !== null && open.format !== null && !format.equals(open.format));
    const elapsed = (unit.time - open.start.time) / ptsHz;
    const least = open.independent ? this.#options.targetSeconds * earlyShare : leastSeconds;
    const isKey = !entry.weak || open.weak || !layout.isPicture;
    if (elapsed === 0)
      this.#openAt(entry, { layout, start: unit, format, discontinuity: open.discontinuity || changes });
    else if (changes || (isKey && elapsed >= least)) {
      this.#close(open, unit, changes);
      const next = { layout, start: unit, format: format ?? (changes ? null : open.format), discontinuity: changes };
      this.#openAt(entry, next);
    } else if (!entry.weak) this.#noteKey(unit);
  }

  /** No key frame came in time: the segment ends before the unit that would make it too long. */
  #cutAnywhere(open: Open, unit: Unit): void {
    const last = this.#last;
    const end = last !== null && last.position > open.start.position ? last : unit;
    this.#close(open, end, false);
    const tables = this.#tables.at(open.tables, end.position);
    this.#open = { ...open, tables, start: end, discontinuity: false, independent: !open.layout.isPicture };
  }

  #close(open: Open, end: Unit, changes: boolean): void {
    this.#settleClosing();
    this.#tables.forget(open.start.position);
    // Between streams that do not belong together nothing is to be bridged.
    const until = changes && this.#last !== null ? Math.min(end.time, this.#last.time + this.#clock.step) : end.time;
    const ticks = Math.min(until - open.start.time, this.#mostTicks);
    const pieces = this.#held.take(end.position);
    const cut = cutOf(open, changes ? upToLastOf(pieces, open.layout.pids) : pieces, ticks);
    // A PID that is silent is not waited for.
    const isHeard = (pid: number): boolean => (this.#sounds.get(pid) ?? -1) >= open.start.position;
    const sorter = new TailSorter(open.layout.soundPids.filter(isHeard));
    if (changes) {
      this.#options.sink.cut(cut);
      this.#sorter = sorter;
    } else {
      this.#sorter = null;
      this.#closing = { cut, sorter, tail: [], untilTicks: end.time + tailTicks };
    }
    const tail = this.#closing?.tail;
    this.#held.replace((data) => {
      if (sorter.done) return [data];
      const sorted = sorter.sort(data);
      tail?.push(...sorted.tail);
      return sorted.rest;
    });
    this.#settleTail();
  }

  #breakAt(position: number): void {
    const open = this.#open;
    const last = this.#last ?? open?.start;
    if (open !== null && last !== undefined) {
      const ticks = Math.min(last.time - open.start.time + this.#clock.step, this.#mostTicks);
      this.#settleClosing();
      const pieces = upToLastOf(this.#held.take(position), open.layout.pids);
      this.#options.sink.cut(cutOf(open, pieces, ticks));
    }
    this.#seek(position);
    this.#begin();
  }

  #settleTail(): void {
    if (this.#closing?.sorter.done === true) this.#settleClosing();
  }

  #settleClosing(): void {
    const closing = this.#closing;
    if (closing === null) return;
    this.#closing = null;
    const { cut, tail } = closing;
    const bytes = tail.reduce((sum, part) => sum + part.length, cut.bytes);
    this.#options.sink.cut({ ...cut, parts: [...cut.parts, ...packed(tail)], bytes });
  }
}

function formatOf(layout: Layout, head: Buffer): Buffer | null {
  return layout.isPicture ? pictureFormat(head, layout.codec) : null;
}

function cutOf(open: Open, pieces: readonly Buffer[], ticks: number): Cut {
  const parts = packed([open.tables, ...pieces]);
  return {
    form: 'ts',
    parts,
    bytes: parts.reduce((sum, part) => sum + part.length, 0),
    seconds: ticks / ptsHz,
    discontinuity: open.discontinuity,
    atMs: open.start.arrivedMs,
    slate: open.slate,
    independent: open.independent,
  };
}
