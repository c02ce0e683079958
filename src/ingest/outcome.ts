import { z } from 'zod';
import type { Reject } from '../model/items.ts';

export const rejectSchema: z.ZodType<Reject, Reject> = z.object({
  what: z.enum(['channel', 'movie', 'series', 'episode', 'programme', 'guide-channel', 'line']),
  at: z.number(),
  reason: z.string(),
  excerpt: z.string().exactOptional(),
});

export const problemSchema = z.object({ part: z.string(), code: z.string(), message: z.string() });
export type Problem = Readonly<z.infer<typeof problemSchema>>;

/** What a refresh has come to. It is a failure when nothing new was published and something went wrong. */
export const outcomeSchema = z.object({
  counts: z.object({
    channels: z.number().exactOptional(),
    movies: z.number().exactOptional(),
    series: z.number().exactOptional(),
    programmes: z.number().exactOptional(),
  }),
  published: z.boolean(),
  problems: z.array(problemSchema),
  rejects: z.array(rejectSchema),
  rejectCount: z.number(),
});
export type RefreshOutcome = Readonly<z.infer<typeof outcomeSchema>>;
