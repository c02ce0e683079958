import { buildPat, buildPmt } from './psi.ts';
import { packSection } from './section.ts';
import { ptsDifference, ptsHz, wrapPts } from './time.ts';
import { UnitPacker } from './unit-packer.ts';

/** One stream of the program that is written. */
export interface MuxTrack {
  readonly isVideo: boolean;
  readonly streamType: number;
  /** Of its PES packets: 0xe0 for a picture, 0xc0 for MPEG sound, 0xbd for private streams such as AC-3. */
  readonly streamId: number;
  readonly descriptors?: Uint8Array;
}

/** One picture, or some frames of sound. Times are 90 kHz ticks round the 33-bit wrap. */
export interface MuxUnit {
  /** Index of its track. */
  readonly track: number;
  readonly pts: number;
  readonly dts: number;
  readonly isKey: boolean;
  readonly data: Uint8Array;
}

const pmtPid = 0x1000;
const firstPid = 0x100;
/** How much earlier a unit arrives than it is decoded, by the clock that is written. */
const leadTicks = ptsHz / 2;
const tablesEveryTicks = ptsHz / 2;
/** A track that sends nothing while the others go on for so long is not waited for. */
const patienceTicks = 20 * ptsHz;
const mostHeldBytes = 67_108_864;

/** Sound frames share a PES packet up to this length and this many bytes. */
const packTicks = ptsHz / 10;
const packBytes = 2_930;
const roundingTicks = 2;

interface Queued extends MuxUnit {
  /** Its decoding time, counted on without a wrap. */
  readonly at: number;
}

/** Frames of sound on their way into one unit. */
interface Pack {
  readonly first: Queued;
  readonly parts: Uint8Array[];
  bytes: number;
  /** Of the last frame, and how long the one before it lasted; NaN where that is not known. */
  lastAt: number;
  step: number;
}

/** Writes units of several tracks as one transport stream, in the order of their decoding times. Tables come first and before each key frame. */
export class UnitMuxer {
  readonly #tracks: readonly MuxTrack[];
  readonly #packer = new UnitPacker();
  readonly #pat: Buffer;
  readonly #pmt: Buffer;
  readonly #clockTrack: number;
  readonly #queues: Queued[][];
  readonly #packs: (Pack | undefined)[];
  #heldBytes = 0;
  /** Decoding time of the first unit, to count from. */
  #base = -1;
  #tablesAt = Number.NEGATIVE_INFINITY;

  constructor(tracks: readonly MuxTrack[]) {
    this.#tracks = tracks;
    const video = tracks.findIndex(({ isVideo }) => isVideo);
    this.#clockTrack = Math.max(0, video);
    this.#queues = tracks.map(() => []);
    this.#packs = tracks.map(() => undefined);
    const streams = tracks.map(({ streamType, descriptors }, index) => ({
      pid: firstPid + index,
      streamType,
      ...(descriptors === undefined ? {} : { descriptors }),
    }));
    this.#pat = packSection(0, buildPat([{ number: 1, pmtPid }]), 0);
    this.#pmt = packSection(pmtPid, buildPmt({ programNumber: 1, pcrPid: firstPid + this.#clockTrack, streams }), 0);
  }

  /** Takes the next unit of a track; units of one track come in the order of their decoding times. */
  push(unit: MuxUnit): void {
    if (this.#base < 0) this.#base = wrapPts(unit.dts);
    const at = ptsDifference(wrapPts(unit.dts), this.#base);
    this.#heldBytes += unit.data.length;
    if (this.#tracks[unit.track]?.isVideo === true) this.#queues[unit.track]?.push({ ...unit, at });
    else this.#pack({ ...unit, at });
    // Half way round, so that the next difference is the short one again.
    if (at > 2 ** 31) this.#rebase(at);
  }

  /** The packets of all units whose place is known: nothing earlier can come on another track. */
  take(): Buffer {
    const out: Buffer[] = [];
    for (let next = this.#next(false); next !== null; next = this.#next(false)) this.#write(next, out);
    return Buffer.concat(out);
  }

  /** The packets of all that is left. */
  flush(): Buffer {
    for (const track of this.#packs.keys()) this.#finishPack(track);
    const out: Buffer[] = [];
    for (let next = this.#next(true); next !== null; next = this.#next(true)) this.#write(next, out);
    return Buffer.concat(out);
  }

  #pack(unit: Queued): void {
    const pack = this.#packs[unit.track];
    const step = unit.at - (pack?.lastAt ?? Number.NaN);
    // A decoder counts on from the first frame of a packet: only those that follow each other without a gap may share one.
    const follows = Math.abs(step - (pack?.step ?? Number.NaN)) <= roundingTicks;
    if (
      pack !== undefined &&
      follows &&
      unit.at - pack.first.at < packTicks &&
      pack.bytes + unit.data.length <= packBytes
    ) {
      pack.parts.push(unit.data);
      pack.bytes += unit.data.length;
      pack.lastAt = unit.at;
      return;
    }
    this.#finishPack(unit.track);
    this.#packs[unit.track] = { first: unit, parts: [unit.data], bytes: unit.data.length, lastAt: unit.at, step };
  }

  #finishPack(track: number): void {
    const pack = this.#packs[track];
    if (pack === undefined) return;
    this.#packs[track] = undefined;
    this.#queues[track]?.push({ ...pack.first, data: Buffer.concat(pack.parts, pack.bytes) });
  }

  #next(all: boolean): Queued | null {
    let first: Queued | null = null;
    let last = Number.NEGATIVE_INFINITY;
    let isWaiting = false;
    for (const queue of this.#queues) {
      const [unit] = queue;
      if (unit === undefined) isWaiting = true;
      else {
        if (first === null || unit.at < first.at) first = unit;
        last = Math.max(last, queue.at(-1)?.at ?? unit.at);
      }
    }
    if (first === null) return null;
    const patient = this.#heldBytes < mostHeldBytes && last - first.at < patienceTicks;
    if (isWaiting && patient && !all) return null;
    this.#queues[first.track]?.shift();
    this.#heldBytes -= first.data.length;
    return first;
  }

  #write(unit: Queued, out: Buffer[]): void {
    const track = this.#tracks[unit.track];
    if (track === undefined) return;
    const entry = unit.isKey && unit.track === this.#clockTrack;
    if (entry && track.isVideo ? unit.at > this.#tablesAt : unit.at - this.#tablesAt >= tablesEveryTicks) {
      this.#tablesAt = unit.at;
      out.push(this.#packer.again(0, this.#pat), this.#packer.again(pmtPid, this.#pmt));
    }
    out.push(
      this.#packer.unit(firstPid + unit.track, track.streamId, unit.data, unit.pts, {
        dts: unit.dts,
        randomAccess: entry,
        ...(unit.track === this.#clockTrack ? { pcr: (unit.dts - leadTicks) * 300 } : {}),
      }),
    );
  }

  #rebase(by: number): void {
    this.#base = wrapPts(this.#base + by);
    this.#tablesAt -= by;
    for (const track of this.#packs.keys()) this.#finishPack(track);
    for (const [index, queue] of this.#queues.entries())
      this.#queues[index] = queue.map((unit) => ({ ...unit, at: unit.at - by }));
  }
}
