import { BitReader } from './bit-reader.ts';
import { plausibleRate, plausibleSize, readSampleAspect, type VideoFormat } from './video-format.ts';

export interface HevcSps extends VideoFormat {
  /** field_seq_flag: each picture is one field. */
  readonly fields: boolean;
}

// ffmpeg's names (profiles.c).
const profiles: readonly (string | undefined)[] = [undefined, 'Main', 'Main 10', 'Main Still Picture', 'Rext'];

/** Reads an SPS. `payload` starts after the two bytes of NAL header and has no emulation prevention bytes. Null when it can not be right. */
export function parseHevcSps(payload: Uint8Array): HevcSps | null {
  const bits = new BitReader(payload);
  bits.skip(4);
  const subLayers = bits.bits(3);
  bits.flag();
  const { profile, level } = readProfileTierLevel(bits, subLayers);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.flag();
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const width = codedWidth - (chroma === 1 || chroma === 2 ? 2 : 1) * ((crop[0] ?? 0) + (crop[1] ?? 0));
  const height = codedHeight - (chroma === 1 ? 2 : 1) * ((crop[2] ?? 0) + (crop[3] ?? 0));
  const bitDepth = 8 + bits.ue();
  if (bits.overrun || !plausibleSize(width, height) || bitDepth > 16 || chroma > 3) return null;
  const vui = readRest(bits, subLayers);
  return {
    ...(profile === undefined ? {} : { profile }),
    level,
    width,
    height,
    bitDepth,
    fields: false,
    ...(bits.overrun ? {} : vui),
  };
}

function readProfileTierLevel(bits: BitReader, subLayers: number): { profile: string | undefined; level: number } {
  bits.skip(3);
  let profileIdc = bits.bits(5);
  const compatible = bits.bits(32);
  // ffmpeg does the same: streams of profile 0 are named by their compatibility flags.
  for (let n = 1; profileIdc === 0 && n < 5; n++) if ((compatible >>> (31 - n)) & 1) profileIdc = n;
  bits.skip(48);
  const level = bits.bits(8);
  const present: [boolean, boolean][] = [];
  for (let n = 0; n < subLayers; n++) present.push([bits.flag(), bits.flag()]);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) bits.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0));
  return { profile: profiles[profileIdc], level };
}

/** From bit_depth_chroma to the end of the VUI's timing. */
function readRest(bits: BitReader, subLayers: number): Partial<HevcSps> {
  bits.ue();
  const pocBits = bits.ue() + 4;
  const first = bits.flag() ? 0 : subLayers;
  for (let n = first; n <= subLayers; n++) {
    bits.ue();
    bits.ue();
    bits.ue();
  }
  for (let n = 0; n < 6; n++) bits.ue();
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) {
    bits.skip(8);
    bits.ue();
    bits.ue();
    bits.flag();
  }
  skipReferenceSets(bits);
  if (bits.flag()) {
    const count = Math.min(bits.ue(), 32);
    for (let n = 0; n < count; n++) bits.skip(pocBits + 1);
  }
  bits.skip(2);
  return bits.flag() ? readVui(bits) : {};
}

function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (size > 1) bits.se();
      for (let n = 0; n < Math.min(64, 1 << (4 + 2 * size)); n++) bits.se();
    }
  }
}

function skipReferenceSets(bits: BitReader): void {
  const sets = Math.min(bits.ue(), 64);
  let deltas = 0;
  for (let set = 0; set < sets && !bits.overrun; set++) {
    if (set > 0 && bits.flag()) {
      bits.flag();
      bits.ue();
      let kept = 0;
      for (let n = 0; n <= deltas; n++) {
        const used = bits.flag();
        if (used || bits.flag()) kept++;
      }
      deltas = kept;
      continue;
    }
    const negative = Math.min(bits.ue(), 16);
    const positive = Math.min(bits.ue(), 16);
    deltas = negative + positive;
    for (let n = 0; n < deltas; n++) {
      bits.ue();
      bits.flag();
    }
  }
}

function readVui(bits: BitReader): Partial<HevcSps> {
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
  bits.flag();
  const fields = bits.flag();
  bits.flag();
  if (bits.flag()) for (let n = 0; n < 4; n++) bits.ue();
  let frameRate: number | undefined;
  if (bits.flag()) {
    const units = bits.bits(32);
    const scale = bits.bits(32);
    frameRate = units === 0 ? undefined : plausibleRate(scale / units);
  }
  return {
    fields,
    ...(sampleAspect === undefined ? {} : { sampleAspect }),
    ...(frameRate === undefined ? {} : { frameRate }),
  };
}
