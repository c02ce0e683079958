import type { LeaseParty } from '../accounts/lease.ts';
import type { CoaxError } from '../errors.ts';
import type { Viewer } from '../model/viewer.ts';

/** One who waits, from a time of their own on. */
interface Waiting {
  readonly viewer: Viewer;
  readonly openedMs: number;
  /** Where somebody waits longer or shorter than everybody else. */
  waitsUntilMs?(waitMs: number): number;
  drop(error: CoaxError): void;
}

/** Those of a relay who wait for its connection: each has a time of its own. */
export function waitingParty(...groups: readonly ReadonlySet<Waiting>[]): LeaseParty {
  const everybody = (): Waiting[] => groups.flatMap((group) => [...group]);
  return {
    viewers: () => everybody().map(({ viewer }) => viewer),
    expire: (waitMs, error) => {
      const now = performance.now();
      const leftMs = (one: Waiting): number => (one.waitsUntilMs?.(waitMs) ?? one.openedMs + waitMs) - now;
      const all = everybody();
      const patient = all.filter((one) => leftMs(one) > 0);
      if (patient.length === 0) return 0;
      for (const one of all) if (!patient.includes(one)) one.drop(error);
      return Math.min(...patient.map(leftMs));
    },
  };
}
