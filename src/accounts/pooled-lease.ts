import { CoaxError } from '../errors.ts';
import type { Account } from '../model/account.ts';
import type { AccountId, LeaseId, SessionId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import type { Lease, LeaseHolder, LeaseParty, LeasePurpose, LeaseState, LeasedSocket, LeaseOutcome } from './lease.ts';
import type { LoginScope } from './login-scope.ts';

/** A destroyed socket that has not said `close` after this time is given up. */
export const closeCapMs = 2_000;

/** What a lease needs of its pool. */
export interface LeaseKeeper {
  /** The lease has left its last state; its slot is free. */
  leaseReleased(lease: PooledLease): void;
  /** The lease has begun to end or a socket of it has closed: somebody may be waiting for that. */
  leaseChanged(lease: PooledLease): void;
  refused(lease: PooledLease, refusal: LeaseRefusal): number | null;
  accepted(lease: PooledLease, connectedAt: number): void;
  /** The lease ends without a success after refusals. */
  gaveUp(lease: PooledLease): void;
  forced(lease: PooledLease, what: 'close' | 'late-socket'): void;
}

export interface LeaseRefusal {
  readonly outcome: 'refused' | 'doubtful';
  readonly broke: boolean;
  /** Refusals of this lease in a row, this one included. */
  readonly count: number;
  readonly connectedAt: number;
}

/** An account as it was when it was granted from, with the login that counts. */
export interface Member {
  readonly account: Account;
  readonly scope: LoginScope;
}

export interface PooledLeaseOptions {
  readonly id: LeaseId;
  readonly member: Member;
  readonly purpose: LeasePurpose;
  readonly viewer: Viewer;
  readonly party?: LeaseParty | undefined;
  readonly holder: LeaseHolder;
  readonly order: number;
  readonly keeper: LeaseKeeper;
}

/** Stands for a session that has given its lease back. */
const goneHolder = (sessionId: SessionId): LeaseHolder => ({
  sessionId,
  isIdle: () => true,
  isSoleViewer: () => false,
  yieldSlot: () => {},
});

/** One granted slot: granted → connecting → open → closing → cooling → released. Back to granted when a socket closes on its own. */
export class PooledLease implements Lease {
  readonly id: LeaseId;
  readonly viewer: Viewer;
  /** It was granted in spite of others' use, after a wait: a former run's connections are gone by then. */
  isTrial = false;
  /** A connection of the same viewer was closed for this one after such a refusal. */
  handedOverFor: 'refused' | 'doubtful' | null = null;
  readonly since = Date.now();
  readonly grantedAt = performance.now();
  readonly released: Promise<void>;
  readonly member: Member;
  /** Counts up with each grant: the most recently opened lease has the highest. */
  readonly order: number;
  readonly #askedFor: LeasePurpose;
  #holder: LeaseHolder;
  #party: LeaseParty | undefined;
  readonly #keeper: LeaseKeeper;
  readonly #resolveReleased: () => void;
  readonly #sockets = new Set<LeasedSocket>();
  #state: LeaseState = 'granted';
  #ended = false;
  #cools = true;
  /** Whether the present socket is one the provider counts, for all we know. */
  #counts = true;
  /** When a socket that the provider counts closed; null before the first. */
  #closedAt: number | null = null;
  #closedBefore: number | null = null;
  #refusals = 0;
  #accepted = false;
  #connectedAt = this.grantedAt;
  #capTimer: NodeJS.Timeout | undefined;
  #coolingTimer: NodeJS.Timeout | undefined;
  #coolingUntil: number | null = null;
  #closeWaiters: (() => void)[] = [];

  constructor(options: PooledLeaseOptions) {
    this.id = options.id;
    this.member = options.member;
    this.#askedFor = options.purpose;
    this.viewer = options.viewer;
    this.#party = options.party;
    this.#holder = options.holder;
    this.order = options.order;
    this.#keeper = options.keeper;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.released = promise;
    this.#resolveReleased = resolve;
  }

  get accountId(): AccountId {
    return this.member.account.id;
  }

  /** The session that has it; once released, only who that was. */
  get holder(): LeaseHolder {
    return this.#holder;
  }

  /** Who waits for the stream, where several may. */
  get party(): LeaseParty | undefined {
    return this.#party;
  }

  get purpose(): LeasePurpose {
    return this.holder.purpose?.() ?? this.#askedFor;
  }

  get scope(): LoginScope {
    return this.member.scope;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** True once `end` was called. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sockets attached and not yet closed; at most one, unless a late one is being destroyed. */
  get sockets(): ReadonlySet<LeasedSocket> {
    return this.#sockets;
  }

  /** True while the provider sends something over it. */
  get carries(): boolean {
    return this.#accepted && !this.#ended && this.#sockets.size > 0;
  }

  get usedByOthers(): boolean {
    const { limit, used, external } = this.scope;
    const others = external.count(performance.now());
    return limit !== null && others > 0 && used + others > limit;
  }

  get hasCompany(): boolean {
    return [...this.scope.leases].some((other) => other !== this && other.carries);
  }

  /** True when the provider has refused it and never taken it. */
  get wasRefused(): boolean {
    return this.#refusals > 0 && !this.#accepted;
  }

  /** When cooling ends, as a `performance.now()` reading; null while not cooling. */
  get coolingUntil(): number | null {
    return this.#coolingUntil;
  }

  get reopenDelayMs(): number {
    const { scope } = this;
    if (this.#closedAt === null || scope.limit === null || scope.used < scope.limit) return 0;
    return Math.max(0, Math.ceil(this.#closedAt + scope.cooling.ms - performance.now()));
  }

  connecting(): void {
    if (this.#ended) throw new CoaxError('CANCELLED', 'The connection was given back before it was opened');
    if (this.#sockets.size > 0) throw new CoaxError('INTERNAL', 'A lease holds one socket at a time');
    this.#state = 'connecting';
    this.#counts = false;
    this.#connectedAt = performance.now();
  }

  attach(socket: LeasedSocket): void {
    if (this.#state === 'released') return this.#adoptStray(socket);
    if (socket.closed) return;
    if (this.#ended) {
      this.#keeper.forced(this, 'late-socket');
      this.#stopCooling();
      this.#hold(socket);
      this.#beginClosing();
      return;
    }
    if (this.#sockets.size > 0) {
      socket.destroy();
      throw new CoaxError('INTERNAL', 'A lease holds one socket at a time');
    }
    this.#hold(socket);
    this.#state = 'open';
  }

  closeSocket(counted = true): Promise<void> {
    if (!counted) this.noStream();
    if (this.#sockets.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closeWaiters.push(resolve);
    this.#beginClosing();
    return promise;
  }

  noStream(): void {
    if (this.#sockets.size === 0 && this.#counts && this.#closedAt !== null) {
      this.scope.cooling.uncount(this.#closedAt);
      this.#closedAt = this.#closedBefore;
    }
    this.#counts = false;
  }

  report(outcome: LeaseOutcome, broke = false): number | null {
    if (this.#ended) return null;
    if (outcome !== 'accepted') {
      this.noStream();
      this.#refusals += 1;
      return this.#keeper.refused(this, { outcome, broke, count: this.#refusals, connectedAt: this.#connectedAt });
    }
    this.#counts = true;
    this.#refusals = 0;
    this.#accepted = true;
    this.handedOverFor = null;
    this.#keeper.accepted(this, this.#connectedAt);
    return null;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#refusals > 0) this.#keeper.gaveUp(this);
    if (this.#sockets.size > 0) this.#beginClosing();
    else this.#coolOrRelease();
    this.#keeper.leaseChanged(this);
  }

  /** Ends and skips cooling; for a pool that stops. */
  endWithoutCooling(): void {
    this.#cools = false;
    this.end();
    if (this.#state === 'cooling') this.#release();
  }

  #hold(socket: LeasedSocket): void {
    this.#sockets.add(socket);
    this.#counts = true;
    socket.once('close', () => this.#socketClosed(socket));
  }

  #beginClosing(): void {
    this.#state = 'closing';
    this.#capTimer ??= setTimeout(() => this.#giveUpSockets(), closeCapMs);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** True when the lease has ended, holds nothing, and is still there. */
  isStuck(): boolean {
    const late = this.#coolingUntil !== null && performance.now() > this.#coolingUntil + closeCapMs;
    return this.#ended && this.#sockets.size === 0 && (this.#state !== 'cooling' || late);
  }

  /** Leaves at once; for a lease that is stuck. */
  leave(): void {
    if (this.isStuck() && this.#state !== 'released') this.#release();
  }

  /** Drops sockets that have closed without telling. True when there was one. */
  dropClosedSockets(): boolean {
    const silent = [...this.#sockets].filter((socket) => socket.closed);
    for (const socket of silent) this.#socketClosed(socket);
    return silent.length > 0;
  }

  #giveUpSockets(): void {
    this.#keeper.forced(this, 'close');
    for (const socket of this.#sockets) this.#socketClosed(socket);
  }

  #socketClosed(socket: LeasedSocket): void {
    if (!this.#sockets.delete(socket)) return;
    if (this.#counts) {
      this.#closedBefore = this.#closedAt;
      this.#closedAt = performance.now();
      this.scope.cooling.closed(this.#closedAt);
    }
    if (this.#sockets.size > 0) return;
    clearTimeout(this.#capTimer);
    this.#capTimer = undefined;
    if (this.#ended) this.#coolOrRelease();
    else this.#state = 'granted';
    const waiters = this.#closeWaiters;
    this.#closeWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #coolOrRelease(): void {
    const now = performance.now();
    const until =
      !this.#cools || this.#closedAt === null || this.scope.limit === null
        ? now
        : this.#closedAt + this.scope.cooling.ms;
    if (until <= now) return this.#release();
    this.#state = 'cooling';
    this.#coolingUntil = until;
    this.#coolingTimer = setTimeout(() => this.#release(), Math.ceil(until - now));
  }

  #stopCooling(): void {
    clearTimeout(this.#coolingTimer);
    this.#coolingUntil = null;
  }

  #release(): void {
    this.#stopCooling();
    this.#state = 'released';
    this.#resolveReleased();
    this.#keeper.leaseReleased(this);
    // A lease is remembered for a while, what it held is not.
    this.#holder = goneHolder(this.#holder.sessionId);
    this.#party = undefined;
  }

  #adoptStray(socket: LeasedSocket): void {
    if (socket.closed) return;
    const { strays } = this.scope;
    this.#keeper.forced(this, 'late-socket');
    const gone = () => {
      clearTimeout(cap);
      if (strays.delete(socket)) this.#keeper.leaseChanged(this);
    };
    const cap = setTimeout(gone, closeCapMs);
    strays.add(socket);
    socket.once('close', gone);
    socket.destroy();
  }
}
