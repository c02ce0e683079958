import type { z } from 'zod';
import type { SourceState } from '../../catalog/contract.ts';
import { newId } from '../../config/new-id.ts';
import { decode } from '../../config/problems.ts';
import { secretSegments } from '../../config/secrets.ts';
import type { AccountConfig, SourceConfig } from '../../config/schema.ts';
import { sourceSchema } from '../../config/source-schema.ts';
import { CoaxError } from '../../errors.ts';
import { parsePanelAddress } from '../../sources/xtream/url.ts';
import type { source, sourceCreate, sourcePatch } from '../source-schemas.ts';

type Patch = z.output<typeof sourcePatch>;

/** An address as it may be shown: no userinfo, no query values, no token that is the whole query. A path that carries a login is hidden by `redact`. */
export function shownAddress(address: string, redact: (text: string) => string): string {
  if (!URL.canParse(address)) return redact(address);
  const url = new URL(address);
  url.username = '';
  url.password = '';
  const query = [...url.searchParams].map(([key, value]) =>
    value === '' && secretSegments(key).length > 0 ? '***' : `${encodeURIComponent(key)}=***`,
  );
  url.search = '';
  const hidden = new Set(secretSegments(url.pathname));
  url.pathname = url.pathname
    .split('/')
    .map((segment) => (hidden.has(segment) ? '***' : segment))
    .join('/');
  return redact(url.href) + (query.length === 0 ? '' : `?${query.join('&')}`);
}

/** A proxy without its login, and with a sign that it has one. */
function shownProxy(proxy: string): string {
  return proxy.replace(/^(\w+:\/\/).*@/, '$1***@');
}

/** An address that came back as it was shown means "as it is". */
const kept = (given: string | undefined, before: string): string =>
  given === undefined || given.includes('***') ? before : given;

function patchedAccount(
  before: AccountConfig | undefined,
  patch: { username?: string | undefined; password?: string | undefined; maxConnections?: number | null | undefined },
): AccountConfig {
  return {
    id: before?.id ?? newId('a'),
    username: patch.username ?? before?.username ?? '',
    password: patch.password ?? before?.password ?? '',
    maxConnections: patch.maxConnections === undefined ? (before?.maxConnections ?? null) : patch.maxConnections,
  };
}

function patchedAccounts(before: readonly AccountConfig[], patch: Patch): AccountConfig[] {
  // Who sends a list of logins, and none beside it, means the list.
  const named = patch.username !== undefined || patch.password !== undefined || patch.maxConnections !== undefined;
  if (before.length === 0 && !named && patch.accounts !== undefined && patch.accounts.length > 0)
    return patch.accounts.map((account) => patchedAccount(undefined, account));
  const first = patchedAccount(before[0], patch);
  if (patch.accounts === undefined) return [first, ...before.slice(1)];
  return [
    first,
    ...patch.accounts.map((account) =>
      patchedAccount(
        before.find(({ id }) => id === account.id),
        account,
      ),
    ),
  ];
}

/** Applies what a client sent; throws BAD_REQUEST with each wrong field. */
export function patchSource(before: SourceConfig, given: Patch): SourceConfig {
  const patch = readPasted(before.kind, given);
  const { username: _u, password: _p, maxConnections: _m, accounts: _a, url, epgUrl, baseUrls, proxy, ...rest } = patch;
  const draft = {
    ...before,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    url: kept(url, before.url),
    epgUrl: kept(epgUrl, before.epgUrl),
    proxy: kept(proxy, before.proxy),
    baseUrls: baseUrls?.map((address, index) => kept(address, before.baseUrls[index] ?? '')) ?? before.baseUrls,
    accounts: before.kind === 'demo' ? [] : patchedAccounts(before.accounts, patch),
  };
  const config = decode(sourceSchema, draft);
  if (config.kind !== 'demo' && config.url === '')
    throw new CoaxError('BAD_REQUEST', 'url must not be empty', {
      details: { fields: [{ field: 'url', message: 'must not be empty' }] },
    });
  if (config.kind === 'xtream' && !/^https?:/i.test(config.url))
    throw new CoaxError('BAD_REQUEST', 'url has to be an http(s) address', {
      details: { fields: [{ field: 'url', message: 'has to be an http(s) address' }] },
    });
  return config;
}

/** People paste whole `get.php` or `player_api.php` addresses, or leave the scheme out: the login and the panel's base are taken from them. */
function readPasted<Body extends Patch>(kind: SourceConfig['kind'], body: Body): Body {
  if (
    kind !== 'xtream' ||
    body.url === undefined ||
    body.url.includes('***') ||
    /^(?:[/\\]|[a-z]:[\\/])/i.test(body.url)
  )
    return body;
  const found = parsePanelAddress(body.url);
  if (found === undefined) return body;
  const { base, login } = found;
  const given = body.username !== undefined && body.username !== '';
  return {
    ...body,
    url: base,
    ...(login === undefined || given ? {} : { username: login.username, password: login.password }),
  };
}

/** A new source from what a client sent. */
export function createSource(body: z.output<typeof sourceCreate>): SourceConfig {
  const { kind, ...given } = body;
  const patch = readPasted(kind, given);
  const blank: SourceConfig = { ...decode(sourceSchema, { id: newId('s'), kind, name: body.name }), accounts: [] };
  return patchSource(blank, patch);
}

/** A source as the API shows it: nothing secret. */
export function sourceView(
  config: SourceConfig,
  state: SourceState,
  nextRefreshAt: number | null,
  redact: (text: string) => string,
): z.input<typeof source> {
  const { id, kind, name, enabled, userAgent, refreshHours, timeZone, multicastInterface, readWith, delivery } = config;
  return {
    id,
    kind,
    name,
    enabled,
    userAgent,
    refreshHours,
    timeZone,
    multicastInterface,
    readWith,
    delivery,
    hasCookies: config.cookies !== '',
    proxy: shownProxy(config.proxy),
    url: shownAddress(config.url, redact),
    epgUrl: shownAddress(config.epgUrl, redact),
    baseUrls: config.baseUrls.map((address) => shownAddress(address, redact)),
    headerNames: Object.keys(config.headers),
    accounts: config.accounts.map((account) => ({
      id: account.id,
      maxConnections: account.maxConnections,
      hasLogin: account.username !== '',
    })),
    state: { parts: state.parts.map((part) => ({ ...part })), nextRefreshAt },
  };
}
