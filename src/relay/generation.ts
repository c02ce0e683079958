import { type JoinPoint, KeyFrameFinder } from '../mpegts/key-frames.ts';
import { isUnitStart, packetSize, pidOf } from '../mpegts/packet.ts';
import type { Program, TablePackets } from '../mpegts/program-tables.ts';
import { TsSync } from '../mpegts/sync.ts';
import { UnitTail } from '../mpegts/unit-tail.ts';
import type { EntryPoint } from './ring.ts';
import { mainPidOf, programOf, type Seam } from './seam.ts';

/** Without a key frame for this long, the stream starts at any picture. */
const patienceMs = 3_000;
/** Bytes kept while no start point is known. */
const maxHeldBytes = 8_388_608;
/** Start points of sound, or of any picture, that are closer than this to the last one are left out. */
const weakSpacingMs = 500;

/** Where a generation puts what it has made of the bytes. */
export interface GenerationSink {
  /** The ring position that the next packets will have. */
  position(): number;
  /** Whole packets; the buffer is the sink's from now on. */
  packets(packets: Buffer): void;
  /** Told before the packets it lies in. */
  entry(entry: EntryPoint): void;
}

/** Looks at whole packets as they came; the program is null before its tables are known. */
export type Inspect = (packets: Buffer, program: Program | null, nowMs: number) => void;

/**
 * The bytes of one upstream connection on their way into the ring: cut into packets, searched for entry points. Nothing goes out before
 * the first entry point. Where consumers already watch, the seam makes it go on where the last generation stopped, with its tables first;
 * otherwise the bytes go out as they came. Which it is, is asked at the first entry point. Units that are not complete yet are held back,
 * so that the stream can be left between them.
 */
export class Generation {
  readonly #sink: GenerationSink;
  readonly #seamOf: () => Seam | null;
  #seam: Seam | null = null;
  readonly #sync = new TsSync();
  readonly #finder = new KeyFrameFinder();
  readonly #inspect: Inspect | undefined;
  readonly #tail = new UnitTail();
  #started = false;
  #firstMs: number | null = null;
  /** Packets before the start, and how many bytes of this generation came before them. */
  #held: Buffer[] = [];
  #heldFrom = 0;
  #heldBytes = 0;
  #points: JoinPoint[] = [];
  /** Add it to an offset of this generation to get a position in the ring. */
  #shift = 0;
  #weakPid = -1;
  #weakMs = Number.NEGATIVE_INFINITY;

  constructor(sink: GenerationSink, seamOf: () => Seam | null, inspect?: Inspect) {
    this.#sink = sink;
    this.#seamOf = seamOf;
    this.#inspect = inspect;
  }

  /** True once a start point was found and bytes go out. */
  get started(): boolean {
    return this.#started;
  }

  /** Takes the next bytes of the upstream; they must not be changed by anyone afterwards. */
  push(chunk: Buffer, nowMs: number): void {
    for (const packets of this.#sync.push(chunk)) {
      const points = this.#finder.push(packets);
      this.#inspect?.(packets, this.#finder.program, nowMs);
      if (this.#started) this.#goOn(packets, points, nowMs);
      else this.#waitForStart(packets, points, nowMs);
    }
  }

  /** Nothing comes any more, and another generation may follow: the rest of the complete units goes out, the others never do. */
  finish(): void {
    if (this.#started) this.#release(this.#tail.finish());
  }

  /** Nothing comes any more, and nothing follows: all goes out that is there. */
  flush(): void {
    if (this.#started) this.#release(this.#tail.flush());
  }

  #goOn(packets: Buffer, points: readonly JoinPoint[], nowMs: number): void {
    this.#points.push(...points);
    if (this.#weakPid >= 0 && points.length === 0)
      this.#findWeak(packets, this.#finder.position - packets.length, nowMs);
    this.#release(this.#tail.push(packets, nowMs), nowMs);
  }

  /** Lets packets out, each entry point before those it lies in. */
  #release(pieces: readonly Buffer[], nowMs = performance.now()): void {
    for (const packets of pieces) {
      // First, so that the seam knows the tables of the entry points.
      const out = this.#seam?.copy(packets) ?? packets;
      const end = this.#sink.position() - this.#shift + packets.length;
      while (this.#points[0] !== undefined && this.#points[0].offset < end) {
        const { offset, tables, kind } = this.#points[0];
        this.#points.shift();
        this.#mark(offset, tables, kind === 'audio', nowMs);
      }
      this.#sink.packets(out);
    }
  }

  #waitForStart(packets: Buffer, points: readonly JoinPoint[], nowMs: number): void {
    this.#firstMs ??= nowMs;
    this.#held.push(packets);
    this.#heldBytes += packets.length;
    this.#points.push(...points);
    const first = this.#points[0];
    if (first !== undefined) this.#start(first.offset, first.tables, first.pcr, nowMs);
    else if (nowMs - this.#firstMs >= patienceMs) this.#startAnywhere(nowMs);
    if (!this.#started) this.#trimHeld();
  }

  #start(offset: number, tables: TablePackets, pcr: number, nowMs: number): void {
    this.#started = true;
    this.#seam = this.#seamOf();
    const held: Buffer = Buffer.concat(this.#held, this.#heldBytes).subarray(Math.max(0, offset - this.#heldFrom));
    this.#held = [];
    if (this.#seam !== null) this.#sink.packets(this.#seam.splice({ tables, packets: held, pcr }));
    this.#shift = this.#sink.position() - Math.max(offset, this.#heldFrom);
    if (this.#points.length === 0) this.#addEntry(offset, tables, true, nowMs);
    this.#release(this.#tail.push(held, nowMs), nowMs);
  }

  /** No key frame was recognised, so every picture has to do, or every sound where there is no picture. */
  #startAnywhere(nowMs: number): void {
    const tables = this.#finder.tables;
    if (tables === null) return;
    const held = Buffer.concat(this.#held, this.#heldBytes);
    const pid = mainPidOf(programOf(tables));
    for (let offset = 0; offset < held.length; offset += packetSize) {
      if (pidOf(held, offset) !== pid || !isUnitStart(held, offset)) continue;
      this.#weakPid = pid;
      this.#weakMs = nowMs;
      this.#start(this.#heldFrom + offset, tables, -1, nowMs);
      return;
    }
  }

  #findWeak(packets: Buffer, from: number, nowMs: number): void {
    if (nowMs - this.#weakMs < weakSpacingMs) return;
    const tables = this.#finder.tables;
    if (tables === null) return;
    for (let offset = 0; offset < packets.length; offset += packetSize) {
      if (pidOf(packets, offset) !== this.#weakPid || !isUnitStart(packets, offset)) continue;
      this.#points.push({ offset: from + offset, kind: 'audio', pts: -1, pcr: -1, tables, parameterSets: false });
      return;
    }
  }

  #mark(offset: number, tables: TablePackets, weak: boolean, nowMs: number): void {
    if (weak) {
      if (nowMs - this.#weakMs < weakSpacingMs) return;
      this.#weakMs = nowMs;
    } else this.#weakPid = -1;
    this.#addEntry(offset, tables, weak, nowMs);
  }

  #addEntry(offset: number, tables: TablePackets, weak: boolean, nowMs: number): void {
    const written = this.#seam?.tables(tables) ?? Buffer.concat([tables.pat, tables.pmt]);
    this.#sink.entry({ position: offset + this.#shift, atMs: nowMs, tables: written, weak });
  }

  #trimHeld(): void {
    while (this.#heldBytes > maxHeldBytes) {
      const oldest = this.#held.shift();
      if (oldest === undefined) return;
      this.#heldBytes -= oldest.length;
      this.#heldFrom += oldest.length;
    }
  }
}
