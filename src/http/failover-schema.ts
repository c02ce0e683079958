import { z } from 'zod';
import { switchReasons } from '../model/switch-reason.ts';

const reason = z.enum(switchReasons);

/** Where a live channel stands among the ways to play it. */
export const failover = z
  .object({
    candidates: z.int().meta({ description: 'Ways to play the channel: each of its streams on each account.' }),
    candidate: z.int().optional().meta({ description: 'Which of them plays, from 1.' }),
    attempts: z.int().meta({ description: 'Attempts to go on within the last minute.' }),
    switches: z.int(),
    lastSwitch: z
      .object({
        reason,
        at: z.number(),
        gapMs: z.number().meta({
          description: 'From the loss, as it was noticed, to the first new bytes; 0 where the old stream played on.',
        }),
        from: z.string(),
        fromAccount: z.string(),
        to: z.string(),
        toAccount: z.string(),
      })
      .optional(),
  })
  .meta({ description: 'Of a live channel: where it stands among the ways to play it.' });
