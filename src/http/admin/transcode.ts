import { z } from 'zod';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';

const tag = 'transcode';

const overview = z.object({
  ffmpeg: z
    .object({ path: z.string(), version: z.string() })
    .nullable()
    .meta({ description: 'The program that is used; null where there is none.' }),
  running: z.int().meta({ description: 'Transcodes that run now.' }),
  maxRunning: z.int(),
  profiles: z.array(
    z.object({
      name: z.string(),
      command: z.string(),
      description: z.string(),
      builtIn: z.boolean(),
    }),
  ),
});

const check = z.object({
  ok: z.boolean(),
  message: z.string().meta({ description: "What happened; ffmpeg's own words where it failed." }),
  tookMs: z.number(),
  speed: z.number().nullable().meta({ description: 'In times of real time; a channel needs more than 1.' }),
  frames: z.int(),
  bytes: z.int(),
  keyFrames: z.int(),
});

export function transcodeRoutes({ profiles }: Services): Route[] {
  return [
    route({
      method: 'get',
      path: '/transcode/profiles',
      tag,
      summary: 'The transcode profiles that outputs can name, and the ffmpeg that would run them',
      answer: { status: 200, schema: overview, description: 'The profiles' },
      run: async () => {
        const { profiles: all, ...rest } = await profiles.overview();
        return { ...rest, profiles: all.map((profile) => ({ ...profile })) };
      },
    }),
    route({
      method: 'post',
      path: '/transcode/profiles/{name}/check',
      tag,
      summary: 'Try a profile out on a few seconds of a demo clip and tell what happened',
      params: z.object({ name: z.string().max(40) }),
      answer: { status: 200, schema: check, description: 'Whether it works here' },
      errors: ['NOT_FOUND', 'CONFLICT', 'UPSTREAM_NO_FFMPEG'],
      run: async ({ params: { name }, signal }) => ({ ...(await profiles.check(name, signal)) }),
    }),
  ];
}
