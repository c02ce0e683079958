import { CoaxError } from '../errors.ts';
import type { Account } from '../model/account.ts';
import type { AccountId, LeaseId, LoginKey } from '../model/ids.ts';
import type { CoolingBounds } from './cooling.ts';
import type { Lease, LeaseRequest, Leases } from './lease.ts';
import type { GrantWay, LeaseObserver } from './lease-events.ts';
import { type AccountView, accountViews } from './account-view.ts';
import { handOut, type Waiter, WaiterQueue } from './lease-waiter.ts';
import { LoginScope } from './login-scope.ts';
import { noCapacity } from './no-capacity.ts';
import { type LeaseKeeper, type LeaseRefusal, type Member, PooledLease } from './pooled-lease.ts';
import { findVictim } from './victim.ts';

/** A holder that was asked for its slot and still has it after this time loses it. */
export const yieldCapMs = 2_000;
/** While somebody waits, holders that became idle meanwhile are looked for this often. */
const rescanMs = 500;
/** A refusal that nothing of ours explains is tried once more after this time: limits of panels lag. */
const unexplainedRetryMs = 1_000;
/** No lease asks a provider that refuses it more often than this. */
const mostRefusals = 12;

export interface LeasePoolOptions extends CoolingBounds {
  /** How long a request waits when it names no deadline. */
  readonly waitMs: number;
  readonly observe?: LeaseObserver;
}

type Request = Omit<LeaseRequest, 'signal' | 'deadlineMs'>;

/**
 * Grants leases within the limits of accounts and logins. Every decision is one synchronous step, so no two requests can get the
 * same slot; counts are sizes of sets.
 */
export class LeasePool implements Leases, LeaseKeeper {
  readonly #options: LeasePoolOptions;
  readonly #members = new Map<AccountId, Member>();
  readonly #scopes = new Map<LoginKey, LoginScope>();
  readonly #waiters = new WaiterQueue();
  readonly #yieldTimers = new Map<PooledLease, NodeJS.Timeout>();
  #lastOrder = 0;
  #pumping = false;
  #pumpAgain = false;
  #wakeTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LeasePoolOptions) {
    this.#options = options;
  }

  /**
   * Replaces what is known of the accounts. Running leases go on, also beyond a lowered limit; holders on accounts that are gone
   * are asked to yield, and requests that no account can serve any more are refused.
   */
  setAccounts(accounts: readonly Account[]): void {
    this.#members.clear();
    for (const scope of this.#scopes.values()) scope.limit = null;
    for (const account of accounts) {
      const scope = this.#scopeOf(account.loginKey);
      // Panels write 0 for "no limit".
      const limit = account.limit === null || account.limit <= 0 ? null : account.limit;
      if (limit !== null) scope.limit = Math.min(scope.limit ?? limit, limit);
      this.#members.set(account.id, { account, scope });
    }
    for (const lease of this.leases()) {
      if (!this.#members.has(lease.accountId) && !lease.ended) this.#askToYield(lease, 'stopped');
    }
    for (const waiter of this.#waiters.inOrder()) {
      if (!waiter.request.candidates.some((id) => this.#members.has(id))) this.#timeOut(waiter);
    }
    this.#dropUnusedScopes();
    this.#pump();
  }

  acquire(request: LeaseRequest): Promise<Lease> {
    if (this.#stopped) return Promise.reject(new CoaxError('SHUTTING_DOWN'));
    if (request.signal.aborted) return Promise.reject(new CoaxError('CANCELLED'));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        request,
        since: performance.now(),
        claim: null,
        claimReason: null,
        searched: false,
        queued: false,
        settled: false,
        grant: (lease) => settle(() => handOut(lease, request.signal, resolve)),
        fail: (error) => settle(() => reject(error)),
      };
      const abort = () => this.#abort(waiter);
      const deadline = setTimeout(() => this.#timeOut(waiter), request.deadlineMs ?? this.#options.waitMs);
      const settle = (finish: () => void) => {
        waiter.settled = true;
        clearTimeout(deadline);
        request.signal.removeEventListener('abort', abort);
        finish();
      };
      request.signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      if (this.#membersOf(request).length === 0) this.#timeOut(waiter);
      this.#pump();
      waiter.queued = true;
      this.#tellExternal(waiter);
    });
  }

  tryAcquire(request: Request): Lease | null {
    if (this.#stopped) return null;
    const member = this.#freeMember(request);
    if (member === undefined) return null;
    const overtakes = this.#waiters.inOrder().some((waiter) => this.#wants(waiter, member.scope));
    return overtakes ? null : this.#grantLease(request, member, 'free', 0);
  }

  hasWaiters(account: AccountId): boolean {
    const scope = this.#members.get(account)?.scope;
    if (scope === undefined) return false;
    return this.#waiters.inOrder().some((waiter) => waiter.claim === null && this.#wants(waiter, scope));
  }

  /**
   * What the provider counts on an account's login (`user_info.active_cons`); what is more than ours is others' use. `at` is the
   * `performance.now()` at which it was asked.
   */
  noteActiveConnections(account: AccountId, activeConnections: number, at: number = performance.now()): void {
    this.#members.get(account)?.scope.noteActive(activeConnections, at, performance.now());
    this.#pump();
  }

  /** Every lease that is not released yet. */
  leases(): PooledLease[] {
    return [...this.#scopes.values()].flatMap((scope) => [...scope.leases]);
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** What `GET /api/v1/accounts` shows; read from the live objects. */
  snapshot(): AccountView[] {
    const waiters = this.#waiters.inOrder();
    return accountViews(
      [...this.#members.values()],
      this.leases(),
      (account) => waiters.filter(({ request }) => request.candidates.includes(account)).length,
    );
  }

  /** Refuses who waits, asks every holder to close, and resolves when every socket has closed. Cooling is not waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWake();
    for (const waiter of this.#waiters.inOrder()) {
      this.#waiters.delete(waiter);
      waiter.fail(new CoaxError('SHUTTING_DOWN'));
    }
    const leases = this.leases();
    for (const lease of leases) if (!lease.ended) lease.holder.yieldSlot('stopped');
    for (const lease of leases) lease.endWithoutCooling();
    await Promise.all(leases.map((lease) => lease.released));
    for (const timer of this.#yieldTimers.values()) clearTimeout(timer);
    this.#yieldTimers.clear();
  }

  leaseReleased(lease: PooledLease): void {
    const now = performance.now();
    lease.scope.remove(lease, now);
    clearTimeout(this.#yieldTimers.get(lease));
    this.#yieldTimers.delete(lease);
    this.#options.observe?.({ kind: 'released', accountId: lease.accountId, heldMs: now - lease.grantedAt });
    const waiter = this.#waiters.inOrder().find((candidate) => candidate.claim === lease);
    if (waiter !== undefined) this.#honourClaim(waiter, lease);
    this.#dropUnusedScopes();
    this.#pump();
  }

  leaseChanged(_lease: PooledLease): void {
    this.#pump();
  }

  refused(lease: PooledLease, { outcome, count, connectedAt }: LeaseRefusal): number | null {
    const now = performance.now();
    const { scope } = lease;
    const doubtful = outcome === 'doubtful';
    const waitMs = scope.mayStillCountOurs(now) ? scope.cooling.refused({ connectedAt, now, doubtful }) : null;
    if (doubtful && waitMs === null) return null;
    scope.refusals.capacity += 1;
    this.#options.observe?.({ kind: 'provider-refused', accountId: lease.accountId, afterOwnClose: waitMs !== null });
    if (count >= mostRefusals) return null;
    if (waitMs !== null) return waitMs;
    if (count === 1 && scope.external.count(now) === 0) return unexplainedRetryMs;
    // The provider says full while we are not: others use the rest.
    if (scope.limit !== null) scope.external.note(Math.max(1, scope.limit - scope.used + 1), now);
    return null;
  }

  accepted(lease: PooledLease, connectedAt: number): void {
    const { scope } = lease;
    const external = scope.external.count(performance.now());
    const isFull = scope.limit !== null && scope.used >= scope.limit;
    if (scope.limit !== null && scope.used + external > scope.limit)
      scope.external.note(Math.max(0, scope.limit - scope.used), performance.now());
    scope.cooling.accepted(connectedAt, isFull);
  }

  gaveUp(lease: PooledLease): void {
    lease.scope.cooling.gaveUp();
  }

  forced(lease: PooledLease, what: 'close' | 'yield' | 'late-socket'): void {
    this.#options.observe?.({ kind: 'forced', accountId: lease.accountId, what });
  }

  /** Serves waiters in order: a free slot, else wait for one that is already on its way, else ask a holder. */
  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        this.#pumpOnce();
      }
    } finally {
      this.#pumping = false;
    }
    this.#planWake();
  }

  #pumpOnce(): void {
    const now = performance.now();
    const waiters = this.#waiters.inOrder();
    const claimed = new Set(waiters.map(({ claim }) => claim));
    const leaves = (lease: PooledLease) => (lease.ended || this.#yieldTimers.has(lease)) && !claimed.has(lease);
    // Slots of each login that come free by themselves, and how many of them are for earlier waiters of this round.
    const coming = new Map<LoginScope, number>();
    const promised = new Map<LoginScope, number>();
    for (const waiter of waiters) {
      // A holder that was asked has freed a slot at once: those further up come first.
      if (this.#pumpAgain) return;
      if (waiter.settled) continue;
      const members = this.#membersOf(waiter.request);
      const free = members.find(({ scope }) => scope.hasRoom(now));
      if (free !== undefined) {
        this.#grantWaiter(waiter, free, 'waited');
        claimed.delete(waiter.claim);
        coming.clear();
        continue;
      }
      if (waiter.claim !== null) continue;
      const next = members.find(({ scope }) => {
        const slots = coming.get(scope) ?? scope.comingSlots(leaves, now);
        coming.set(scope, slots);
        return slots > (promised.get(scope) ?? 0);
      });
      if (next !== undefined) promised.set(next.scope, (promised.get(next.scope) ?? 0) + 1);
      else if (!waiter.searched) {
        this.#claimSlotFor(waiter);
        claimed.add(waiter.claim);
      }
    }
  }

  #claimSlotFor(waiter: Waiter): void {
    waiter.searched = true;
    const scopes = this.#membersOf(waiter.request).map((member) => member.scope);
    // A swap keeps the number of our connections, so it is allowed whatever others use; not beyond a lowered limit.
    const leases = scopes
      .filter((scope) => scope.limit !== null && scope.used <= scope.limit)
      .flatMap((scope) => [...scope.leases])
      .filter((lease) => !lease.ended && !this.#yieldTimers.has(lease));
    const victim = findVictim(waiter.request, leases);
    if (victim === undefined) return;
    waiter.claim = victim.lease;
    waiter.claimReason = victim.reason;
    this.#askToYield(victim.lease, victim.reason);
  }

  #askToYield(lease: PooledLease, reason: 'taken-over' | 'idle' | 'stopped'): void {
    if (this.#yieldTimers.has(lease)) return;
    const timer = setTimeout(() => {
      if (lease.ended) return;
      this.forced(lease, 'yield');
      lease.end();
    }, yieldCapMs);
    this.#yieldTimers.set(lease, timer);
    this.#options.observe?.({ kind: 'yield-asked', accountId: lease.accountId, reason });
    lease.holder.yieldSlot(reason);
  }

  /** The slot that was freed for a waiter goes to that waiter, in the same turn. */
  #honourClaim(waiter: Waiter, lease: PooledLease): void {
    waiter.claim = null;
    const member = this.#membersOf(waiter.request).find(({ scope }) => scope === lease.scope);
    if (member === undefined || !lease.scope.hasOwnRoom) return;
    this.#grantWaiter(waiter, member, waiter.claimReason === 'idle' ? 'idle' : 'hand-over');
  }

  #grantWaiter(waiter: Waiter, member: Member, way: GrantWay): void {
    this.#waiters.delete(waiter);
    const waitedMs = performance.now() - waiter.since;
    waiter.grant(this.#grantLease(waiter.request, member, way === 'waited' && !waiter.queued ? 'free' : way, waitedMs));
  }

  #grantLease(request: Request, member: Member, way: GrantWay, waitedMs: number): PooledLease {
    const { account, scope } = member;
    this.#lastOrder += 1;
    const lease = new PooledLease({
      id: `l${this.#lastOrder}` as LeaseId,
      member,
      purpose: request.purpose,
      viewer: request.viewer,
      holder: request.holder,
      order: this.#lastOrder,
      keeper: this,
    });
    scope.add(lease, performance.now());
    this.#options.observe?.({ kind: 'granted', accountId: account.id, purpose: request.purpose, way, waitedMs });
    return lease;
  }

  #abort(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#countRefusal(waiter, 'aborted');
    waiter.fail(new CoaxError('CANCELLED'));
    this.#pump();
  }

  #timeOut(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.#countRefusal(waiter, 'timeout');
    const scopes = this.#membersOf(waiter.request).map((member) => member.scope);
    waiter.fail(noCapacity(scopes, performance.now() - waiter.since));
    this.#pump();
  }

  #countRefusal(waiter: Waiter, kind: 'timeout' | 'aborted'): void {
    for (const scope of new Set(this.#membersOf(waiter.request).map((member) => member.scope)))
      scope.refusals[kind] += 1;
    this.#options.observe?.({
      kind: kind === 'timeout' ? 'timed-out' : 'aborted',
      purpose: waiter.request.purpose,
      waitedMs: performance.now() - waiter.since,
    });
  }

  /** Wakes when external use lets an attempt through, and looks for new idle holders while somebody waits. */
  #planWake(): void {
    if (this.#waiters.size === 0) this.#cancelWake();
    else this.#wakeTimer ??= setTimeout(() => this.#wake(), rescanMs);
  }

  #wake(): void {
    this.#wakeTimer = undefined;
    for (const waiter of this.#waiters.inOrder()) waiter.searched = false;
    this.#pump();
    for (const waiter of this.#waiters.inOrder()) this.#tellExternal(waiter);
  }

  /** Others' use is what keeps a waiter out: whoever can ask the provider anew should. */
  #tellExternal(waiter: Waiter): void {
    if (waiter.settled) return;
    const now = performance.now();
    for (const { account, scope } of this.#membersOf(waiter.request))
      if (scope.hasOwnRoom && scope.external.count(now) > 0)
        this.#options.observe?.({ kind: 'external-blocks', accountId: account.id });
  }

  #cancelWake(): void {
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
  }

  #wants(waiter: Waiter, scope: LoginScope): boolean {
    return this.#membersOf(waiter.request).some((member) => member.scope === scope);
  }

  #freeMember(request: Request): Member | undefined {
    const now = performance.now();
    return this.#membersOf(request).find(({ scope }) => scope.hasRoom(now));
  }

  #membersOf(request: Request): Member[] {
    return request.candidates.flatMap((id) => this.#members.get(id) ?? []);
  }

  #scopeOf(key: LoginKey): LoginScope {
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = new LoginScope(key, this.#options);
    this.#scopes.set(key, scope);
    return scope;
  }

  #dropUnusedScopes(): void {
    const inUse = new Set([...this.#members.values()].map((member) => member.scope));
    for (const [key, scope] of this.#scopes) if (!inUse.has(scope) && scope.used === 0) this.#scopes.delete(key);
  }
}
