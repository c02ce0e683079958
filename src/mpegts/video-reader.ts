import type { VideoFacts } from '../model/codec-facts.ts';
import { isFieldSlice, parseH264Sps, picStructOf, type H264Sps } from './h264.ts';
import { parseHevcSps } from './hevc.ts';
import { isProgressivePicture, parseMpeg2Sequence } from './mpeg2-video.ts';
import { forEachSei, unescapeNal } from './sei.ts';
import { ptsDifference } from './time.ts';
import { plausibleRate, type VideoFormat } from './video-format.ts';

/** Bytes of each access unit looked at: headers and the start of the first slices. */
const maxUnit = 8192;
/** Pictures looked at before a stream without headers is given up. */
const maxUnits = 900;
/** Pictures after the header that are asked whether they are interlaced. */
const pictureVotes = 4;
/** PTS needed to measure a frame rate. */
const ptsWanted = 24;

/** Reads what one video stream tells of itself, from its access units. */
export class VideoReader {
  readonly #codec: string;
  readonly #unit = Buffer.alloc(maxUnit);
  #length = 0;
  #units = 0;
  #format: VideoFormat | null = null;
  #h264: H264Sps | null = null;
  #framesOnly = false;
  #votes = 0;
  #interlacedVotes = 0;
  #pts: number[] = [];
  #mpeg1 = false;

  constructor(codec: string) {
    this.#codec = codec;
  }

  /** Nothing more is to be learned by reading on. */
  get done(): boolean {
    if (this.#units >= maxUnits || !readable.has(this.#codec)) return true;
    const sized = this.#format !== null && (this.#framesOnly || this.#votes >= pictureVotes);
    return sized && (this.#format?.frameRate !== undefined || this.#pts.length >= ptsWanted);
  }

  /** Size and frame rate are known. */
  get told(): boolean {
    return this.#format !== null && this.#frameRate() !== undefined;
  }

  /** An access unit starts; `pts` is -1 when it has none. */
  start(pts: number): void {
    if (this.#length > 0) this.#read();
    this.#length = 0;
    if (pts >= 0 && this.#pts.length < ptsWanted) this.#pts.push(pts);
  }

  push(bytes: Buffer, from: number, to: number): void {
    const count = Math.min(to - from, maxUnit - this.#length);
    if (count <= 0) return;
    bytes.copy(this.#unit, this.#length, from, from + count);
    this.#length += count;
  }

  facts(): Omit<VideoFacts, 'pid'> {
    const frameRate = this.#frameRate();
    const codec = this.#mpeg1 ? 'mpeg1video' : this.#codec;
    if (this.#format === null) return { codec, ...(frameRate === undefined ? {} : { frameRate }) };
    const { profile, level, width, height, bitDepth, sampleAspect, refFrames } = this.#format;
    const interlaced = !this.#framesOnly && this.#interlacedVotes * 2 > this.#votes;
    return {
      codec,
      ...(profile === undefined ? {} : { profile }),
      ...(level === undefined ? {} : { level }),
      width,
      height,
      ...(frameRate === undefined ? {} : { frameRate }),
      ...(this.#framesOnly || this.#votes > 0 ? { interlaced } : {}),
      ...(bitDepth === undefined ? {} : { bitDepth }),
      ...(sampleAspect === undefined ? {} : { sampleAspect }),
      ...(refFrames === undefined ? {} : { refFrames }),
    };
  }

  #read(): void {
    this.#units++;
    const unit = this.#unit.subarray(0, this.#length);
    if (this.#codec === 'h264') this.#readH264(unit);
    else if (this.#codec === 'hevc') this.#readHevc(unit);
    else this.#readMpeg2(unit);
  }

  #readH264(unit: Buffer): void {
    let picture: boolean | null = null;
    for (const [from, to] of nalUnits(unit)) {
      const type = (unit[from] ?? 0) & 0x1f;
      if (type === 7) {
        const sps = parseH264Sps(unescapeNal(unit, from + 1, to));
        if (sps === null) continue;
        this.#h264 = sps;
        this.#format = sps;
        this.#framesOnly = sps.framesOnly;
      }
      const sps = this.#h264;
      if (sps === null || sps.framesOnly) continue;
      if (type === 6) picture = interlacedBySei(unescapeNal(unit, from + 1, to), sps) ?? picture;
      // A stream without pic_struct shows it by its slices: fields, or adaptive coding that nobody uses for film.
      if (type === 1 || type === 5) {
        picture = isFieldSlice(unescapeNal(unit, from + 1, to, 32), sps) || (picture ?? sps.mbaff);
        break;
      }
    }
    if (picture !== null) this.#vote(picture);
  }

  #readHevc(unit: Buffer): void {
    for (const [from, to] of nalUnits(unit)) {
      if ((((unit[from] ?? 0) >> 1) & 0x3f) !== 33) continue;
      const sps = parseHevcSps(unescapeNal(unit, from + 2, to));
      if (sps === null) continue;
      this.#format = sps;
      this.#framesOnly = !sps.fields;
      for (let n = 0; n < pictureVotes && sps.fields; n++) this.#vote(true);
    }
  }

  #readMpeg2(unit: Buffer): void {
    let header: Buffer | null = null;
    let extension: Buffer | null = null;
    for (const [from, to] of nalUnits(unit)) {
      const code = unit[from] ?? 0;
      const body = unit.subarray(from + 1, to);
      if (code === 0xb3) header = body;
      if (code === 0xb5 && (body[0] ?? 0) >> 4 === 1) extension = body;
      const progressive = code === 0xb5 && this.#format !== null ? isProgressivePicture(body) : null;
      if (progressive !== null && !this.#framesOnly) this.#vote(!progressive);
    }
    const sequence = header === null ? null : parseMpeg2Sequence(header, extension);
    if (sequence === null) return;
    this.#format = sequence;
    this.#framesOnly = sequence.framesOnly;
    this.#mpeg1 = !sequence.mpeg2;
  }

  #vote(interlaced: boolean): void {
    this.#votes++;
    if (interlaced) this.#interlacedVotes++;
  }

  #frameRate(): number | undefined {
    return this.#format?.frameRate ?? measuredRate(this.#pts);
  }
}

const readable: ReadonlySet<string> = new Set(['h264', 'hevc', 'mpeg2video', 'mpeg1video']);

/** Start and end of each unit between start codes 00 00 01. Zeros before a start code count to the unit before it. */
export function* nalUnits(bytes: Buffer): Generator<readonly [from: number, to: number]> {
  const mark = Buffer.from([0, 0, 1]);
  let found = bytes.indexOf(mark);
  while (found >= 0) {
    const from = found + 3;
    found = bytes.indexOf(mark, from);
    const to = found < 0 ? bytes.length : found;
    if (to > from) yield [from, to];
  }
}

/** What the picture timing SEI says of a picture; null when it says nothing. */
function interlacedBySei(payload: Buffer, sps: H264Sps): boolean | null {
  let interlaced: boolean | null = null;
  forEachSei(payload, (type, body) => {
    if (type !== 1) return;
    const structure = picStructOf(body, sps);
    // 0 is a frame, 7 and 8 are frames shown twice or three times; 1 to 6 are fields in some order.
    if (structure >= 0 && structure <= 8) interlaced = structure >= 1 && structure <= 6;
  });
  return interlaced;
}

/** Frames per second from presentation times in decoding order; undefined when they are too few or too uneven. */
export function measuredRate(stamps: readonly number[]): number | undefined {
  const [first] = stamps;
  if (first === undefined || stamps.length < ptsWanted) return undefined;
  // Reordered pictures leave holes at both ends.
  const sorted = stamps
    .map((pts) => ptsDifference(pts, first))
    .toSorted((a, b) => a - b)
    .slice(4, -4);
  const steps = sorted.slice(1).map((pts, n) => pts - (sorted[n] ?? 0));
  const shortest = Math.min(...steps);
  const span = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  if (shortest <= 0 || Math.max(...steps) > shortest * 1.5) return undefined;
  return plausibleRate((90_000 * steps.length) / span, 0.0004);
}
