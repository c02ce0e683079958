import type { AccountId, LoginKey, SourceId } from './ids.ts';

/** One login at a provider. `limit` is how many connections it allows; null is unlimited. */
export interface Account {
  readonly id: AccountId;
  readonly sourceId: SourceId;
  readonly loginKey: LoginKey;
  readonly label: string;
  readonly limit: number | null;
}
