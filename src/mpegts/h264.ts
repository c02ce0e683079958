import { BitReader } from './bit-reader.ts';
import { plausibleRate, plausibleSize, readSampleAspect, type VideoFormat } from './video-format.ts';

/** An SPS, with what is needed to read the SEI and slices that refer to it. */
export interface H264Sps extends VideoFormat {
  /** frame_mbs_only_flag: no picture is interlaced. */
  readonly framesOnly: boolean;
  readonly mbaff: boolean;
  readonly separatePlanes: boolean;
  readonly frameNumBits: number;
  /** Bits of the two delays that come before pic_struct in a picture timing SEI; -1 when that has no pic_struct. */
  readonly picStructAt: number;
}

// ffmpeg's names (profiles.c).
const profiles: ReadonlyMap<number, string> = new Map([
  [44, 'CAVLC 4:4:4'],
  [66, 'Baseline'],
  [77, 'Main'],
  [88, 'Extended'],
  [100, 'High'],
  [110, 'High 10'],
  [118, 'Multiview High'],
  [122, 'High 4:2:2'],
  [128, 'Stereo High'],
  [144, 'High 4:4:4'],
  [244, 'High 4:4:4 Predictive'],
]);
const withChroma = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

function profileName(profile: number, constraints: number): string | undefined {
  if (profile === 66 && (constraints & 0x40) !== 0) return 'Constrained Baseline';
  const intra = (constraints & 0x10) !== 0;
  if (intra && profile === 110) return 'High 10 Intra';
  if (intra && profile === 122) return 'High 4:2:2 Intra';
  if (intra && profile === 244) return 'High 4:4:4 Intra';
  return profiles.get(profile);
}

/** Reads an SPS. `payload` starts after the NAL header and has no emulation prevention bytes. Null when it can not be right. */
export function parseH264Sps(payload: Uint8Array): H264Sps | null {
  const bits = new BitReader(payload);
  const profileIdc = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  bits.ue();
  let chroma = 1;
  let bitDepth = 8;
  let separatePlanes = false;
  if (withChroma.has(profileIdc)) {
    chroma = bits.ue();
    if (chroma === 3) separatePlanes = bits.flag();
    bitDepth = 8 + bits.ue();
    bits.ue();
    bits.flag();
    if (bits.flag()) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  const frameNumBits = bits.ue() + 4;
  skipPictureOrder(bits);
  const refFrames = bits.ue();
  bits.flag();
  const columns = bits.ue() + 1;
  const rows = bits.ue() + 1;
  const framesOnly = bits.flag();
  const mbaff = framesOnly ? false : bits.flag();
  bits.flag();
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
  const width = columns * 16 - cropX * ((crop[0] ?? 0) + (crop[1] ?? 0));
  const height = rows * 16 * (framesOnly ? 1 : 2) - cropY * ((crop[2] ?? 0) + (crop[3] ?? 0));
  if (bits.overrun || !plausibleSize(width, height) || frameNumBits > 16 || bitDepth > 14 || chroma > 3) return null;
  const vui = bits.flag() ? readVui(bits) : { picStructAt: -1 };
  const profile = profileName(profileIdc, constraints);
  return {
    ...(profile === undefined ? {} : { profile }),
    level,
    width,
    height,
    bitDepth,
    refFrames,
    framesOnly,
    mbaff,
    separatePlanes,
    frameNumBits,
    // A VUI that is cut short tells nothing that can be believed.
    ...(bits.overrun ? { picStructAt: -1 } : vui),
  };
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return;
  bits.flag();
  bits.se();
  bits.se();
  const count = Math.min(bits.ue(), 255);
  for (let n = 0; n < count; n++) bits.se();
}

function skipScalingLists(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!bits.flag()) continue;
    let last = 8;
    let next = 8;
    for (let n = 0; n < (list < 6 ? 16 : 64); n++) {
      if (next !== 0) next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

function readVui(bits: BitReader): { sampleAspect?: string; frameRate?: number; picStructAt: number } {
  const sampleAspect = bits.flag() ? readSampleAspect(bits) : undefined;
  if (bits.flag()) bits.flag();
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  let frameRate: number | undefined;
  if (bits.flag()) {
    const units = bits.bits(32);
    const scale = bits.bits(32);
    bits.flag();
    frameRate = units === 0 ? undefined : plausibleRate(scale / units / 2);
  }
  const nalDelays = bits.flag() ? hrdDelays(bits) : -1;
  const vclDelays = bits.flag() ? hrdDelays(bits) : -1;
  const delays = Math.max(nalDelays, vclDelays);
  if (delays >= 0) bits.flag();
  const hasPicStruct = bits.flag();
  return {
    ...(sampleAspect === undefined ? {} : { sampleAspect }),
    ...(frameRate === undefined ? {} : { frameRate }),
    picStructAt: hasPicStruct ? Math.max(0, delays) : -1,
  };
}

/** Skips HRD parameters; returns how many bits the two delays of a picture timing SEI take. */
function hrdDelays(bits: BitReader): number {
  const count = Math.min(bits.ue() + 1, 32);
  bits.skip(8);
  for (let n = 0; n < count; n++) {
    bits.ue();
    bits.ue();
    bits.flag();
  }
  bits.skip(5);
  const removal = bits.bits(5) + 1;
  const output = bits.bits(5) + 1;
  bits.skip(5);
  return removal + output;
}

/** pic_struct of a picture timing SEI message, or -1. */
export function picStructOf(message: Uint8Array, sps: H264Sps): number {
  if (sps.picStructAt < 0) return -1;
  const bits = new BitReader(message);
  bits.skip(sps.picStructAt);
  const value = bits.bits(4);
  return bits.overrun ? -1 : value;
}

/** field_pic_flag of a slice: `payload` starts after the NAL header. */
export function isFieldSlice(payload: Uint8Array, sps: H264Sps): boolean {
  if (sps.framesOnly) return false;
  const bits = new BitReader(payload);
  bits.ue();
  bits.ue();
  bits.ue();
  bits.skip((sps.separatePlanes ? 2 : 0) + sps.frameNumBits);
  return bits.flag() && !bits.overrun;
}
