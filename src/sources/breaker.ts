import {
  CircuitState,
  circuitBreaker,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  CountBreaker,
  handleType,
  type IBackoff,
  type IBreaker,
} from 'cockatiel';
import type { GatePass } from './host-gate.ts';

export interface BreakerRules {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** The share of failures among the last requests that opens it; 0 looks at failures in a row only. */
  readonly share: number;
  /** How long it stays open before it lets somebody try. */
  readonly openMs: number;
  /** How many may try then; all of them have to succeed. */
  readonly trials: number;
}

export const breakerStates = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof breakerStates)[number];

/** Requests that the share is taken of, and how many there must have been. */
const shareOf = 20;
const shareFrom = 10;

/** A host failed; the one kind of error that the policy counts. */
class HostFailed extends Error {}
/** Nobody waited for the answer. */
class NoOutcome extends Error {}

export interface BreakerEvents {
  readonly onState: (state: BreakerState) => void;
}

/**
 * One circuit breaker. The library keeps the states and counts outcomes; here are the monotonic clock, the answer at once to everybody beyond
 * the trials, and the forced states.
 */
export class Breaker {
  readonly #rules: BreakerRules;
  readonly #events: BreakerEvents;
  readonly #policy: CircuitBreakerPolicy;
  #forced: 'open' | 'closed' | null = null;
  /** While open: when the next one may try, as a reading of the monotonic clock. */
  #until = 0;
  /** Opens the library's gate for the request that is being let through. */
  #lets = false;
  #trials = 0;
  #inFlight = 0;
  #inRow = 0;
  #requests = 0;
  #failures = 0;
  #refused = 0;
  #openedAt: number | null = null;

  constructor(rules: BreakerRules, events: BreakerEvents) {
    this.#rules = rules;
    this.#events = events;
    const backoff: IBackoff<unknown> = { duration: 0, next: () => backoff };
    Object.defineProperty(backoff, 'duration', { get: () => (this.#lets ? -Infinity : Infinity) });
    this.#policy = circuitBreaker(handleType(HostFailed), {
      breaker: rules.share > 0 ? new EitherBreaker(rules) : new ConsecutiveBreaker(rules.failures),
      halfOpenAfter: backoff,
      halfOpenSampling: { calls: rules.trials, threshold: 0 },
    });
    this.#policy.onHalfOpen(() => {
      this.#trials = 0;
    });
    this.#policy.onStateChange((state) => this.#changed(state));
  }

  get rules(): BreakerRules {
    return this.#rules;
  }

  get state(): BreakerState {
    if (this.#forced !== null) return this.#forced;
    const { state } = this.#policy;
    if (state === CircuitState.Closed) return 'closed';
    return state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  get forced(): 'open' | 'closed' | null {
    return this.#forced;
  }

  /** Lets nobody through, everybody, or (null) whoever its state lets through. */
  force(state: 'open' | 'closed' | null): void {
    if (this.#forced === state) return;
    this.#forced = state;
    this.#events.onState(this.state);
  }

  /**
   * Lets a request through, or tells after how many milliseconds to come again. Whoever `insists` is let through an open breaker while
   * no other request is on its way.
   */
  enter(insists: boolean): GatePass | { readonly waitMs: number } {
    this.#requests += 1;
    const waitMs = this.#waitMs(insists);
    if (waitMs !== null) {
      this.#refused += 1;
      return { waitMs };
    }
    this.#inFlight += 1;
    if (this.#forced !== null) return this.#pass(() => {});
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#lets = true;
    const run = this.#policy.execute(() => promise);
    this.#lets = false;
    run.catch(() => {});
    const isTrial = this.#policy.state === CircuitState.HalfOpen;
    if (isTrial) this.#trials += 1;
    return this.#pass((outcome) => {
      if (outcome === 'worked') return resolve();
      // The library takes an error it does not count for a success of a trial; a trial without an answer has shown nothing.
      if (outcome === 'dropped' && !isTrial) return reject(new NoOutcome());
      if (outcome === 'dropped') this.#until = -Infinity;
      reject(new HostFailed());
    });
  }

  /** What the API shows. Times are Unix milliseconds. */
  view() {
    const left = this.#until - performance.now();
    const isOpen = this.state === 'open' && this.#forced === null;
    return {
      state: this.state,
      forced: this.#forced,
      failuresInRow: this.#inRow,
      requests: this.#requests,
      failures: this.#failures,
      refused: this.#refused,
      trying: this.#inFlight,
      ...(this.#openedAt === null || this.state === 'closed' ? {} : { openedAt: this.#openedAt }),
      ...(isOpen ? { retryAt: Date.now() + Math.max(0, Math.ceil(left)) } : {}),
    };
  }

  #waitMs(insists: boolean): number | null {
    if (this.#forced !== null) return this.#forced === 'closed' ? null : this.#rules.openMs;
    const { state } = this.#policy;
    if (state === CircuitState.Closed) return null;
    const leftMs = Math.ceil(this.#until - performance.now());
    if (state === CircuitState.HalfOpen) return this.#trials < this.#rules.trials ? null : 1_000;
    return leftMs <= 0 || (insists && this.#inFlight === 0) ? null : leftMs;
  }

  #pass(settle: (outcome: 'worked' | 'failed' | 'dropped') => void): GatePass {
    let settled = false;
    const once = (outcome: 'worked' | 'failed' | 'dropped') => (): void => {
      if (settled) return;
      settled = true;
      this.#inFlight -= 1;
      if (outcome === 'worked') this.#inRow = 0;
      if (outcome === 'failed') {
        this.#inRow += 1;
        this.#failures += 1;
      }
      settle(outcome);
    };
    return { worked: once('worked'), failed: once('failed'), dropped: once('dropped') };
  }

  #changed(state: CircuitState): void {
    if (state === CircuitState.Open) {
      const learnedNothing = this.#until === -Infinity;
      this.#until = performance.now() + (learnedNothing ? 0 : this.#rules.openMs);
      this.#openedAt ??= Date.now();
    }
    if (state === CircuitState.Closed) this.#openedAt = null;
    if (this.#forced === null) this.#events.onState(this.state);
  }
}

/** Opens when either of the library's does: so many failures in a row, or too large a share of the last requests. */
class EitherBreaker implements IBreaker {
  readonly #inRow: ConsecutiveBreaker;
  readonly #share: CountBreaker;

  constructor({ failures, share }: BreakerRules) {
    this.#inRow = new ConsecutiveBreaker(failures);
    this.#share = new CountBreaker({ threshold: share, size: shareOf, minimumNumberOfCalls: shareFrom });
  }

  get state(): unknown {
    return [this.#inRow.state, this.#share.state];
  }

  set state(_state: unknown) {
    throw new TypeError('The state of a breaker is not set from outside');
  }

  success(state: CircuitState): void {
    this.#inRow.success();
    this.#share.success(state);
  }

  failure(state: CircuitState): boolean {
    const inRow = this.#inRow.failure();
    return this.#share.failure(state) || inRow;
  }
}
