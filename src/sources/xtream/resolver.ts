import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { Account } from '../../model/account.ts';
import type { AccountId } from '../../model/ids.ts';
import type { StreamLocator } from '../../model/items.ts';
import type { UpstreamRequest } from '../../model/upstream-request.ts';
import { accountsOf, type KnownLogins } from '../accounts-of.ts';
import type { BaseUrlHealth } from '../base-url-health.ts';
import type { StreamResolver } from '../contract.ts';
import { requestHeaders } from '../request-headers.ts';
import { type Panel, panelOf } from './panel.ts';
import { streamUrl } from './url.ts';

export interface XtreamResolverOptions {
  readonly health?: BaseUrlHealth;
  /**
   * What a `direct_source` is for. `needed` (the default): only when the panel's own address can not be built. Few panels mean it to be
   * used, it may be another provider's login, and it goes round the panel's count. `first`: before the panel's address.
   */
  readonly direct?: 'needed' | 'first';
}

/** Builds stream addresses of a panel on any of its logins and addresses. */
export class XtreamResolver implements StreamResolver {
  readonly accounts: readonly Account[];
  readonly #panel: Panel;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #formats: readonly string[];
  readonly #options: XtreamResolverOptions;

  constructor(source: SourceConfig, known: KnownLogins = {}, options: XtreamResolverOptions = {}) {
    this.accounts = accountsOf(source, known);
    this.#panel = panelOf(source);
    this.#headers = requestHeaders(source);
    this.#formats = known.formats ?? [];
    this.#options = options;
  }

  /** Candidates are ordered by the health of their address. Throws NO_STREAM for a locator or an account that is not of this source. */
  resolve(locator: StreamLocator, account: AccountId): UpstreamRequest {
    if (locator.kind !== 'xtream') throw new CoaxError('NO_STREAM', 'The stream is not of an Xtream panel');
    const login = this.#panel.accounts.find(({ id }) => id === account);
    if (login === undefined) throw new CoaxError('NO_STREAM', 'The source has no such account');
    const { health, direct = 'needed' } = this.#options;
    const bases = health?.order(this.#panel.bases) ?? this.#panel.bases;
    const exts = this.#extensions(locator.type, locator.ext);
    const own =
      login.username === ''
        ? []
        : exts.flatMap((ext) => bases.map((base) => streamUrl(base, login, locator.type, locator.id, ext)));
    const useDirect = locator.direct !== undefined && (own.length === 0 || direct === 'first');
    const urls = useDirect ? [locator.direct, ...own] : own;
    if (urls.length === 0) throw new CoaxError('NO_STREAM', 'The account has no user name');
    return { kind: 'http', urls, headers: this.#headers };
  }

  /** A panel that only lists `m3u8` mostly serves `.ts` as well, and one socket is easier to count: it is tried first. */
  #extensions(type: 'live' | 'movie' | 'series', ext: string): readonly string[] {
    const onlyHls = type === 'live' && this.#formats.includes('m3u8') && !this.#formats.includes('ts');
    return onlyHls && ext === 'ts' ? ['ts', 'm3u8'] : [ext];
  }
}
