import { CoaxError } from '../errors.ts';
import type { LoginScope } from './login-scope.ts';

/** Nobody is told to come back earlier than this. */
const soonestMs = 1_000;

/** The error of a request that got no slot of these logins. It says when the next one may come free, where cooling is in the way. */
export function noCapacity(scopes: readonly LoginScope[], waitedMs: number): CoaxError {
  if (scopes.length === 0) return new CoaxError('NO_CAPACITY', 'No account that could serve this is left');
  const use = scopes.map(({ used, limit }) => `${used} of ${limit ?? 'any number'}`).join(', ');
  const now = performance.now();
  const cooling = scopes.map((scope) => scope.cooling.remaining(now)).filter((ms) => ms > 0);
  const message = `All connections were in use for ${Math.round(waitedMs)} ms (${use})`;
  const options = cooling.length === 0 ? {} : { retryAfterMs: Math.max(soonestMs, Math.ceil(Math.min(...cooling))) };
  return new CoaxError('NO_CAPACITY', message, options);
}
