import { z } from 'zod';
import { failover } from './failover-schema.ts';
import { codecFacts, nullableNumber } from './schemas.ts';

export const account = z.object({
  id: z.string(),
  sourceId: z.string(),
  label: z.string(),
  limit: nullableNumber.meta({ description: 'The limit in force; null is unlimited.' }),
  overLimit: z.boolean().meta({ description: 'More leases than the limit allows, after it was lowered.' }),
  removed: z.boolean().meta({ description: 'Gone from the configuration; its last leases are ending.' }),
  leases: z.array(
    z.object({ id: z.string(), state: z.string(), purpose: z.string(), viewer: z.string(), since: z.number() }),
  ),
  cooling: z.int(),
  coolingMs: z.number(),
  external: z.int(),
  waiters: z.int(),
  refusals: z.record(z.string(), z.number()),
});

const viewer = z.object({
  key: z.string(),
  label: z.string(),
  address: z.string().optional(),
  userAgent: z.string().optional(),
});
export const session = z.object({
  id: z.string(),
  kind: z.enum(['live', 'vod', 'catchup']),
  state: z.string(),
  reason: z.string().optional().meta({ description: 'While the state is "slate": why there is nothing to see.' }),
  title: z.string(),
  channelId: z.string().optional(),
  itemId: z.string().optional(),
  streamId: z.string().optional(),
  sourceId: z.string().optional(),
  accountId: z.string().optional(),
  leaseId: z.string().optional(),
  since: z.number(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  bitRate: z.number(),
  bufferedBytes: z.number(),
  bufferedMs: z.number(),
  reconnects: z.int(),
  failover: failover.optional(),
  transcode: z
    .object({
      profile: z.string(),
      pid: z.int().optional(),
      speed: z.number().nullable().optional().meta({ description: 'In times of real time.' }),
      skips: z
        .int()
        .optional()
        .meta({ description: 'How often it was so slow that some of the channel was left out.' }),
    })
    .optional()
    .meta({ description: 'The stream is made of another one of this list by ffmpeg.' }),
  watchers: z.array(z.string()).meta({ description: 'Who watches through a connected media server, in its words.' }),
  consumers: z.array(
    z.object({
      id: z.string(),
      viewer,
      outputId: z.string().optional(),
      since: z.number(),
      bytes: z.number(),
      lagMs: z.number(),
      skips: z.int(),
    }),
  ),
  heldFor: z
    .array(viewer)
    .optional()
    .meta({ description: 'Streams of a host that keep it open; they may have no reader now.' }),
  facts: codecFacts.optional(),
});

export const sync = z.object({
  leases: z.int(),
  sockets: z.int(),
  relays: z.int(),
  vodSessions: z.int(),
  consumers: z.int(),
  mismatches: z.array(z.string()),
});
