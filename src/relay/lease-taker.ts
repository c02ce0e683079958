import type { Lease, LeaseHolder, LeaseParty, Leases } from '../accounts/lease.ts';
import { CoaxError } from '../errors.ts';
import type { Viewer } from '../model/viewer.ts';
import type { Candidate, Candidates } from './candidates.ts';
import type { LivePurpose } from './contract.ts';

export interface LeaseTakerOptions {
  readonly leases: Leases;
  readonly holder: LeaseHolder;
  readonly viewer: Viewer;
  readonly purpose: LivePurpose;
  readonly party: LeaseParty;
  readonly signal: AbortSignal;
  /** See `FeedHome.claim`. */
  readonly claim: (candidate: Candidate) => boolean;
  /** Takes a lease that came from the queue, in the turn of its grant: whoever closes the relay meanwhile has to find it. */
  readonly keep: (lease: Lease) => void;
}

/** A way to play a channel, with the right to. */
export interface Granted {
  readonly candidate: Candidate;
  readonly lease: Lease;
}

/** Gets the leases of a relay: in this turn where a connection is free, or in the queue. */
export class LeaseTaker {
  readonly #options: LeaseTakerOptions;

  constructor(options: LeaseTakerOptions) {
    this.#options = options;
  }

  /** The best of these that can be opened in this turn: on `kept`, or on a lease that is free. Null when there is none. */
  free(candidates: Candidates, kept: Lease | null): Granted | null {
    const { leases, holder, viewer, purpose, party, claim } = this.#options;
    let lease: Lease | null = null;
    const candidate = candidates.takeFirst((each) => {
      const request = { candidates: [each.account], viewer, party, zaps: true, purpose, holder };
      lease = kept?.accountId === each.account ? kept : leases.tryAcquire(request);
      return lease !== null;
    });
    if (candidate === undefined || lease === null) return null;
    return claim(candidate) ? { candidate, lease } : this.#refused(lease, kept);
  }

  /** Waits in the queue for the first of these that comes free. Rejects as `Leases.acquire`; NO_STREAM when another channel was faster. */
  async waitFor(candidates: Candidates, deadlineMs?: number): Promise<Granted> {
    const { leases, holder, viewer, purpose, party, signal, claim, keep } = this.#options;
    const lease = await leases.acquire({
      candidates: candidates.accounts,
      viewer,
      party,
      zaps: true,
      purpose,
      holder,
      signal,
      ...(deadlineMs === undefined ? {} : { deadlineMs: Math.max(0, deadlineMs) }),
    });
    keep(lease);
    const candidate = candidates.take(lease.accountId);
    if (candidate !== undefined && !signal.aborted && claim(candidate)) return { candidate, lease };
    lease.end();
    throw signal.aborted
      ? new CoaxError('CANCELLED')
      : new CoaxError('NO_STREAM', 'Another channel plays this stream now');
  }

  #refused(lease: Lease, kept: Lease | null): null {
    if (lease !== kept) lease.end();
    return null;
  }
}
