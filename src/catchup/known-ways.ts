import { LRUCache } from 'lru-cache';
import type { ArchiveWay } from '../model/archive.ts';
import type { AccountId } from '../model/ids.ts';

const rememberMs = 3_600_000;
const mostAccounts = 2_000;

/** Which form of address worked on an account lately: a panel knows one or two of the many, and each wrong one costs a request. */
export class KnownWays {
  readonly #forms = new LRUCache<string, { readonly form: string; readonly at: number }>({ max: mostAccounts });

  /** The form that worked within the last hour first, the others in their order. */
  order(account: AccountId, ways: readonly ArchiveWay[]): readonly ArchiveWay[] {
    const known = this.#forms.get(account);
    if (known === undefined || performance.now() - known.at > rememberMs) return ways;
    const first = ways.filter(({ form }) => form === known.form);
    return [...first, ...ways.filter(({ form }) => form !== known.form)];
  }

  worked(account: AccountId, { form }: ArchiveWay): void {
    this.#forms.set(account, { form, at: performance.now() });
  }

  /** True when the form was the last that worked, so that it need not be looked at closely again. */
  trusts(account: AccountId, { form }: ArchiveWay): boolean {
    const known = this.#forms.get(account);
    return known?.form === form && performance.now() - known.at <= rememberMs;
  }
}
