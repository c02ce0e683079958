import type { LeasePurpose } from './lease.ts';
import type { PooledLease } from './pooled-lease.ts';

/** A holder that was asked for its slot and still has it after this time loses it. */
export const yieldCapMs = 2_000;

export type YieldReason = 'taken-over' | 'idle' | 'stopped';

/** Which holders were asked for their slots, each once, and what becomes of those that do not answer. */
export class Yields {
  readonly #timers = new Map<PooledLease, NodeJS.Timeout>();
  readonly #observe: (lease: PooledLease, what: YieldReason | 'forced') => void;

  constructor(observe: (lease: PooledLease, what: YieldReason | 'forced') => void) {
    this.#observe = observe;
  }

  /** True when the lease is on its way out: it has ended or its holder was asked. */
  isLeaving(lease: PooledLease): boolean {
    return lease.ended || this.#timers.has(lease);
  }

  ask(lease: PooledLease, reason: YieldReason, by?: LeasePurpose): void {
    if (this.#timers.has(lease)) return;
    const force = () => {
      if (lease.ended) return;
      this.#observe(lease, 'forced');
      lease.end();
    };
    this.#timers.set(lease, setTimeout(force, yieldCapMs));
    this.#observe(lease, reason);
    lease.holder.yieldSlot(reason, by);
  }

  released(lease: PooledLease): void {
    clearTimeout(this.#timers.get(lease));
    this.#timers.delete(lease);
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
