import type { Account } from '../model/account.ts';
import type { AccountId, LoginKey } from '../model/ids.ts';
import type { CoolingBounds } from './cooling.ts';
import { LoginScope } from './login-scope.ts';
import type { Member, PooledLease } from './pooled-lease.ts';

/** The accounts that may be used, and the logins they count on. A login stays until its last lease is gone. */
export class AccountBook {
  readonly #bounds: CoolingBounds;
  readonly #members = new Map<AccountId, Member>();
  readonly #scopes = new Map<LoginKey, LoginScope>();

  constructor(bounds: CoolingBounds) {
    this.#bounds = bounds;
  }

  /** Replaces the accounts; those with the same login share the smallest limit any of them names. */
  replace(accounts: readonly Account[]): void {
    this.#members.clear();
    for (const scope of this.#scopes.values()) scope.limit = null;
    for (const account of accounts) {
      const scope = this.#scopeOf(account.loginKey);
      // Panels write 0 for "no limit".
      const limit = account.limit === null || account.limit <= 0 ? null : account.limit;
      if (limit !== null) scope.limit = Math.min(scope.limit ?? limit, limit);
      this.#members.set(account.id, { account, scope });
    }
  }

  get(id: AccountId): Member | undefined {
    return this.#members.get(id);
  }

  all(): Member[] {
    return [...this.#members.values()];
  }

  /** Those of `ids` that exist, in that order. */
  membersOf({ candidates }: { readonly candidates: readonly AccountId[] }): Member[] {
    return candidates.flatMap((id) => this.#members.get(id) ?? []);
  }

  /** Every lease that is not released yet. */
  leases(): PooledLease[] {
    return [...this.#scopes.values()].flatMap((scope) => [...scope.leases]);
  }

  dropUnusedScopes(): void {
    const inUse = new Set(this.all().map((member) => member.scope));
    for (const [key, scope] of this.#scopes) if (!inUse.has(scope) && scope.used === 0) this.#scopes.delete(key);
  }

  #scopeOf(key: LoginKey): LoginScope {
    const known = this.#scopes.get(key);
    if (known !== undefined) return known;
    const scope = new LoginScope(key, this.#bounds);
    this.#scopes.set(key, scope);
    return scope;
  }
}
