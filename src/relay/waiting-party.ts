import type { LeaseParty } from '../accounts/lease.ts';
import type { Consumer } from './consumer.ts';

/** The consumers of a relay as those who wait for its connection: each has a time of its own. */
export function waitingParty(consumers: ReadonlySet<Consumer>): LeaseParty {
  return {
    viewers: () => [...consumers].map(({ viewer }) => viewer),
    expire: (waitMs, error) => {
      const now = performance.now();
      const leftMs = ({ openedMs }: Consumer): number => openedMs + waitMs - now;
      const all = [...consumers];
      const patient = all.filter((consumer) => leftMs(consumer) > 0);
      if (patient.length === 0) return 0;
      for (const consumer of all) if (!patient.includes(consumer)) consumer.drop(error);
      return Math.min(...patient.map(leftMs));
    },
  };
}
