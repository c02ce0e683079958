import type { AudioFrame } from './audio-format.ts';

const rates: readonly number[] = [44_100, 48_000, 32_000];
/** Kilobits per second by version (MPEG-1 first) and layer (I first). */
const kilobits: readonly (readonly (readonly number[])[])[] = [
  [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  ],
  [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ],
];

/** Reads the header of an MPEG-1, -2 or -2.5 audio frame of any layer. */
export function readMpegAudio(bytes: Buffer, at: number): AudioFrame | null {
  const first = bytes[at + 1] ?? 0;
  if (at + 4 > bytes.length || bytes[at] !== 0xff || (first & 0xe0) !== 0xe0) return null;
  const version = (first >> 3) & 3; // 0: 2.5, 2: 2, 3: 1
  const layer = 4 - ((first >> 1) & 3);
  const second = bytes[at + 2] ?? 0;
  const baseRate = rates[(second >> 2) & 3];
  const rate = kilobits[version === 3 ? 0 : 1]?.[layer - 1]?.[second >> 4];
  if (version === 1 || layer === 4 || baseRate === undefined || !rate) return null;
  const sampleRate = baseRate >> (version === 3 ? 0 : version === 2 ? 1 : 2);
  const samples = layer === 1 ? 384 : layer === 3 && version !== 3 ? 576 : 1152;
  const padding = (second >> 1) & 1;
  const length =
    layer === 1
      ? (Math.floor((12_000 * rate) / sampleRate) + padding) * 4
      : Math.floor((samples * 125 * rate) / sampleRate) + padding;
  return {
    codec: `mp${layer}`,
    channels: (bytes[at + 3] ?? 0) >> 6 === 3 ? 1 : 2,
    sampleRate,
    bitRate: rate * 1000,
    length,
    samples,
  };
}
