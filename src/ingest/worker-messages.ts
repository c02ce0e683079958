import { z } from 'zod';
import { refreshParts } from '../catalog/contract.ts';
import type { Settings } from '../config/schema.ts';
import { settingsSchema } from '../config/settings-schema.ts';
import { sourceSchema } from '../config/source-schema.ts';
import { outcomeSchema } from './outcome.ts';

/** What a worker is started for. It holds the logins of a source: it goes from thread to thread and nowhere else. */
export const workerTaskSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refresh'),
    catalogPath: z.string(),
    stagingPath: z.string(),
    source: sourceSchema,
    parts: z.enum(refreshParts).exactOptional(),
    settings: settingsSchema.shape.ingest,
    /** Unix milliseconds. */
    now: z.number(),
  }),
  /** At start: drops what no source and no pointer leads to. */
  z.object({ kind: z.literal('sweep'), catalogPath: z.string(), configured: z.array(z.string()) }),
  z.object({ kind: z.literal('remove'), catalogPath: z.string(), sourceIds: z.array(z.string()) }),
]);
export type WorkerTask = z.infer<typeof workerTaskSchema>;
export type RefreshTask = Extract<WorkerTask, { kind: 'refresh' }>;
export type IngestSettings = Settings['ingest'];

/** What a worker is told while it works. */
export const workerOrderSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('cancel') }),
  /** The answer to `enter`; with `message`, the host is to be left alone. */
  z.object({
    type: z.literal('gate'),
    request: z.int(),
    message: z.string().exactOptional(),
    retryAfterMs: z.number().exactOptional(),
  }),
]);
export type WorkerOrder = z.infer<typeof workerOrderSchema>;

/** What a worker tells. The last message is `done` or `failed`. */
export const workerMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    progress: z.object({ stage: z.string(), done: z.number(), total: z.number().nullable() }),
  }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['error', 'warn', 'info', 'debug']),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()),
  }),
  /** May this host be asked? */
  z.object({
    type: z.literal('enter'),
    request: z.int(),
    target: z.object({ host: z.string(), via: z.string().exactOptional(), insists: z.boolean().exactOptional() }),
  }),
  /** How it went. */
  z.object({ type: z.literal('left'), request: z.int(), outcome: z.enum(['worked', 'failed', 'dropped']) }),
  z.object({ type: z.literal('done'), outcome: outcomeSchema.nullable() }),
  z.object({
    type: z.literal('failed'),
    code: z.string(),
    message: z.string(),
    /** Only of an error that is not ours, for the log. */
    stack: z.string().exactOptional(),
  }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
