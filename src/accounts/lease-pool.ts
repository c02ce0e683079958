import { CoaxError } from '../errors.ts';
import type { Account } from '../model/account.ts';
import type { AccountId, LeaseId } from '../model/ids.ts';
import type { Lease, LeaseHolder, LeaseRequest, Leases } from './lease.ts';
import type { GrantWay } from './lease-events.ts';
import { AccountBook } from './account-book.ts';
import type { LeasePoolOptions } from './lease-pool-options.ts';
import { type AccountView, accountViews } from './account-view.ts';
import { handOut, isSuperseded, makeWaiter, type Waiter, WaiterQueue, type WaiterWatch } from './lease-waiter.ts';
import type { LoginScope } from './login-scope.ts';
import { noCapacity } from './no-capacity.ts';
import { isHopeless } from './outlook.ts';
import { type LeaseKeeper, type LeaseRefusal, type Member, PooledLease } from './pooled-lease.ts';
import { Rescan } from './rescan.ts';
import { Seats } from './seats.ts';
import { purposeOf } from './priority.ts';
import { forgetRefusals, judgeRefusal, judgeSuccess } from './refusal.ts';
import { type House, victimsForSlot, victimsOn, viewersOf } from './victim.ts';
import { type YieldReason, Yields } from './yields.ts';

/** No lease asks a provider that refuses it more often than this. */
const mostRefusals = 12;

type Request = Omit<LeaseRequest, 'signal' | 'deadlineMs'>;

/**
 * Grants leases within the limits of accounts and logins. Every decision is one synchronous step, so no two requests can get the
 * same slot; counts are sizes of sets.
 */
export class LeasePool implements Leases, LeaseKeeper {
  readonly #options: LeasePoolOptions;
  readonly #book: AccountBook;
  readonly #waiters = new WaiterQueue();
  readonly #yields = new Yields((lease, what) => this.#yielding(lease, what));
  readonly #house: House;
  readonly #watch: WaiterWatch;
  readonly #rescan = new Rescan(() => this.#lookAgain());
  /** What users, devices and outputs watch. */
  readonly seats: Seats;
  #lastOrder = 0;
  #pumping = false;
  #pumpAgain = false;
  #stopped = false;
  readonly #since = performance.now();

  constructor(options: LeasePoolOptions) {
    this.#options = options;
    this.#book = new AccountBook(options);
    this.seats = new Seats(options.seatLimits);
    const { recordingsPreempt = () => false } = options;
    this.#house = { isLeaving: (lease) => this.#yields.isLeaving(lease), recordingsPreempt };
    const [timeOut, abort] = [(waiter: Waiter) => this.#timeOut(waiter), (waiter: Waiter) => this.#abort(waiter)];
    this.#watch = { waitMs: options.waitMs, expire: (waiter) => this.#expire(waiter), timeOut, abort };
  }

  /**
   * Replaces what is known of the accounts. Running leases go on, also beyond a lowered limit; holders on accounts that are gone
   * are asked to yield, and requests that no account can serve any more are refused.
   */
  setAccounts(accounts: readonly Account[]): void {
    this.#book.replace(accounts);
    for (const lease of this.leases()) {
      if (this.#book.get(lease.accountId) === undefined && !lease.ended) this.#yields.ask(lease, 'stopped');
    }
    for (const waiter of this.#waiters.inOrder()) {
      if (this.#book.membersOf(waiter.request).length === 0) this.#timeOut(waiter);
    }
    this.#book.dropUnusedScopes();
    this.#pump();
  }

  acquire(request: LeaseRequest): Promise<Lease> {
    if (this.#stopped) return Promise.reject(new CoaxError('SHUTTING_DOWN'));
    if (request.signal.aborted) return Promise.reject(new CoaxError('CANCELLED'));
    if (purposeOf(request) === 'pretune') return this.#acquireSpare(request);
    return new Promise((resolve, reject) => {
      const waiter = makeWaiter(request, { resolve, reject }, this.#watch);
      this.#supersede(waiter);
      this.#waiters.add(waiter);
      if (this.#book.membersOf(request).length === 0) this.#timeOut(waiter);
      this.#pump();
      waiter.queued = true;
      this.#tellExternal(waiter);
    });
  }

  tryAcquire(request: Request): Lease | null {
    if (this.#stopped) return null;
    const member = purposeOf(request) === 'pretune' ? this.#spareMember(request) : this.#freeMember(request);
    if (member === undefined || this.#isWanted(member.scope)) return null;
    return this.#grantLease(request, member, 'free', 0);
  }

  /** True when one of these accounts has enough connections to spare for `more` channels that nobody has asked for yet. */
  hasSpare(candidates: readonly AccountId[], more: 0 | 1 = 1): boolean {
    return !this.#stopped && this.#spareMember({ candidates }, more) !== undefined;
  }

  /** What is opened ahead never waits, and takes nothing from anyone. */
  #acquireSpare(request: LeaseRequest): Promise<Lease> {
    const lease = this.tryAcquire(request);
    if (lease === null)
      return Promise.reject(
        new CoaxError('NO_CAPACITY', 'No connection is to spare for a channel that nobody watches'),
      );
    return new Promise((resolve) => handOut(lease, request.signal, resolve));
  }

  retry(holder: LeaseHolder): void {
    const own = this.#waiters.inOrder().filter(({ request }) => request.holder === holder);
    for (const waiter of own) waiter.searched = false;
    if (own.length > 0) this.#pump();
  }

  isHopeless(holder: LeaseHolder): boolean {
    const scopesOf = ({ request }: Waiter) => this.#book.membersOf(request).map((member) => member.scope);
    const parts = { waiters: this.#waiters.inOrder(), scopesOf, isLeaving: this.#house.isLeaving };
    return isHopeless(holder, parts, performance.now());
  }

  hasWaiters(account: AccountId): boolean {
    const scope = this.#book.get(account)?.scope;
    const isOpen = (waiter: Waiter) => waiter.claim === null && scope !== undefined && this.#wants(waiter, scope);
    return this.#waiters.inOrder().some(isOpen);
  }

  /**
   * What the provider counts on an account's login (`user_info.active_cons`); what is more than ours is others' use. `at` is the
   * `performance.now()` at which it was asked.
   */
  noteActiveConnections(account: AccountId, activeConnections: number, at: number = performance.now()): void {
    this.#book.get(account)?.scope.noteActive(activeConnections, at, performance.now());
    this.#pump();
  }

  /** Every lease that is not released yet. */
  leases(): PooledLease[] {
    return this.#book.leases();
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** What `GET /api/v1/accounts` shows; read from the live objects. */
  snapshot(): AccountView[] {
    const waiters = this.#waiters.inOrder();
    return accountViews(
      this.#book.all(),
      this.leases(),
      (account) => waiters.filter(({ request }) => request.candidates.includes(account)).length,
    );
  }

  /** Refuses who waits, asks every holder to close, and resolves when every socket has closed. Cooling is not waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#rescan.cancel();
    for (const waiter of this.#waiters.inOrder()) {
      this.#waiters.delete(waiter);
      waiter.fail(new CoaxError('SHUTTING_DOWN'));
    }
    const leases = this.leases();
    for (const lease of leases) if (!lease.ended) lease.holder.yieldSlot('stopped');
    for (const lease of leases) lease.endWithoutCooling();
    await Promise.all(leases.map((lease) => lease.released));
    this.#yields.clear();
  }

  leaseReleased(lease: PooledLease): void {
    const now = performance.now();
    lease.scope.remove(lease, now);
    this.#yields.released(lease);
    this.#options.observe?.({ kind: 'released', accountId: lease.accountId, heldMs: now - lease.grantedAt });
    const waiter = this.#waiters.inOrder().find((candidate) => candidate.claim === lease);
    if (waiter !== undefined) this.#honourClaim(waiter, lease);
    this.#book.dropUnusedScopes();
    this.#pump();
  }

  leaseChanged(_lease: PooledLease): void {
    this.#pump();
  }

  refused(lease: PooledLease, refusal: LeaseRefusal): number | null {
    const { waitMs, afterOwnClose } = judgeRefusal(lease, refusal, {
      isFresh: performance.now() - this.#since < (this.#options.startGraceMs ?? 0),
      isClosing: (other) => this.#house.isLeaving(other) && other.state !== 'cooling',
      handOver: (to) => this.#handOver(to),
    });
    if (waitMs !== null || refusal.outcome === 'refused') lease.scope.refusals.capacity += 1;
    this.#options.observe?.({ kind: 'provider-refused', accountId: lease.accountId, afterOwnClose });
    return refusal.count >= mostRefusals ? null : waitMs;
  }

  accepted(lease: PooledLease, connectedAt: number): void {
    judgeSuccess(lease, connectedAt);
  }

  #handOver(to: PooledLease): boolean {
    const [victim] = victimsOn(to, [to.scope], this.#house);
    if (victim !== undefined) this.#yields.ask(victim.lease, victim.reason, victim.by);
    return victim !== undefined;
  }

  gaveUp(lease: PooledLease): void {
    forgetRefusals(lease, lease.scope);
  }

  #yielding(lease: PooledLease, what: YieldReason | 'forced'): void {
    if (what === 'forced') this.forced(lease, 'yield');
    else this.#options.observe?.({ kind: 'yield-asked', accountId: lease.accountId, reason: what });
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
    this.#rescan.plan(this.#waiters.size > 0);
  }

  #pumpOnce(): void {
    const now = performance.now();
    const waiters = this.#waiters.inOrder();
    const claimed = new Set(waiters.map(({ claim }) => claim));
    const leaves = (lease: PooledLease) => this.#house.isLeaving(lease) && !claimed.has(lease);
    // Slots of each login that come free by themselves, and how many of them are for earlier waiters of this round.
    const coming = new Map<LoginScope, number>();
    const promised = new Map<LoginScope, number>();
    for (const waiter of waiters) {
      // A holder that was asked has freed a slot at once: those further up come first.
      if (this.#pumpAgain) return;
      if (waiter.settled) continue;
      const members = this.#book.membersOf(waiter.request);
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
    const scopes = this.#book.membersOf(waiter.request).map((member) => member.scope);
    const victims = victimsForSlot(waiter.request, scopes, this.#house);
    for (const { lease, reason } of victims) {
      waiter.claim = lease;
      waiter.claimReason = reason;
    }
    for (const { lease, reason, by } of victims) this.#yields.ask(lease, reason, by);
  }

  /** A viewer who switches on does not want any more what they still wait for; a slot that is freed for it goes to the new wish. */
  #supersede(waiter: Waiter): void {
    if (waiter.request.zaps !== true || this.#freeMember(waiter.request) !== undefined) return;
    for (const older of this.#waiters.inOrder()) {
      const shares = this.#book.membersOf(older.request).some(({ scope }) => this.#wants(waiter, scope));
      if (!shares || !isSuperseded(older, waiter.request)) continue;
      this.#waiters.delete(older);
      if (waiter.claim === null && older.claim !== null && this.#wants(waiter, older.claim.scope)) {
        waiter.claim = older.claim;
        waiter.claimReason = older.claimReason;
      }
      this.#countRefusal(older, 'aborted');
      older.fail(new CoaxError('TAKEN_OVER'));
    }
  }

  #expire(waiter: Waiter): number {
    const { party } = waiter.request;
    return party === undefined ? 0 : party.expire(this.#options.waitMs, this.#noCapacity(waiter));
  }

  #noCapacity(waiter: Waiter): CoaxError {
    const scopes = this.#book.membersOf(waiter.request).map((member) => member.scope);
    return noCapacity(scopes, performance.now() - waiter.since);
  }

  /** The slot that was freed for a waiter goes to that waiter, in the same turn. */
  #honourClaim(waiter: Waiter, lease: PooledLease): void {
    waiter.claim = null;
    const member = this.#book.membersOf(waiter.request).find(({ scope }) => scope === lease.scope);
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
      viewer: viewersOf(request)[0] ?? request.viewer,
      party: request.party,
      holder: request.holder,
      order: this.#lastOrder,
      keeper: this,
    });
    scope.add(lease, performance.now());
    lease.isTrial = lease.usedByOthers;
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
    waiter.fail(this.#noCapacity(waiter));
    this.#pump();
  }

  #countRefusal(waiter: Waiter, kind: 'timeout' | 'aborted'): void {
    for (const scope of new Set(this.#book.membersOf(waiter.request).map((member) => member.scope)))
      scope.refusals[kind] += 1;
    this.#options.observe?.({
      kind: kind === 'timeout' ? 'timed-out' : 'aborted',
      purpose: waiter.request.purpose,
      waitedMs: performance.now() - waiter.since,
    });
  }

  /** External use may let an attempt through, and a holder may have become idle. */
  #lookAgain(): void {
    for (const waiter of this.#waiters.inOrder()) waiter.searched = false;
    this.#pump();
    for (const waiter of this.#waiters.inOrder()) this.#tellExternal(waiter);
  }

  /** Others' use is what keeps a waiter out: whoever can ask the provider anew should. */
  #tellExternal(waiter: Waiter): void {
    if (waiter.settled) return;
    const now = performance.now();
    for (const { account, scope } of this.#book.membersOf(waiter.request))
      if (scope.hasOwnRoom && scope.external.count(now) > 0)
        this.#options.observe?.({ kind: 'external-blocks', accountId: account.id });
  }

  #wants(waiter: Waiter, scope: LoginScope): boolean {
    return this.#book.membersOf(waiter.request).some((member) => member.scope === scope);
  }

  #isWanted(scope: LoginScope): boolean {
    return this.#waiters.inOrder().some((waiter) => this.#wants(waiter, scope));
  }

  #freeMember(request: Request): Member | undefined {
    const now = performance.now();
    return this.#book.membersOf(request).find(({ scope }) => scope.hasRoom(now));
  }

  #spareMember(request: Pick<Request, 'candidates'>, more = 1): Member | undefined {
    const spare = Math.max(1, this.#options.spare?.() ?? 1) + more - 1;
    const members = this.#book.membersOf(request);
    return members.find(({ scope }) => scope.hasSpare(spare, performance.now()) && !this.#isWanted(scope));
  }
}
