import { z } from 'zod';
import { CoaxError } from '../../errors.ts';
import { breakerStates } from '../../sources/breaker.ts';
import { breakerProfiles } from '../../sources/breakers.ts';
import { type Route, route } from '../route.ts';
import type { Services } from '../services.ts';

const tag = 'streams';

const breaker = z.object({
  id: z.string(),
  profile: z.enum(breakerProfiles).meta({ description: 'What the requests are for.' }),
  host: z.string().meta({ description: 'Host and port of a provider.' }),
  via: z.string().optional().meta({ description: 'Host and port of the proxy it is reached through.' }),
  state: z.enum(breakerStates),
  forced: z.enum(['open', 'closed']).nullable().meta({ description: 'Set by an admin; null is automatic.' }),
  failuresInRow: z.int(),
  requests: z.int(),
  failures: z.int(),
  refused: z.int(),
  trying: z.int().meta({ description: 'Requests that are on their way.' }),
  openedAt: z.number().optional().meta({ description: 'Unix milliseconds.' }),
  retryAt: z.number().optional().meta({ description: 'When it may be tried again, in Unix milliseconds.' }),
});

export function breakerRoutes({ breakers }: Services): Route[] {
  return [
    route({
      method: 'get',
      path: '/breakers',
      tag,
      summary: 'Circuit breakers: which hosts of providers are left alone for a while',
      answer: { status: 200, schema: z.array(breaker), description: 'Those of the hosts that were asked lately' },
      run: () => breakers.list(),
    }),
    route({
      method: 'post',
      path: '/breakers/{id}',
      tag,
      summary: 'Hold a circuit breaker open or closed, or leave it to itself again',
      params: z.object({ id: z.string().max(300) }),
      body: z.strictObject({
        state: z.enum(['open', 'closed', 'auto']).meta({
          description: 'open lets no request through, closed lets all through, auto begins anew, closed.',
        }),
      }),
      answer: { status: 200, schema: breaker, description: 'The circuit breaker as it is now' },
      run: ({ params: { id }, body: { state } }) => {
        const changed = breakers.set(id, state);
        if (changed === null) throw new CoaxError('NOT_FOUND', 'There is no such circuit breaker');
        return changed;
      },
    }),
  ];
}
