import { z } from 'zod';
import { refreshParts } from '../catalog/contract.ts';
import { headerName, headerValue, proxyAddress } from '../config/fields.ts';
import { outputSchema } from '../config/schema.ts';

/** Bodies of the admin API. Responses and the OpenAPI document are both checked against these. */

export const pageQuery = {
  q: z.string().max(200).optional().meta({ description: 'Words that all have to occur in the name.' }),
  group: z.string().max(500).optional().meta({ description: 'Only this group.' }),
  limit: z.coerce
    .number('has to be a number')
    .int('has to be a whole number')
    .min(1, 'has to be 1 or more')
    .max(1000, 'has to be 1000 or less')
    .default(100)
    .meta({ description: 'Items on a page, at most 1000.' }),
  cursor: z.string().max(2000).optional().meta({ description: 'The `next` of the page before.' }),
};

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), total: z.int(), next: z.string().nullable() });

export const nullableString = z.string().nullable();
export const nullableNumber = z.number().nullable();
export const error = z.object({ code: z.string(), message: z.string() });

const videoFacts = z.object({
  pid: z.int().optional(),
  codec: z.string(),
  profile: z.string().optional(),
  level: z.number().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  frameRate: z.number().optional(),
  interlaced: z.boolean().optional(),
  bitDepth: z.int().optional(),
  sampleAspect: z.string().optional(),
  refFrames: z.int().optional(),
  bitRate: z.number().optional(),
});
const audioFacts = z.object({
  pid: z.int().optional(),
  codec: z.string(),
  profile: z.string().optional(),
  channels: z.int().optional(),
  sampleRate: z.int().optional(),
  bitRate: z.number().optional(),
  language: z.string().optional(),
});
const subtitleFacts = z.object({ pid: z.int().optional(), codec: z.string(), language: z.string().optional() });
export const codecFacts = z.object({
  container: z.string(),
  video: z.array(videoFacts),
  audio: z.array(audioFacts),
  subtitles: z.array(subtitleFacts),
  bitRate: z.number().optional(),
  observedAt: z.number(),
  by: z.enum(['stream', 'ffprobe', 'provider']),
});

const channelFields = {
  name: z.string(),
  number: nullableString,
  logo: nullableString,
  guideId: nullableString,
  guideShiftMin: z.number(),
  groups: z.array(z.string()),
  hidden: z.boolean(),
};
export const channel = z.object({
  id: z.string(),
  sourceId: z.string(),
  ...channelFields,
  adult: z.boolean(),
  radio: z.boolean(),
  archiveDays: z
    .int()
    .nullable()
    .meta({ description: 'Days back that a provider keeps what was on; null when none does.' }),
  codecs: codecFacts.nullable(),
  streams: z.array(z.object({ id: z.string(), sourceId: z.string(), codecs: codecFacts.nullable() })),
  provider: z.object(channelFields),
  overrides: z.object(channelFields).partial(),
  request: z
    .object({ headerNames: z.array(z.string()), hasUserAgent: z.boolean(), hasProxy: z.boolean() })
    .meta({ description: 'Which of these are set for this channel; their values are write-only.' }),
});

/** A text for one line: no control characters, and whole characters only. */
const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(most, `must not be longer than ${most} characters`)
    .refine(
      (text) => !/\p{Cc}|\p{Cs}|[\u2028\u2029]/u.test(text),
      'must not contain line breaks or control characters',
    );
const pictureAddress = z
  .string()
  .trim()
  .max(50_000)
  .refine(
    (text) => text === '' || (/^https?:\/\//i.test(text) && URL.canParse(text)) || /^data:image\//i.test(text),
    'has to be an http(s) address or a data: image',
  );

export const channelPatch = z
  .strictObject({
    name: line(500).nullable(),
    number: z
      .string()
      .trim()
      .regex(/^\d{1,6}(\.\d{1,3})?$/, 'has to be a number such as 7 or 7.1')
      .nullable(),
    logo: pictureAddress.nullable(),
    guideId: z.string().max(500).nullable(),
    guideShiftMin: z.int().min(-1440).max(1440).nullable(),
    groups: z.array(line(200)).max(50).nullable(),
    hidden: z.boolean().nullable(),
    request: z
      .strictObject({
        headers: z.record(headerName, headerValue).nullable(),
        userAgent: headerValue.max(500).nullable(),
        proxy: z.union([proxyAddress, z.literal('')]).nullable(),
      })
      .partial()
      .nullable()
      .meta({
        description:
          "Headers, user agent and proxy for this channel's own streams, over those of source and playlist. They are write-only; null goes back, an empty proxy is none.",
      }),
  })
  .partial()
  .meta({ description: 'Fields to override; null goes back to what the provider says.' });

const title = {
  sourceId: z.string(),
  title: z.string(),
  groups: z.array(z.string()),
  poster: nullableString,
  backdrop: nullableString,
  plot: nullableString,
  year: nullableNumber,
  rating: nullableNumber,
  tmdbId: nullableString,
};
export const movie = z.object({
  id: z.string(),
  ...title,
  ext: z.string(),
  durationSec: nullableNumber,
  adult: z.boolean(),
  addedUnix: nullableNumber,
  sizeBytes: nullableNumber,
});
export const movieWithOthers = movie.extend({
  others: z
    .array(z.object({ id: z.string(), sourceId: z.string() }))
    .meta({ description: 'The same film at other sources: played where this one can not be.' }),
});
export const series = z.object({ id: z.string(), ...title, modifiedUnix: nullableNumber });
export const episode = z.object({
  id: z.string(),
  seriesId: z.string(),
  season: z.int(),
  episode: z.int(),
  title: z.string(),
  ext: z.string(),
  plot: nullableString,
  poster: nullableString,
  airDate: nullableString,
  rating: nullableNumber,
  durationSec: nullableNumber,
});

export const programme = z.object({
  channelId: z.string(),
  start: z.string().meta({ description: 'ISO 8601, UTC.' }),
  stop: z.string(),
  title: z.string(),
  subtitle: z.string().optional(),
  description: z.string().optional(),
  categories: z.array(z.string()).optional(),
  season: z.int().optional(),
  episode: z.int().optional(),
  icon: z.string().optional(),
  isNew: z.boolean().optional(),
  isPremiere: z.boolean().optional(),
  isRepeat: z.boolean().optional(),
  isLive: z.boolean().optional(),
  hasArchive: z.boolean().optional().meta({ description: 'It has begun and can be played from its start.' }),
});

export const job = z.object({
  id: z.string(),
  kind: z.literal('refresh'),
  parts: z.enum(refreshParts).meta({ description: 'What is read: everything, or the guide alone.' }),
  sourceId: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  progress: z.object({ stage: z.string(), done: z.number(), total: nullableNumber }),
  rejects: z.array(z.object({ what: z.string(), at: z.number(), reason: z.string(), excerpt: z.string().optional() })),
  rejectCount: z.int(),
  problems: z.array(z.object({ part: z.string(), code: z.string(), message: z.string() })),
  error: error.nullable(),
  counts: z.object({ channels: z.int(), movies: z.int(), series: z.int(), programmes: z.int() }).partial(),
  createdAt: z.number(),
  startedAt: nullableNumber,
  endedAt: nullableNumber,
});

const liveForm = z.enum(['ts', 'hls']).meta({ description: 'What the playlist lists channels as.' });
/** What can be watched through an output, and how it tells that it can not. */
const outputLimits = {
  maxStreams: outputSchema.shape.maxStreams.unwrap(),
  slates: outputSchema.shape.slates.unwrap(),
  catchup: outputSchema.shape.catchup.unwrap(),
};
export const output = z.object({
  id: z.string(),
  name: z.string(),
  token: z.string(),
  groups: z.array(z.string()),
  live: liveForm,
  profile: z.string().meta({ description: 'The transcode profile of its channels; empty gives them as they come.' }),
  ...outputLimits,
  urls: z.object({ m3u: z.string(), xmltv: z.string(), hdhomerun: z.string(), movies: z.string() }),
});
export const outputCreate = z.strictObject({
  maxStreams: outputSchema.shape.maxStreams,
  slates: outputSchema.shape.slates,
  catchup: outputSchema.shape.catchup,
  name: z.string().trim().min(1).max(200),
  groups: z.array(z.string().max(500)).max(1_000).default([]),
  live: liveForm.default('ts'),
  profile: outputSchema.shape.profile,
});
export const outputPatch = z
  .strictObject({
    ...outputLimits,
    name: z.string().trim().min(1).max(200),
    groups: z.array(z.string().max(500)).max(1_000),
    live: liveForm,
    profile: z.string().trim().max(40),
    newToken: z.literal(true),
  })
  .partial();

export const health = z.object({ ready: z.boolean(), reasons: z.array(z.string()) });

const registration = z.object({ tunerId: z.string(), guideId: z.string() });
const hostFields = {
  name: z.string(),
  url: z.string(),
  enabled: z.boolean(),
  outputId: z.string(),
  coaxUrl: z.string(),
  refreshGuide: z.boolean(),
};
export const host = z.object({
  id: z.string(),
  kind: z.enum(['jellyfin']),
  ...hostFields,
  hasApiKey: z.boolean(),
  registration: registration.nullable(),
});
export const hostPatch = z.strictObject({ ...hostFields, apiKey: z.string() }).partial();
export const hostCreate = z.strictObject({
  kind: z.enum(['jellyfin']).default('jellyfin'),
  ...hostPatch.shape,
  name: hostFields.name,
  url: hostFields.url,
});
export const hostTest = z.object({
  ok: z.boolean(),
  message: z.string(),
  code: z.string().optional(),
  server: z.object({ name: z.string(), product: z.string(), version: z.string() }).optional(),
});
export const hostScan = z.strictObject({
  folders: z
    .array(z.string().min(1).max(4_000))
    .max(1_000)
    .default([])
    .meta({ description: 'Folders as the media server sees them; none is all libraries.' }),
});
