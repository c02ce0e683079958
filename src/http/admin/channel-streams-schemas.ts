import { z } from 'zod';
import { switchReasons } from '../../model/switch-reason.ts';
import { codecFacts } from '../schemas.ts';

const reason = z.enum(switchReasons);

const health = z.object({
  state: z.enum(['good', 'recovering', 'resting']).meta({
    description: 'resting: it failed lately and is tried after the others; recovering: it failed a while ago.',
  }),
  failures: z.int().meta({ description: 'Failures in a row.' }),
  restsUntil: z.number().optional(),
  lastFailure: z
    .object({ code: z.string(), reason, message: z.string(), at: z.number(), accountId: z.string() })
    .optional(),
});

export const channelStreams = z.object({
  channelId: z.string(),
  listed: z.boolean().meta({ description: 'False while the channel has its own stream only.' }),
  streams: z.array(
    z.object({
      id: z.string(),
      channelId: z.string().meta({ description: 'The channel that stands for it in the list of its source.' }),
      name: z.string().meta({ description: 'The name of that channel.' }),
      sourceId: z.string(),
      codecs: codecFacts.nullable(),
      health,
    }),
  ),
  missing: z.array(z.string()).meta({
    description: 'Streams of the list that are not there now: their source was removed, or dropped them.',
  }),
});

export const channelStreamsBody = z.strictObject({
  streams: z.array(z.string().min(1).max(200)).max(20, 'must not have more than 20 streams'),
});

export const nextStreamBody = z.strictObject({ streamId: z.string().min(1).max(200).optional() }).default({});
