import type { AudioFrame } from './audio-format.ts';
import { BitReader } from './bit-reader.ts';

const rates: readonly number[] = [48_000, 44_100, 32_000];
const kilobits: readonly number[] = [
  32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];
/** Channels by acmod, without the low frequency one. */
const channelsOf: readonly number[] = [2, 1, 2, 3, 3, 4, 4, 5];
const blockCounts: readonly number[] = [1, 2, 3, 6];

/** Reads an AC-3 or E-AC-3 sync frame (ATSC A/52). Of E-AC-3 only the independent substream is described. */
export function readAc3(bytes: Buffer, at: number): AudioFrame | null {
  if (at + 8 > bytes.length || bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return null;
  const bsid = (bytes[at + 5] ?? 0) >> 3;
  if (bsid <= 10) return readPlain(bytes, at, bsid);
  return bsid <= 16 ? readEnhanced(bytes, at) : null;
}

function readPlain(bytes: Buffer, at: number, bsid: number): AudioFrame | null {
  const bits = new BitReader(bytes, at + 4, at + 8);
  const rateCode = bits.bits(2);
  const sizeCode = bits.bits(6);
  bits.skip(8);
  const mode = bits.bits(3);
  if ((mode & 1) !== 0 && mode !== 1) bits.skip(2);
  if ((mode & 4) !== 0) bits.skip(2);
  if (mode === 2) bits.skip(2);
  const low = bits.bits(1);
  const fullRate = rates[rateCode];
  const rate = kilobits[sizeCode >> 1];
  if (fullRate === undefined || rate === undefined) return null;
  const words = rateCode === 0 ? rate * 2 : rateCode === 1 ? Math.floor((rate * 320) / 147) + (sizeCode & 1) : rate * 3;
  const shift = Math.max(0, bsid - 8);
  return {
    codec: 'ac3',
    channels: (channelsOf[mode] ?? 2) + low,
    sampleRate: fullRate >> shift,
    bitRate: (rate * 1000) >> shift,
    length: words * 2,
    samples: 1536,
  };
}

function readEnhanced(bytes: Buffer, at: number): AudioFrame | null {
  const bits = new BitReader(bytes, at + 2, at + 8);
  const type = bits.bits(2);
  const substream = bits.bits(3);
  const length = (bits.bits(11) + 1) * 2;
  const rateCode = bits.bits(2);
  const blockCode = bits.bits(2);
  const sampleRate = rateCode === 3 ? (rates[blockCode] ?? 0) / 2 : (rates[rateCode] ?? 0);
  const samples = 256 * (rateCode === 3 ? 6 : (blockCounts[blockCode] ?? 6));
  const mode = bits.bits(3);
  const low = bits.bits(1);
  if (sampleRate === 0 || type === 3 || length < 8) return null;
  return {
    codec: 'eac3',
    channels: (channelsOf[mode] ?? 2) + low,
    sampleRate,
    bitRate: Math.round((length * 8 * sampleRate) / samples),
    length,
    // A dependent substream adds channels to the frame before it and no time.
    samples: type === 1 || substream > 0 ? 0 : samples,
  };
}
