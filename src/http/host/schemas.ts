import { z } from 'zod';
import { hostStreamStates } from '../../relay/host/host-stream.ts';
import { codecFacts } from '../schemas.ts';

/** Bodies of the host API. Responses and the OpenAPI document are both checked against these. */

export const outputQuery = z.object({
  output: z.string().max(200).optional().meta({ description: 'The id of an output; the first one when absent.' }),
});
export const streamParams = z.object({ id: z.string().max(200) });

export const health = z.object({
  version: z.string(),
  ready: z.boolean(),
  problems: z.array(z.string()).meta({ description: 'What an admin should look at, in sentences.' }),
  lineupRevision: z.string().meta({ description: 'Changes when the channels of the output change.' }),
  guideRevision: z.string().meta({ description: 'Changes when the programmes of the output change.' }),
  channels: z.int().meta({ description: 'Channels of the output.' }),
  sources: z.int(),
  streams: z.int().meta({ description: 'Live streams and playbacks that are open at a provider, whoever watches.' }),
});

export const lineup = z.object({
  revision: z.string(),
  channels: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      number: z.string().nullable(),
      radio: z.boolean(),
      groups: z.array(z.string()),
      logo: z.string().nullable().meta({ description: 'A path on the engine that changes when the logo does.' }),
      facts: codecFacts.nullable().meta({ description: 'What was seen when it was played last.' }),
    }),
  ),
});

const state = z.enum(hostStreamStates).meta({
  description:
    'opening; live; slate: its readers see why it can not be opened; idle: nothing is open, a reader opens it again; ended: closed by the host, and still read.',
});
const reason = z.string().optional().meta({ description: 'Why it is not live, in a sentence.' });

export const streamOpen = z.object({
  channelId: z.string().max(200),
  output: z.string().max(200).nullish().meta({ description: 'The id of an output; the first one when absent.' }),
  viewer: z
    .object({ key: z.string().min(1).max(500), label: z.string().max(500), user: z.string().min(1).max(200).nullish() })
    .nullish()
    .meta({
      description:
        'The device that asks: its key stays the same, its label is shown to people, its user counts for limits.',
    }),
  replaces: z
    .array(z.string().max(200))
    .max(1_000)
    .nullish()
    .meta({ description: 'Streams of the same device that it is watched instead of: their connection may be taken.' }),
  purpose: z.enum(['live', 'recording']).nullish(),
  waitForFactsMs: z
    .int()
    .min(0)
    .max(5_000)
    .nullish()
    .meta({ description: 'Answer when the facts are known, or after this time.' }),
});
export const streamOpened = z.object({
  id: z.string().meta({ description: 'Random: whoever knows it may read the stream.' }),
  path: z.string().meta({ description: 'Where it is read, on the engine; needs no token.' }),
  facts: codecFacts.nullable(),
  state,
  reason,
});

export const streams = z.object({
  streams: z.array(
    z.object({
      id: z.string(),
      channelId: z.string(),
      state,
      reason,
      readers: z.int(),
      openedAt: z.number().meta({ description: 'Unix milliseconds.' }),
      lastReaderAt: z.number().nullable(),
      facts: codecFacts.nullable(),
      bitRate: z.int().optional().meta({ description: 'Bits per second.' }),
    }),
  ),
});

export const streamResume = z.object({
  replaces: z
    .array(z.string().max(200))
    .max(1_000)
    .meta({ description: 'Streams of the same device that this one is watched instead of now.' }),
});

export const viewersUpdate = z.object({
  streams: z
    .array(z.object({ id: z.string().max(200), viewers: z.array(z.string().max(500)).max(1_000) }))
    .max(10_000)
    .meta({ description: 'Who watches each stream, in words for people; ids that are not open are passed over.' }),
});
