import type { Lease } from '../accounts/lease.ts';
import type { AccountId } from '../model/ids.ts';
import type { PlayableFile } from './contract.ts';
import type { ProviderRefusal } from './upstream-range.ts';

/** Which accounts a session may use: those that serve the file it began with, as the provider's refusals leave them. */
export class AccountChoice {
  #file: PlayableFile;
  #pinned: string | null = null;
  readonly #refusedBy = new Set<AccountId>();

  constructor(file: PlayableFile) {
    this.#file = file;
  }

  /** Takes the accounts of a newer request. */
  update(file: PlayableFile): void {
    this.#file = file;
  }

  /** Names the file that an account serves. */
  fileOf(account: AccountId): string {
    return this.#file.fileOf?.(account) ?? this.#file.itemId;
  }

  /** The file of the session; while it has not begun, the one that is preferred. */
  get file(): string {
    const [first] = this.candidates;
    return this.#pinned ?? (first === undefined ? this.#file.itemId : this.fileOf(first));
  }

  /** The session has begun with this file: bytes of another one never follow. */
  pin(file: string): void {
    this.#pinned = file;
  }

  /** Those that have not refused the file; all when each has. */
  get candidates(): readonly AccountId[] {
    const open = this.#own.filter((account) => !this.#refusedBy.has(account));
    return open.length > 0 ? open : this.#own;
  }

  get #own(): readonly AccountId[] {
    const pinned = this.#pinned;
    return pinned === null
      ? this.#file.accounts
      : this.#file.accounts.filter((account) => this.fileOf(account) === pinned);
  }

  /** The provider serves: earlier refusals are over. */
  accepted(lease: Lease): void {
    lease.report('accepted');
    this.#refusedBy.clear();
  }

  /** The account does not have the file. False when no other one is left. */
  lacks(account: AccountId): boolean {
    this.#refusedBy.add(account);
    return this.#own.some((one) => !this.#refusedBy.has(one));
  }

  /** The file can not be had, on whatever account. False when the session has begun with it, or there is no other file. */
  lacksFile(account: AccountId): boolean {
    if (this.#pinned !== null) return false;
    const file = this.fileOf(account);
    for (const one of this.#own) if (this.fileOf(one) === file) this.#refusedBy.add(one);
    return this.#own.some((one) => !this.#refusedBy.has(one));
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
    if (this.lacks(lease.accountId)) return 'another';
    this.#refusedBy.clear();
    return 'none';
  }
}
