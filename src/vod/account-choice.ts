import type { Lease } from '../accounts/lease.ts';
import type { AccountId } from '../model/ids.ts';
import type { ProviderRefusal } from './upstream-range.ts';

/** Which accounts a session may use, as the provider's refusals leave them. */
export class AccountChoice {
  #accounts: readonly AccountId[];
  readonly #refusedBy = new Set<AccountId>();

  constructor(accounts: readonly AccountId[]) {
    this.#accounts = accounts;
  }

  /** Takes the accounts of a newer request. */
  update(accounts: readonly AccountId[]): void {
    this.#accounts = accounts;
  }

  /** Those that have not refused the file; all when each has. */
  get candidates(): readonly AccountId[] {
    const open = this.#accounts.filter((account) => !this.#refusedBy.has(account));
    return open.length > 0 ? open : this.#accounts;
  }

  /** The provider serves: earlier refusals are over. */
  accepted(lease: Lease): void {
    lease.report('accepted');
    this.#refusedBy.clear();
  }

  /** The account does not have the file. False when no other one is left. */
  lacks(account: AccountId): boolean {
    this.#refusedBy.add(account);
    return this.#accounts.some((one) => !this.#refusedBy.has(one));
  }

  /** How to go on after a refusal: after so many milliseconds on the same lease, on another account, or not at all. */
  refused(lease: Lease, refusal: ProviderRefusal): number | 'another' | 'none' {
    const waitMs = lease.report(
      refusal.capacity === 'yes' ? 'refused' : 'doubtful',
      refusal.code === 'UPSTREAM_UNREACHABLE',
    );
    if (waitMs !== null) return waitMs;
    // A reset says nothing about this account.
    if (refusal.code === 'UPSTREAM_UNREACHABLE') return 'none';
    this.#refusedBy.add(lease.accountId);
    if (this.#accounts.some((account) => !this.#refusedBy.has(account))) return 'another';
    this.#refusedBy.clear();
    return 'none';
  }
}
