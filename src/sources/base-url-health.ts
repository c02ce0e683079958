import type { HostGate } from './host-gate.ts';

const firstPenaltyMs = 30_000;
const longestPenaltyMs = 600_000;
const mostHosts = 1_000;

interface Penalty {
  readonly until: number;
  readonly failures: number;
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

/** Remembers which hosts did not answer lately, so that the next request tries another address of the same provider first. */
export class BaseUrlHealth {
  /** Whether a host may be asked at all; whoever is given this health asks it before each connection. */
  readonly gate?: HostGate;
  readonly #penalties: Map<string, Penalty>;

  constructor(penalties = new Map<string, Penalty>(), gate?: HostGate) {
    this.#penalties = penalties;
    if (gate !== undefined) this.gate = gate;
  }

  /** The same memory, for requests that go through a gate. */
  behind(gate: HostGate): BaseUrlHealth {
    return new BaseUrlHealth(this.#penalties, gate);
  }

  /** The URLs in the order in which to try them: as given, those that failed lately last (the one whose penalty ends first leading). */
  order(urls: readonly string[]): string[] {
    const now = performance.now();
    const until = (url: string): number => {
      const penalty = this.#penalties.get(hostOf(url));
      return penalty === undefined || penalty.until <= now ? 0 : penalty.until;
    };
    return [...urls].sort((a, b) => until(a) - until(b));
  }

  failed(url: string): void {
    const host = hostOf(url);
    const failures = (this.#penalties.get(host)?.failures ?? 0) + 1;
    const penaltyMs = Math.min(longestPenaltyMs, firstPenaltyMs * 2 ** (failures - 1));
    this.#penalties.delete(host);
    this.#penalties.set(host, { until: performance.now() + penaltyMs, failures });
    const oldest = this.#penalties.size > mostHosts ? this.#penalties.keys().next().value : undefined;
    if (oldest !== undefined) this.#penalties.delete(oldest);
  }

  worked(url: string): void {
    this.#penalties.delete(hostOf(url));
  }
}
