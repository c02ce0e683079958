/** What the sequence header or SPS of a video stream tells. */
export interface VideoFormat {
  readonly profile?: string;
  readonly level?: number;
  readonly width: number;
  readonly height: number;
  /** Frames per second; absent when the header does not tell or can not be believed. */
  readonly frameRate?: number;
  readonly bitDepth?: number;
  readonly sampleAspect?: string;
  readonly refFrames?: number;
}

/** Sample aspect ratios of H.264 table E-1 and HEVC table E.1, by aspect_ratio_idc. */
const sampleAspects: readonly string[] = [
  '',
  '1:1',
  '12:11',
  '10:11',
  '16:11',
  '40:33',
  '24:11',
  '20:11',
  '32:11',
  '80:33',
  '18:11',
  '15:11',
  '64:33',
  '160:99',
  '4:3',
  '3:2',
  '2:1',
];

/** Reads aspect_ratio_idc and what follows it. */
export function readSampleAspect(bits: { bits(count: number): number }): string | undefined {
  const idc = bits.bits(8);
  if (idc !== 255) return sampleAspects[idc] || undefined;
  const width = bits.bits(16);
  const height = bits.bits(16);
  return width > 0 && height > 0 ? reduced(width, height) : undefined;
}

/** `a:b` in lowest terms. */
export function reduced(a: number, b: number): string {
  let x = a;
  let y = b;
  while (y > 0) [x, y] = [y, x % y];
  return `${a / x}:${b / x}`;
}

const commonRates = [
  24_000 / 1001,
  24,
  25,
  30_000 / 1001,
  30,
  48,
  50,
  60_000 / 1001,
  60,
  100,
  120_000 / 1001,
  120,
  12.5,
  15,
];

/** Frames per second rounded to 3 digits, brought to a common rate when within `tolerance` of it; undefined when absurd. */
export function plausibleRate(rate: number, tolerance = 0.0002): number | undefined {
  if (!(rate >= 1 && rate <= 300)) return undefined;
  const near = commonRates.find((common) => Math.abs(rate / common - 1) < tolerance);
  return Math.round((near ?? rate) * 1000) / 1000;
}

/** True for sizes a decoder could be asked for. */
export function plausibleSize(width: number, height: number): boolean {
  return width >= 16 && height >= 16 && width <= 16_384 && height <= 16_384;
}
