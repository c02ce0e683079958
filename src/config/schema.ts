import { z } from 'zod';
import { httpUrl, secret } from './fields.ts';
import { settingsSchema } from './settings-schema.ts';
import { type accountSchema, sourceSchema } from './source-schema.ts';

export const outputSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax.' }),
  name: z.string().trim().min(1).max(200).meta({ description: 'The name you see.' }),
  token: z
    .string()
    .min(16)
    .meta({ description: 'The secret part of its addresses.', ...secret }),
  groups: z.array(z.string()).default([]).meta({ description: 'Only channels of these groups; empty takes all.' }),
  live: z.enum(['ts', 'hls']).default('ts').meta({
    description: 'What the playlist lists channels as: one endless stream (ts), or HLS for browsers and Apple devices.',
  }),
  maxStreams: z.int('has to be a whole number').min(0, 'has to be 0 (no limit) or more').max(10_000).default(0).meta({
    description: 'How many may watch through this output at a time, channels and films together; 0 is no limit.',
  }),
  catchup: z.boolean().default(true).meta({
    description:
      'Tell players in the playlist that past programmes can be played, for channels whose provider keeps an archive.',
  }),
  slates: z.boolean().default(false).meta({
    description:
      'Show players of live channels a picture that says why there is nothing to see, instead of an error. Media servers that are connected by the plugin always get it.',
  }),
  profile: z
    .string()
    .trim()
    .max(40)
    .default('')
    .meta({ description: 'The transcode profile for its channels; empty, or copy, gives them as they come.' }),
});

export const hostSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'Made by Coax.' }),
  kind: z.enum(['jellyfin']).default('jellyfin').meta({ description: 'What kind of media server it is.' }),
  name: z.string().trim().min(1, 'must not be empty').max(200).meta({ description: 'The name you see.' }),
  url: httpUrl.meta({ description: 'Address of the media server, with its base path where it has one.' }),
  apiKey: z
    .string()
    .trim()
    .max(200)
    .default('')
    .meta({ description: "An API key made in the media server's dashboard.", ...secret }),
  enabled: z
    .boolean()
    .default(true)
    .meta({ description: 'A media server that is off is neither told of changes nor asked who watches.' }),
  outputId: z.string().max(200).default('').meta({ description: 'The output it gets; empty is the first.' }),
  coaxUrl: z
    .union([httpUrl, z.literal('')])
    .default('')
    .meta({ description: 'Address under which this media server reaches Coax; empty uses the public one.' }),
  refreshGuide: z
    .boolean()
    .default(true)
    .meta({ description: 'Let it read its guide anew when channels or programmes changed.' }),
  registration: z
    .strictObject({ tunerId: z.string(), guideId: z.string() })
    .nullable()
    .default(null)
    .meta({ description: 'What Coax registered there.' }),
});

/**
 * The configuration document. Each key has a description and a default; docs/configuration.md, the checks of `coax check` and the
 * admin API are made from it. `secret` in the metadata marks what never leaves the process.
 */
export const configSchema = z.strictObject({
  version: z.literal(1).default(1),
  settings: settingsSchema.prefault({}),
  sources: z.array(sourceSchema).max(1_000).default([]),
  outputs: z.array(outputSchema).max(1_000).default([]),
  hosts: z.array(hostSchema).max(100).default([]),
});

export type Config = z.infer<typeof configSchema>;
export type Settings = z.infer<typeof settingsSchema>;
export type SourceConfig = z.infer<typeof sourceSchema>;
export type AccountConfig = z.infer<typeof accountSchema>;
export type OutputConfig = z.infer<typeof outputSchema>;
export type HostConfig = z.infer<typeof hostSchema>;
