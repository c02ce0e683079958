import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { Account } from '../../model/account.ts';
import type { ArchiveWay, ArchiveWindow } from '../../model/archive.ts';
import type { AccountId } from '../../model/ids.ts';
import type { Catchup, StreamLocator } from '../../model/items.ts';
import type { UpstreamRequest } from '../../model/upstream-request.ts';
import { accountsOf, type KnownLogins } from '../accounts-of.ts';
import type { BaseUrlHealth } from '../base-url-health.ts';
import type { StreamResolver } from '../contract.ts';
import { requestHeaders } from '../request-headers.ts';
import { type Panel, panelOf } from './panel.ts';
import { timeshiftWays } from './timeshift.ts';
import { streamUrl } from './url.ts';

export interface XtreamResolverOptions {
  readonly health?: BaseUrlHealth;
  /**
   * When a `direct_source` is asked. `last` (the default): after the panel's own addresses, when none of them can be reached or has the
   * stream (404, 410), or when none can be built; another refusal is final. Few panels mean it to be used, and it goes round the panel's
   * count. `first`: before the panel's addresses. It is someone else's server: it gets no headers that may be secret.
   */
  readonly direct?: 'last' | 'first';
}

/** The media client tries few addresses; the direct one must be among them. */
const mostOwnBesideDirect = 3;

/** Builds stream addresses of a panel on any of its logins and addresses. */
export class XtreamResolver implements StreamResolver {
  readonly accounts: readonly Account[];
  readonly #panel: Panel;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: XtreamResolverOptions;
  readonly #formats: readonly string[];
  readonly #zone: string | undefined;

  constructor(source: SourceConfig, known: KnownLogins = {}, options: XtreamResolverOptions = {}) {
    this.accounts = accountsOf(source, known);
    this.#panel = panelOf(source);
    this.#headers = requestHeaders(source);
    this.#options = options;
    this.#formats = known.formats ?? [];
    this.#zone = source.timeZone === '' ? known.timeZone : source.timeZone;
  }

  /** Candidates are ordered by the health of their address. Throws NO_STREAM for a locator or an account that is not of this source. */
  resolve(locator: StreamLocator, account: AccountId): UpstreamRequest {
    if (locator.kind !== 'xtream') throw new CoaxError('NO_STREAM', 'The stream is not of an Xtream panel');
    const login = this.#panel.accounts.find(({ id }) => id === account);
    if (login === undefined) throw new CoaxError('NO_STREAM', 'The source has no such account');
    const { health, direct = 'last' } = this.#options;
    const bases = health?.order(this.#panel.bases) ?? this.#panel.bases;
    const own =
      login.username === ''
        ? []
        : this.#extensions(locator.type, locator.ext).flatMap((ext) =>
            bases.map((base) => streamUrl(base, login, locator.type, locator.id, ext)),
          );
    const other = locator.direct;
    if (other === undefined) {
      if (own.length === 0) throw new CoaxError('NO_STREAM', 'The account has no user name');
      return { kind: 'http', urls: own, headers: this.#headers };
    }
    const mine = own.slice(0, mostOwnBesideDirect);
    const urls = direct === 'first' ? [other, ...mine] : [...mine, other];
    return { kind: 'http', urls, foreignUrls: [other], headers: this.#headers };
  }

  /** Every form that panels know, each at all addresses of the panel. */
  archive(locator: StreamLocator, _catchup: Catchup, account: AccountId, window: ArchiveWindow): readonly ArchiveWay[] {
    const login = this.#panel.accounts.find(({ id }) => id === account);
    if (locator.kind !== 'xtream' || locator.type !== 'live' || login === undefined || login.username === '') return [];
    const bases = this.#options.health?.order(this.#panel.bases) ?? this.#panel.bases;
    return timeshiftWays(bases, login, locator.id, window, this.#zone).map(({ urls, ...way }) => ({
      ...way,
      request: { kind: 'http', urls, headers: this.#headers },
    }));
  }

  /** One connection costs less than a request for each segment, so HLS is for panels that list nothing else; many of them serve `.ts` still. */
  #extensions(type: 'live' | 'movie' | 'series', ext: string): readonly string[] {
    const isListed = type === 'live' && ext === 'ts' && this.#formats.includes('m3u8') && !this.#formats.includes('ts');
    return isListed ? ['m3u8', ext] : [ext];
  }
}
