import { z } from 'zod';
import type { AudioFacts, CodecFacts, SubtitleFacts, VideoFacts } from '../model/codec-facts.ts';

/** A number, or a text that is one; undefined otherwise. */
const number = z.coerce.number().finite().optional().catch(undefined);
const text = z.string().optional().catch(undefined);

const streamSchema = z.object({
  codec_type: text,
  codec_name: text,
  profile: text,
  level: number,
  id: text,
  width: number,
  height: number,
  avg_frame_rate: text,
  r_frame_rate: text,
  field_order: text,
  pix_fmt: text,
  bits_per_raw_sample: number,
  sample_aspect_ratio: text,
  refs: number,
  channels: number,
  sample_rate: number,
  bit_rate: number,
  tags: z.object({ language: text }).optional().catch(undefined),
  disposition: z.object({ attached_pic: number }).optional().catch(undefined),
});
type Stream = z.infer<typeof streamSchema>;

const outputSchema = z.object({
  streams: z.array(z.unknown()).catch([]),
  format: z.object({ format_name: text, bit_rate: number }).optional().catch(undefined),
});

/** Facts without those that are undefined. */
type Known<Facts> = { [Key in keyof Facts]: Exclude<Facts[Key], undefined> };
function known<Facts extends object>(facts: Facts): Known<Facts> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Known<Facts>;
}

/** Reads the JSON of `ffprobe -show_streams -show_format`; null when it is no such thing or names no stream that plays. */
export function readFfprobeOutput(json: string, observedAt: number): CodecFacts | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const output = outputSchema.safeParse(value);
  if (!output.success) return null;
  const streams = output.data.streams.flatMap((each) => {
    const stream = streamSchema.safeParse(each);
    return stream.success && stream.data.codec_name !== undefined ? [stream.data] : [];
  });
  const of = (type: string): Stream[] => streams.filter(({ codec_type: each }) => each === type);
  const video = of('video')
    .filter(({ disposition }) => disposition?.attached_pic !== 1)
    .map(videoFacts);
  const audio = of('audio').map(audioFacts);
  if (video.length === 0 && audio.length === 0) return null;
  const bitRate = positive(output.data.format?.bit_rate);
  return {
    container: containerOf(output.data.format?.format_name ?? ''),
    video,
    audio,
    subtitles: of('subtitle').map(subtitleFacts),
    ...(bitRate === undefined ? {} : { bitRate }),
    observedAt,
    by: 'ffprobe',
  };
}

function videoFacts(stream: Stream): VideoFacts {
  const facts = {
    pid: pidOf(stream),
    profile: named(stream.profile),
    level: positive(stream.level),
    width: positive(stream.width),
    height: positive(stream.height),
    frameRate: rateOf(stream.avg_frame_rate) ?? rateOf(stream.r_frame_rate),
    interlaced: named(stream.field_order) === undefined ? undefined : stream.field_order !== 'progressive',
    bitDepth: positive(stream.bits_per_raw_sample) ?? depthOf(stream.pix_fmt),
    sampleAspect: aspectOf(stream.sample_aspect_ratio),
    refFrames: positive(stream.refs),
    bitRate: positive(stream.bit_rate),
  };
  return { codec: stream.codec_name ?? 'unknown', ...known(facts) };
}

function audioFacts(stream: Stream): AudioFacts {
  const facts = {
    pid: pidOf(stream),
    profile: named(stream.profile),
    channels: positive(stream.channels),
    sampleRate: positive(stream.sample_rate),
    bitRate: positive(stream.bit_rate),
    language: stream.tags?.language,
  };
  return { codec: stream.codec_name ?? 'unknown', ...known(facts) };
}

function subtitleFacts(stream: Stream): SubtitleFacts {
  return { codec: stream.codec_name ?? 'unknown', ...known({ pid: pidOf(stream), language: stream.tags?.language }) };
}

const positive = (value: number | undefined): number | undefined =>
  value !== undefined && value > 0 ? value : undefined;

const named = (value: string | undefined): string | undefined =>
  value === 'unknown' || value === '' ? undefined : value;

function pidOf({ id }: Stream): number | undefined {
  const pid = id === undefined ? Number.NaN : Number(id);
  return Number.isInteger(pid) && pid >= 0 ? pid : undefined;
}

function rateOf(fraction: string | undefined): number | undefined {
  const [num = 0, den = 0] = (fraction ?? '').split('/').map(Number);
  const rate = num / den;
  return rate > 0 && rate <= 1000 ? Math.round(rate * 1000) / 1000 : undefined;
}

function depthOf(pixelFormat: string | undefined): number | undefined {
  if (pixelFormat === undefined) return undefined;
  const digits =
    /(?:p|y|gray)(9|10|12|14|16)(?:le|be)?$/.exec(pixelFormat)?.[1] ?? /^p0?(1[026])/.exec(pixelFormat)?.[1];
  return digits === undefined ? 8 : Number(digits);
}

function aspectOf(aspect: string | undefined): string | undefined {
  return aspect !== undefined && /^[1-9]\d*:[1-9]\d*$/.test(aspect) ? aspect : undefined;
}

function containerOf(names: string): string {
  const list = names.split(',');
  for (const name of ['mpegts', 'matroska', 'mp4']) if (list.includes(name)) return name;
  return list[0] ?? '';
}
