import type { LoginKey } from '../model/ids.ts';
import { Cooling, type CoolingBounds } from './cooling.ts';
import { ExternalUse } from './external-use.ts';
import type { PooledLease } from './pooled-lease.ts';
import type { LeasedSocket } from './lease.ts';

/** A panel may count a closed connection for a while: what we used in this time before a report is taken off it. */
const reportLagMs = 5_000;
const historyMs = 60_000;
/** It may count for so long after it was asked: what we opened meanwhile is taken off as well. */
const answerMs = 10_000;
/** A viewer's stream that was closed for a doubtful refusal in vain is a lesson for this long. */
const vainMs = 600_000;

export interface RefusalCounts {
  capacity: number;
  timeout: number;
  aborted: number;
}

/**
 * One login at a provider, with everything that counts against its limit. Accounts with the same login share it, and the smallest
 * limit any of them names. The count is the size of a set.
 */
export class LoginScope {
  readonly key: LoginKey;
  /** null is unlimited. */
  limit: number | null = null;
  readonly leases = new Set<PooledLease>();
  /** Sockets that came after their lease had ended; destroyed, not yet closed. */
  readonly strays = new Set<LeasedSocket>();
  readonly cooling: Cooling;
  readonly external = new ExternalUse();
  readonly refusals: RefusalCounts = { capacity: 0, timeout: 0, aborted: 0 };
  readonly #history: { readonly at: number; readonly held: readonly (PooledLease | LeasedSocket)[] }[] = [];
  #vainUntil = Number.NEGATIVE_INFINITY;

  constructor(key: LoginKey, bounds: CoolingBounds) {
    this.key = key;
    this.cooling = new Cooling(bounds);
  }

  /** Slots of our own that count, cooling ones included. */
  get used(): number {
    return this.leases.size + this.strays.size;
  }

  /** True when a refusal can come from sockets of ours that are closed and that the provider still counts. */
  mayStillCountOurs(now: number): boolean {
    const recent = this.cooling.recentCloses(now);
    if (recent === 0 || this.limit === null) return recent > 0;
    const held = [...this.leases].filter((lease) => lease.state !== 'cooling').length;
    return held + recent + this.external.count(now) > this.limit;
  }

  /** True when a lease may be added with nothing but our own use counted. */
  get hasOwnRoom(): boolean {
    return this.limit === null || this.used < this.limit;
  }

  /** True when a lease may be added, external use counted. */
  hasRoom(now: number): boolean {
    if (this.limit === null) return true;
    if (this.used >= this.limit) return false;
    return this.used + this.external.count(now) < this.limit || this.external.trialDue(now);
  }

  /** True when `spare` connections stay free with one lease more, external use counted. */
  hasSpare(spare: number, now: number): boolean {
    return this.limit === null || this.used + this.external.count(now) + spare < this.limit;
  }

  /** How many slots become free by leases that leave, as far as the limit lets them count. */
  comingSlots(leaves: (lease: PooledLease) => boolean, now: number): number {
    if (this.limit === null) return 0;
    const leaving = [...this.leases].filter(leaves).length;
    const staying = this.used - leaving + this.external.count(now);
    return Math.min(leaving, Math.max(0, this.limit - staying));
  }

  add(lease: PooledLease, now: number): void {
    this.leases.add(lease);
    if (this.limit !== null && this.used + this.external.count(now) > this.limit) this.external.trialTaken(now);
    this.#remember(now);
  }

  remove(lease: PooledLease, now: number): void {
    this.leases.delete(lease);
    this.#remember(now);
  }

  /** The provider refused one more connection while it served `open` of ours: for a while no more than those are tried. */
  learnUsable(open: number, now: number): void {
    if (this.limit !== null) this.external.learn(Math.max(1, this.limit - open), now);
  }

  /** True when it has been seen lately that a doubtful refusal has other reasons than the number of connections. */
  isHandOverVain(now: number): boolean {
    return now < this.#vainUntil;
  }

  handOverWasVain(now: number): void {
    this.#vainUntil = now + vainMs;
    this.external.unlearn();
  }

  /** The provider counts `activeConnections` on this login at `at` (a `performance.now()` reading). */
  noteActive(activeConnections: number, at: number, now: number): void {
    this.external.note(activeConnections - this.#mostUsed(at - reportLagMs, Math.min(now, at + answerMs)), now);
  }

  #remember(now: number): void {
    this.#history.push({ at: now, held: [...this.leases, ...this.strays] });
    while (this.#history.length > 256 || (this.#history[1]?.at ?? now) < now - historyMs) this.#history.shift();
  }

  #mostUsed(from: number, to: number): number {
    let most = 0;
    let before = 0;
    for (const { at, held } of this.#history) {
      // What was refused from its beginning never was a connection to the provider.
      const count = held.filter((one) => !('wasRefused' in one && one.wasRefused)).length;
      if (at <= from) before = count;
      else if (at <= to) most = Math.max(most, count);
    }
    return Math.max(most, before);
  }
}
