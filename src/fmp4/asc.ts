import { BitReader } from '../mpegts/bit-reader.ts';
import type { AdtsConfig } from './track.ts';

const rates: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/**
 * Reads an AudioSpecificConfig (ISO 14496-3 1.6.2.1) as far as ADTS can say it. Of HE-AAC the core is told, as in any ADTS; a decoder finds
 * the rest in the frames. Null for what ADTS can not carry: other codecs, and channels that are laid out in the config itself.
 */
export function readAsc(bytes: Buffer): AdtsConfig | null {
  const bits = new BitReader(bytes);
  let type = objectType(bits);
  const rateIndex = rateIndexOf(bits);
  const channels = bits.bits(4);
  if (type === 5 || type === 29) {
    rateIndexOf(bits);
    type = objectType(bits);
  }
  if (bits.overrun || type < 1 || type > 4 || rateIndex < 0 || channels < 1 || channels > 7) return null;
  return { profile: type - 1, rateIndex, channels };
}

function objectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function rateIndexOf(bits: BitReader): number {
  const index = bits.bits(4);
  return index === 15 ? rates.indexOf(bits.bits(24)) : index < rates.length ? index : -1;
}

const adtsHead = 7;

/** One frame with its ADTS header. */
export function withAdts(frame: Buffer, { profile, rateIndex, channels }: AdtsConfig): Buffer {
  const length = frame.length + adtsHead;
  const out = Buffer.allocUnsafe(length);
  out[0] = 0xff;
  out[1] = 0xf1;
  out[2] = (profile << 6) | (rateIndex << 2) | (channels >> 2);
  out[3] = ((channels & 3) << 6) | ((length >> 11) & 3);
  out[4] = (length >> 3) & 0xff;
  out[5] = ((length & 7) << 5) | 0x1f;
  out[6] = 0xfc;
  frame.copy(out, adtsHead);
  return out;
}
