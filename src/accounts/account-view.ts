import type { Account } from '../model/account.ts';
import type { AccountId, LeaseId, SourceId } from '../model/ids.ts';
import type { LeasePurpose, LeaseState } from './lease.ts';
import type { LoginScope, RefusalCounts } from './login-scope.ts';
import type { PooledLease } from './pooled-lease.ts';

export interface LeaseView {
  readonly id: LeaseId;
  readonly state: LeaseState;
  readonly purpose: LeasePurpose;
  /** The viewer's label. */
  readonly viewer: string;
  /** Unix milliseconds of the grant. */
  readonly since: number;
}

/** One account as `GET /api/v1/accounts` shows it. Cooling, external use and refusals are those of its login. */
export interface AccountView {
  readonly id: AccountId;
  readonly sourceId: SourceId;
  readonly label: string;
  /** The limit in force: the smallest of the accounts that share the login; null is unlimited. */
  readonly limit: number | null;
  /** Leases of this account that are not cooling. */
  readonly leases: readonly LeaseView[];
  /** How many closed connections the provider may still count. */
  readonly cooling: number;
  /** How long a closed connection is counted, as learned. */
  readonly coolingMs: number;
  /** Connections of other programs on the same login, as far as known. */
  readonly external: number;
  readonly waiters: number;
  /** More leases than the limit allows, after it was lowered. */
  readonly overLimit: boolean;
  /** The account is gone from the configuration; its last leases are ending. */
  readonly removed: boolean;
  readonly refusals: Readonly<RefusalCounts>;
}

/** Reads an account's state from the live objects. `own`: its leases, also those on a login it had before. */
function accountView(
  account: Account,
  scope: LoginScope,
  own: readonly PooledLease[],
  waiters: number,
  removed: boolean,
): AccountView {
  const active = own.filter((lease) => lease.state !== 'cooling');
  return {
    id: account.id,
    sourceId: account.sourceId,
    label: account.label,
    limit: scope.limit,
    leases: active.map(({ id, state, purpose, viewer, since }) => ({
      id,
      state,
      purpose,
      viewer: viewer.label,
      since,
    })),
    cooling: own.length - active.length,
    coolingMs: Math.round(scope.cooling.ms),
    external: scope.external.count(performance.now()),
    waiters,
    overLimit: scope.limit !== null && scope.used > scope.limit,
    removed,
    refusals: { ...scope.refusals },
  };
}

interface Place {
  readonly account: Account;
  readonly scope: LoginScope;
}

/** Every account, then those that are gone from the configuration and still hold leases. */
export function accountViews(
  present: readonly Place[],
  leases: readonly (PooledLease & { readonly member: Place })[],
  waitersOf: (account: AccountId) => number,
): AccountView[] {
  const view = ({ account, scope }: Place, removed: boolean): AccountView =>
    accountView(
      account,
      scope,
      leases.filter((lease) => lease.accountId === account.id),
      waitersOf(account.id),
      removed,
    );
  const known = new Set(present.map(({ account }) => account.id));
  const leaving = leases.filter((lease) => !known.has(lease.accountId)).map((lease) => lease.member);
  return [...present.map((place) => view(place, false)), ...[...new Set(leaving)].map((place) => view(place, true))];
}
