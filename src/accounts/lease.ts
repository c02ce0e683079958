import type { CoaxError } from '../errors.ts';
import type { AccountId, LeaseId, SessionId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';

export const leaseStates = ['granted', 'connecting', 'open', 'closing', 'cooling', 'released'] as const;
/** `cooling`: the socket is closed, the provider may still count it. */
export type LeaseState = (typeof leaseStates)[number];

export const leasePurposes = ['recording', 'live', 'vod', 'catchup', 'pretune', 'probe'] as const;
export type LeasePurpose = (typeof leasePurposes)[number];

/** See `Lease.report`. */
export type LeaseOutcome = 'accepted' | 'refused' | 'doubtful';

/** What the lease needs of a socket towards a provider: a `net.Socket` is one. */
export interface LeasedSocket {
  readonly closed: boolean;
  once(event: 'close', listener: () => void): unknown;
  destroy(error?: Error): unknown;
}

/**
 * The session that holds a lease. The pool asks it for the slot back; the session answers by closing its upstream.
 * Both are called synchronously and must not throw.
 */
export interface LeaseHolder {
  readonly sessionId: SessionId;
  /** True while nobody consumes (a lingering relay, a paused VOD session): the slot may be taken for anyone who waits. */
  isIdle(): boolean;
  /** What the lease serves now, where that changes as viewers and recordings come and go; that of the request when absent. */
  purpose?(): LeasePurpose;
  /** True when `viewer` is the only one served, so that their next channel may take the slot (design C5). */
  isSoleViewer(viewer: Viewer): boolean;
  /**
   * Close the upstream now: the slot is wanted. The lease ends when its socket has closed. `by` is what takes it over where that is not
   * the same viewer's next wish.
   */
  yieldSlot(reason: 'taken-over' | 'idle' | 'stopped', by?: LeasePurpose): void;
}

/** Several viewers who wait for one lease, read from the live objects whenever it matters. */
export interface LeaseParty {
  /** Everybody who waits; the slot of any of them may be handed over. */
  viewers(): readonly Viewer[];
  /**
   * Somebody may have waited for `waitMs`, which is all one gets: turns those away with `error` and tells after how many milliseconds
   * the next one's time is over. 0 when nobody has time left, whoever is still there: then the request is refused.
   */
  expire(waitMs: number, error: CoaxError): number;
}

export interface LeaseRequest {
  /** Accounts that can serve, in order of preference. */
  readonly candidates: readonly AccountId[];
  /** Who asks; of a party, the first. */
  readonly viewer: Viewer;
  readonly party?: LeaseParty;
  /**
   * Somebody switches channels: while no slot is free, older requests of the same viewer that say so too and still wait are refused
   * with TAKEN_OVER. Requests of another purpose never are.
   */
  readonly zaps?: boolean;
  /** See `LeaseHolder.purpose`. A `pretune` never waits: it is granted where connections are to spare, or refused at once. */
  readonly purpose: LeasePurpose;
  readonly holder: LeaseHolder;
  readonly signal: AbortSignal;
  /** How long to wait for a slot; the pool's default (12 s), for each of a party, when absent. */
  readonly deadlineMs?: number;
}

/**
 * The right to hold ONE upstream socket on an account, from before connect until after close plus cooling.
 * `end` is the one way out: idempotent, safe in every state, and synchronous up to destroying the socket.
 */
export interface Lease {
  readonly id: LeaseId;
  readonly accountId: AccountId;
  readonly state: LeaseState;
  /** What it serves now. */
  readonly purpose: LeasePurpose;
  readonly viewer: Viewer;
  /** Unix milliseconds of the grant. */
  readonly since: number;
  /** Before each connect. Throws if a socket is attached and not yet closed, or if the lease has ended. */
  connecting(): void;
  /**
   * Ties a socket to the lease, as soon as it exists (before it is connected). One at a time; a redirect's first socket must have closed.
   * When the lease has ended meanwhile, the socket is destroyed at once.
   */
  attach(socket: LeasedSocket): void;
  /**
   * Destroys the socket and resolves when it has closed; the lease stays, for a reconnect or another range. `counted` is false for a
   * socket that never carried a stream (a redirect, a failed connect): the provider does not count it, so it needs no cooling.
   */
  closeSocket(counted?: boolean): Promise<void>;
  /** The present socket, or the one that closed last, carried no stream (an error page): the provider does not count it. */
  noStream?(): void;
  /**
   * What the provider answered, so that the pool can learn cooling and external use: `refused` is a capacity refusal, `doubtful` an
   * answer that may be one (a 403, a reset before the first byte): it counts only shortly after a close of our own.
   * `broke`: nothing was answered at all, the connection was reset; a fresh start is no reason for that.
   * Resolves with how long to wait before trying again on this lease, or null when trying again is no use.
   */
  report(outcome: LeaseOutcome, broke?: boolean): number | null;
  /**
   * How long to wait before the next connect on this lease, in milliseconds, because the provider may still count the socket that
   * closed last and the account is full; 0 (or absent) when there is no reason to wait.
   */
  readonly reopenDelayMs?: number;
  /** True while other streams of ours run on the same login: when one ends, a provider that is full may not be any more. */
  readonly hasCompany?: boolean;
  /** True while the provider is believed to be full with what others use of the login: a doubtful refusal comes from that. */
  readonly usedByOthers?: boolean;
  /** Gives the slot back. */
  end(): void;
  /** Resolves once the lease is `released`. */
  readonly released: Promise<void>;
}

export interface Leases {
  /** Rejects with NO_CAPACITY at the deadline, CANCELLED on abort, TAKEN_OVER when the viewer asks for something else meanwhile. */
  acquire(request: LeaseRequest): Promise<Lease>;
  /** Grants in this turn or returns null; never waits, never takes a slot from anyone. */
  tryAcquire(request: Omit<LeaseRequest, 'signal' | 'deadlineMs'>): Lease | null;
  /** Somebody has joined the party that waits for this holder's lease: looks again whose slot could be taken. */
  retry?(holder: LeaseHolder): void;
  /** True when the holder waits for a slot and none is on its way; absent where nobody knows. */
  isHopeless?(holder: LeaseHolder): boolean;
  /** True when somebody waits for a slot that an idle holder of this account could free. */
  hasWaiters(account: AccountId): boolean;
}
