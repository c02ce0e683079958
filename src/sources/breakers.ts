import { LRUCache } from 'lru-cache';
import { CoaxError } from '../errors.ts';
import { Breaker, type BreakerRules, type BreakerState } from './breaker.ts';
import { type GatePass, type GateTarget, type HostGate, openGate } from './host-gate.ts';

/** What a request is for. A host whose lists fail may well play, and the other way round. */
export const breakerProfiles = ['list', 'live', 'file', 'picture'] as const;
export type BreakerProfile = (typeof breakerProfiles)[number];

/** Breakers that are kept; the one that was asked longest ago goes first. */
const mostBreakers = 500;
const longestId = 300;

export interface BreakerView {
  /** `live:host:port`, and `live:host:port~proxy:port` through a proxy. Holds nothing else of an address. */
  readonly id: string;
  readonly profile: BreakerProfile;
  readonly host: string;
  readonly via?: string;
  readonly state: BreakerState;
  readonly forced: 'open' | 'closed' | null;
  readonly failuresInRow: number;
  readonly requests: number;
  readonly failures: number;
  readonly refused: number;
  /** Requests that are on their way. */
  readonly trying: number;
  /** Unix milliseconds. */
  readonly openedAt?: number;
  readonly retryAt?: number;
}

export interface BreakersOptions {
  /** Null: no breakers. */
  readonly rules: (profile: BreakerProfile) => BreakerRules | null;
  readonly onState?: (profile: BreakerProfile, id: string, state: BreakerState) => void;
  readonly onRefused?: (profile: BreakerProfile) => void;
}

interface Entry {
  readonly id: string;
  readonly profile: BreakerProfile;
  readonly host: string;
  readonly via?: string;
  readonly breaker: Breaker;
}

/** The circuit breakers of all hosts, one for each host, profile and proxy: a bad one opens only its own. */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #entries = new LRUCache<string, Entry>({ max: mostBreakers });
  /** Those that an admin has set; they stay until they are set back. */
  readonly #forced = new Map<string, Entry>();

  constructor(options: BreakersOptions) {
    this.#options = options;
  }

  /** What requests of one profile go through. Refuses with SOURCE_BREAKER_OPEN, streams with UPSTREAM_BREAKER_OPEN. */
  gate(profile: BreakerProfile): HostGate {
    return { enter: (target) => this.#enter(profile, target) };
  }

  list(): BreakerView[] {
    const entries = new Set([...this.#forced.values(), ...this.#entries.values()]);
    return [...entries].map(viewOf).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Null when there is no such breaker. `auto` leaves it to its own judgement again. */
  set(id: string, state: 'open' | 'closed' | 'auto'): BreakerView | null {
    const entry = this.#forced.get(id) ?? this.#entries.get(id);
    if (entry === undefined) return null;
    if (state === 'auto') {
      this.#forced.delete(id);
      // It starts anew: what it knew is as old as the order.
      this.#entries.set(id, this.#made(entry.profile, entry, this.#rulesOf(entry)));
      return viewOf(this.#entries.get(id) ?? entry);
    }
    entry.breaker.force(state);
    this.#forced.set(id, entry);
    return viewOf(entry);
  }

  #enter(profile: BreakerProfile, target: GateTarget): GatePass {
    const rules = this.#options.rules(profile);
    const id = idOf(profile, target);
    const forced = this.#forced.get(id);
    if (rules === null && forced === undefined) return openGate.enter(target);
    const entry = forced ?? this.#entryOf(profile, target, id, rules);
    const answer = entry.breaker.enter(target.insists === true);
    if (!('waitMs' in answer)) return answer;
    this.#options.onRefused?.(profile);
    const streams = profile === 'live' || profile === 'file';
    throw new CoaxError(
      streams ? 'UPSTREAM_BREAKER_OPEN' : 'SOURCE_BREAKER_OPEN',
      entry.breaker.forced === null
        ? 'The host of the provider failed too often and is left alone for a moment'
        : 'The host of the provider is not asked, because its circuit breaker was opened by hand',
      { retryAfterMs: Math.max(1_000, answer.waitMs) },
    );
  }

  #entryOf(profile: BreakerProfile, target: GateTarget, id: string, rules: BreakerRules | null): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined && (rules === null || sameRules(known.breaker.rules, rules))) return known;
    const entry = this.#made(profile, target, rules ?? known?.breaker.rules ?? neutral);
    this.#entries.set(id, entry);
    return entry;
  }

  #rulesOf({ profile, breaker }: Entry): BreakerRules {
    return this.#options.rules(profile) ?? breaker.rules;
  }

  #made(profile: BreakerProfile, { host, via }: GateTarget, rules: BreakerRules): Entry {
    const id = idOf(profile, { host, ...(via === undefined ? {} : { via }) });
    const onState = (state: BreakerState): void => this.#options.onState?.(profile, id, state);
    return { id, profile, host, ...(via === undefined ? {} : { via }), breaker: new Breaker(rules, { onState }) };
  }
}

const neutral: BreakerRules = { failures: 5, share: 0, openMs: 5_000, trials: 1 };

function idOf(profile: BreakerProfile, { host, via }: GateTarget): string {
  return `${profile}:${host}${via === undefined ? '' : `~${via}`}`.slice(0, longestId);
}

function sameRules(a: BreakerRules, b: BreakerRules): boolean {
  return a.failures === b.failures && a.share === b.share && a.openMs === b.openMs && a.trials === b.trials;
}

function viewOf({ id, profile, host, via, breaker }: Entry): BreakerView {
  return { id, profile, host, ...(via === undefined ? {} : { via }), ...breaker.view() };
}
