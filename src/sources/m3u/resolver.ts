import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { Account } from '../../model/account.ts';
import type { ArchiveWay, ArchiveWindow } from '../../model/archive.ts';
import type { AccountId } from '../../model/ids.ts';
import type { Catchup, StreamLocator } from '../../model/items.ts';
import type { HttpUpstreamRequest, UpstreamRequest } from '../../model/upstream-request.ts';
import { accountsOf, type KnownLogins } from '../accounts-of.ts';
import type { BaseUrlHealth } from '../base-url-health.ts';
import type { StreamResolver } from '../contract.ts';
import { requestHeaders, sendableHeaders } from '../request-headers.ts';
import { panelOf } from '../xtream/panel.ts';
import { isGetPhp, parsePanelAddress, type XtreamLogin } from '../xtream/url.ts';
import { catchupAddresses } from './catchup-template.ts';
import { otherRequest, type OtherSchemeOptions } from './other-schemes.ts';
import { withLogin } from './rewrite-login.ts';

/** Builds upstream requests for the entries of a playlist; where the source has several accounts, with the login of the one asked for. */
export class M3uResolver implements StreamResolver {
  readonly accounts: readonly Account[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #logins: ReadonlyMap<string, XtreamLogin>;
  readonly #known: readonly XtreamLogin[];
  /** The addresses of the panel that gave the playlist; empty for a plain playlist. */
  readonly #bases: readonly string[];
  readonly #health: BaseUrlHealth | undefined;
  readonly #other: Omit<OtherSchemeOptions, 'headers'>;
  readonly #zone: string | undefined;

  constructor(source: SourceConfig, known: KnownLogins = {}, options: { readonly health?: BaseUrlHealth } = {}) {
    this.#bases = isGetPhp(source.url) ? panelOf(source).bases : [];
    this.#health = options.health;
    this.#zone = source.timeZone === '' ? known.timeZone : source.timeZone;
    this.#other = { multicastInterface: source.multicastInterface, webByFfmpeg: source.readWith === 'ffmpeg' };
    this.accounts = accountsOf(source, known);
    this.#headers = requestHeaders(source);
    const inUrl = parsePanelAddress(source.url)?.login;
    const configured = source.accounts.filter(({ username }) => username !== '');
    this.#logins = new Map(configured.map(({ id, username, password }) => [id, { username, password }]));
    this.#known = inUrl === undefined ? configured : [inUrl, ...configured];
  }

  /** The entry's own headers win over the source's. Throws NO_STREAM for what nobody can open. */
  resolve(locator: StreamLocator, account: AccountId): UpstreamRequest {
    if (locator.kind !== 'url') throw new CoaxError('NO_STREAM', 'The stream is not of a playlist');
    if (!this.accounts.some(({ id }) => id === account))
      throw new CoaxError('NO_STREAM', 'The source has no such account');
    const login = this.#logins.get(account);
    const url = login === undefined ? locator.url : withLogin(locator.url, this.#known, login);
    const headers = { ...this.#headers, ...sendableHeaders(locator.headers ?? {}) };
    const other = otherRequest(url, { headers, ...this.#other });
    return other ?? this.#web(url, headers);
  }

  #web(url: string, headers: Readonly<Record<string, string>>): HttpUpstreamRequest {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
    if (scheme !== 'http' && scheme !== 'https')
      throw new CoaxError('NO_STREAM', `Streams over ${scheme ?? 'something unknown'} can not be played`);
    return { kind: 'http', urls: this.#everywhere(url), headers };
  }

  /** The archive of an entry, as its `catchup` says; with the login of the account, as the stream itself. */
  archive(locator: StreamLocator, catchup: Catchup, account: AccountId, window: ArchiveWindow): readonly ArchiveWay[] {
    const found = this.resolve(locator, account);
    // Archives are files: they come over HTTP whoever reads the live streams.
    const isWeb = found.kind === 'ffmpeg' && found.protocol === 'http';
    const live = isWeb ? this.#web(found.url, found.headers) : found;
    const [url] = live.kind === 'http' ? live.urls : [];
    if (live.kind !== 'http' || url === undefined) return [];
    const login = this.#logins.get(account);
    return catchupAddresses(url, catchup, window, this.#zone).map(({ url: address, ...way }) => {
      const own = login === undefined ? address : withLogin(address, this.#known, login);
      return { ...way, request: { ...live, urls: this.#everywhere(own) } };
    });
  }

  /** The same stream at the other addresses of its panel, too. */
  #everywhere(url: string): readonly string[] {
    const base = this.#bases.find((one) => url.startsWith(`${one}/`));
    if (base === undefined) return [url];
    const urls = [url, ...this.#bases.filter((one) => one !== base).map((one) => one + url.slice(base.length))];
    return this.#health?.order(urls) ?? urls;
  }
}
