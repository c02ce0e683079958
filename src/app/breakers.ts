import type { Settings } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../log/metrics.ts';
import { Breakers } from '../sources/breakers.ts';

/** The circuit breakers of all hosts, with the settings as they are now. */
export function createBreakers(settings: () => Settings, metrics: Metrics, log: Log): Breakers {
  return new Breakers({
    rules: (profile) => (settings().breakers.enabled ? settings().breakers[profile] : null),
    onState: (profile, id, state) => {
      metrics.breakerChanges.inc({ profile, state });
      log[state === 'open' ? 'warn' : 'info']('circuit breaker changed', { breaker: id, state });
    },
    onRefused: (profile) => metrics.breakerRefusals.inc({ profile }),
  });
}
