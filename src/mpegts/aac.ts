import type { AudioFrame } from './audio-format.ts';
import { BitReader } from './bit-reader.ts';

const rates: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];
const channelCounts: readonly (number | undefined)[] = [undefined, 1, 2, 3, 4, 5, 6, 8];
// ffmpeg's names (profiles.c), by audio object type.
const profiles: ReadonlyMap<number, string> = new Map([
  [1, 'Main'],
  [2, 'LC'],
  [3, 'SSR'],
  [4, 'LTP'],
  [5, 'HE-AAC'],
  [23, 'LD'],
  [29, 'HE-AACv2'],
  [39, 'ELD'],
]);

/** Reads an ADTS header. AAC-LC of 24 kHz or less may carry implicit SBR, which only a decoder sees: then the frame is `unsure`. */
export function readAdts(bytes: Buffer, at: number): AudioFrame | null {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xf6) !== 0xf0) return null;
  const second = bytes[at + 2] ?? 0;
  const third = bytes[at + 3] ?? 0;
  const sampleRate = rates[(second >> 2) & 0x0f];
  const length = ((third & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5);
  if (sampleRate === undefined || length < 7) return null;
  const channels = channelCounts[((second & 1) << 2) | (third >> 6)];
  const blocks = ((bytes[at + 6] ?? 0) & 3) + 1;
  return describe('aac', (second >> 6) + 1, sampleRate, channels, length, blocks * 1024);
}

/** Bytes of the LOAS frame at `at`, header included; -1 when none starts there. */
export function loasLength(bytes: Buffer, at: number): number {
  if (at + 3 > bytes.length || bytes[at] !== 0x56 || ((bytes[at + 1] ?? 0) & 0xe0) !== 0xe0) return -1;
  return 3 + ((((bytes[at + 1] ?? 0) & 0x1f) << 8) | (bytes[at + 2] ?? 0));
}

/** Reads a LOAS frame with its StreamMuxConfig; null for one that refers to an earlier config. */
export function readLoas(bytes: Buffer, at: number): AudioFrame | null {
  const length = loasLength(bytes, at);
  if (length < 0) return null;
  const bits = new BitReader(bytes, at + 3, Math.min(bytes.length, at + length));
  if (bits.flag()) return null;
  const version = bits.flag() ? 1 : 0;
  if (version === 1) {
    if (bits.flag()) return null;
    bits.skip(8 * (bits.bits(2) + 1));
  }
  bits.skip(1 + 6 + 4 + 3);
  if (version === 1) bits.skip(8 * (bits.bits(2) + 1));
  let type = objectType(bits);
  let sampleRate = rateOf(bits);
  const channels = channelCounts[bits.bits(4)];
  const extended = type === 5 || type === 29;
  if (extended) {
    const told = type;
    sampleRate = rateOf(bits);
    objectType(bits);
    type = told;
  }
  if (bits.overrun || sampleRate === undefined || !profiles.has(type)) return null;
  const stereo = type === 29 && channels === 1 ? 2 : channels;
  const frame = describe('aac_latm', type, sampleRate, stereo, length, extended ? 2048 : 1024);
  return extended ? { ...frame, unsure: false } : frame;
}

function describe(
  codec: string,
  type: number,
  sampleRate: number,
  channels: number | undefined,
  length: number,
  samples: number,
): AudioFrame {
  const profile = profiles.get(type);
  return {
    codec,
    sampleRate,
    length,
    samples,
    ...(profile === undefined ? {} : { profile }),
    ...(channels === undefined ? {} : { channels }),
    unsure: channels === undefined || (type === 2 && sampleRate <= 24_000),
  };
}

function objectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function rateOf(bits: BitReader): number | undefined {
  const index = bits.bits(4);
  return index === 15 ? bits.bits(24) : rates[index];
}
