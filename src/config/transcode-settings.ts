import { z } from 'zod';
import { parseTranscodeCommand } from './transcode-command.ts';

export const transcodeProfileSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'has to be of small letters, digits, - and _')
    .refine((name) => name !== 'copy', 'is taken: copy changes nothing')
    .meta({ description: 'What outputs call it. A name of a built-in profile replaces that.' }),
  command: z
    .string()
    .trim()
    .max(2_000)
    .superRefine((text, context) => {
      const parsed = parseTranscodeCommand(text);
      if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: `can not be used: ${parsed}` });
    })
    .meta({
      description:
        "ffmpeg's arguments, with {input} where the stream comes in and {output} at the end: -hwaccel vaapi {input} -c:v h264_vaapi -c:a aac {output}",
    }),
});

/** `settings.transcode`. */
export const transcodeSettings = z
  .strictObject({
    maxRunning: z
      .int()
      .min(0)
      .max(64)
      .default(2)
      .meta({ description: 'How many channels may be transcoded at a time; 0 is none.' }),
    niceness: z.int().min(0).max(19).default(5).meta({
      description: 'How much transcoding yields to everything else that runs on this machine; 0 is not at all.',
    }),
    stallMs: z.int().min(1_000).max(120_000).default(10_000).meta({
      description: 'How long ffmpeg may give nothing, while it is given something, before it is started anew.',
    }),
    profiles: z
      .array(transcodeProfileSchema)
      .max(50)
      .default([])
      .meta({ description: 'Your own profiles, beside the built-in ones (docs/streams.md).' }),
  })
  .prefault({});

export type TranscodeSettings = z.infer<typeof transcodeSettings>;
export type TranscodeProfile = z.infer<typeof transcodeProfileSchema>;
