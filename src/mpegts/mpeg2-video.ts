import { BitReader } from './bit-reader.ts';
import { plausibleRate, plausibleSize, reduced, type VideoFormat } from './video-format.ts';

export interface Mpeg2Sequence extends VideoFormat {
  /** False for MPEG-1, which has no sequence extension. */
  readonly mpeg2: boolean;
  /** progressive_sequence: no picture is interlaced. */
  readonly framesOnly: boolean;
}

const rates: readonly number[] = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];
// ffmpeg's names (profiles.c), by the three profile bits.
const profiles: readonly (string | undefined)[] = [
  '4:2:2',
  'High',
  'Spatially Scalable',
  'SNR Scalable',
  'Main',
  'Simple',
];
const displayAspects: readonly (readonly [number, number] | undefined)[] = [
  undefined,
  undefined,
  [4, 3],
  [16, 9],
  [221, 100],
];

/** Reads a sequence header (`from` is after 00 00 01 B3) and the sequence extension after it, if `extension` (after 00 00 01 B5) is there. */
export function parseMpeg2Sequence(header: Uint8Array, extension: Uint8Array | null): Mpeg2Sequence | null {
  const bits = new BitReader(header);
  let width = bits.bits(12);
  let height = bits.bits(12);
  const aspect = bits.bits(4);
  let rate = rates[bits.bits(4)] ?? 0;
  if (bits.overrun) return null;
  let profile: string | undefined;
  let level: number | undefined;
  let framesOnly = true;
  const more = extension === null ? null : new BitReader(extension);
  if (more !== null) {
    more.skip(4);
    const escape = more.flag();
    const profileBits = more.bits(3);
    level = more.bits(4);
    profile = escape ? undefined : profiles[profileBits];
    framesOnly = more.flag();
    more.skip(2);
    width |= more.bits(2) << 12;
    height |= more.bits(2) << 12;
    more.skip(12 + 1 + 8 + 1);
    rate = (rate * (more.bits(2) + 1)) / (more.bits(5) + 1);
    if (more.overrun) return null;
  }
  if (!plausibleSize(width, height)) return null;
  const frameRate = plausibleRate(rate);
  const display = displayAspects[aspect];
  const sampleAspect =
    aspect === 1 ? '1:1' : display && more ? reduced(display[0] * height, display[1] * width) : undefined;
  return {
    mpeg2: more !== null,
    framesOnly,
    width,
    height,
    bitDepth: 8,
    ...(profile === undefined ? {} : { profile }),
    ...(level === undefined ? {} : { level }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(sampleAspect === undefined ? {} : { sampleAspect }),
  };
}

/** progressive_frame of a picture coding extension (after 00 00 01 B5), or null when it is another extension. */
export function isProgressivePicture(extension: Uint8Array): boolean | null {
  if (extension.length < 5 || (extension[0] ?? 0) >> 4 !== 8) return null;
  // A field picture (picture_structure other than 3) is never progressive.
  return ((extension[2] ?? 0) & 3) === 3 && ((extension[4] ?? 0) & 0x80) !== 0;
}
