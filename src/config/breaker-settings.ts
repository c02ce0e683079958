import { z } from 'zod';

const profile = (what: string, defaults: { failures: number; openMs: number; trials: number }) =>
  z
    .strictObject({
      failures: z
        .int('has to be a whole number')
        .min(1, 'has to be 1 or more')
        .max(1_000)
        .default(defaults.failures)
        .meta({ description: `Failures in a row after which a host is left alone for ${what}.` }),
      share: z
        .number()
        .min(0, 'has to be between 0 and 0.99')
        .max(0.99, 'has to be between 0 and 0.99')
        .default(0.8)
        .meta({
          description: `The share of failures among the last 20 requests for ${what}, of at least 10, that does the same; 0 looks at failures in a row only.`,
        }),
      openMs: z
        .int('has to be a whole number')
        .min(100, 'has to be 100 or more')
        .max(3_600_000)
        .default(defaults.openMs)
        .meta({ description: 'How long it is left alone before it is tried again.' }),
      trials: z
        .int('has to be a whole number')
        .min(1, 'has to be 1 or more')
        .max(20)
        .default(defaults.trials)
        .meta({ description: 'How many requests may try it then; all of them have to succeed.' }),
    })
    .prefault({});

/** Circuit breakers: one for each host and profile. A household with one provider must not feel them, so streams are let try soon. */
export const breakerSettings = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether hosts of providers that fail are left alone for a while.' }),
    list: profile('lists and guides', { failures: 5, openMs: 30_000, trials: 1 }),
    live: profile('channels', { failures: 5, openMs: 5_000, trials: 1 }),
    file: profile('movies, episodes and archives', { failures: 5, openMs: 5_000, trials: 1 }),
    picture: profile('logos and pictures', { failures: 10, openMs: 60_000, trials: 2 }),
  })
  .prefault({});
