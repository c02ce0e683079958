import { readFileSync } from 'node:fs';
import { CoaxError } from '../errors.ts';
import type { SlateReason } from './slate-reason.ts';

/** Where the pictures lie: beside this file, and in a bundle beside the bundle. scripts/make-slates.sh makes them. */
const folder = new URL('./slates/', import.meta.url);

/** Heights of the pictures there are of each codec. */
const heights = { h264: [576, 720, 1080], hevc: [720, 1080] } as const;
export type SlateVideoCodec = keyof typeof heights;

interface Silence {
  readonly streamType: number;
  /** Samples of a frame, at 48 kHz. */
  readonly samples: number;
  readonly streamId: number;
}

const silences = {
  aac: { streamType: 0x0f, samples: 1_024, streamId: 0xc0 },
  mp2: { streamType: 0x03, samples: 1_152, streamId: 0xc0 },
  ac3: { streamType: 0x81, samples: 1_536, streamId: 0xbd },
  eac3: { streamType: 0x87, samples: 1_536, streamId: 0xbd },
} as const satisfies Record<string, Silence>;
export type SlateAudioCodec = keyof typeof silences;

export const isSlateVideo = (codec: string): codec is SlateVideoCodec => Object.hasOwn(heights, codec);
export const isSlateAudio = (codec: string): codec is SlateAudioCodec => Object.hasOwn(silences, codec);
export const videoStreamTypes: Readonly<Record<SlateVideoCodec, number>> = { h264: 0x1b, hevc: 0x24 };
export const slateSilences: Readonly<Record<SlateAudioCodec, Silence>> = silences;

const loaded = new Map<string, Buffer>();

/** The files are small, read once at their first use, and kept. */
function load(name: string): Buffer {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  try {
    const bytes = readFileSync(new URL(name, folder));
    loaded.set(name, bytes);
    return bytes;
  } catch (cause) {
    throw new CoaxError('INTERNAL', `The picture "${name}" can not be read`, { cause });
  }
}

/** The picture group of a reason as access units, the first of them a key frame, in the size nearest to `height`. */
export function slatePictures(reason: SlateReason, codec: SlateVideoCodec, height: number): readonly Buffer[] {
  const nearest = heights[codec].reduce<number>(
    (best, each) => (Math.abs(each - height) < Math.abs(best - height) ? each : best),
    heights[codec][0],
  );
  return accessUnits(load(`${reason}.${nearest}.${codec}`), codec);
}

/** One frame of silence. */
export function slateSilence(codec: SlateAudioCodec): Buffer {
  return load(`silence.${codec}`);
}

/** Cuts a byte stream before each access unit delimiter (ISO 14496-10 7.4.1.2.3, ISO 23008-2 7.4.2.4.4). */
function accessUnits(bytes: Buffer, codec: SlateVideoCodec): Buffer[] {
  const delimiter = Buffer.from(codec === 'h264' ? [0, 0, 0, 1, 0x09] : [0, 0, 0, 1, 0x46]);
  const starts: number[] = [];
  for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(delimiter, at + 1)) starts.push(at);
  return starts.map((start, n) => bytes.subarray(start, starts[n + 1] ?? bytes.length));
}
