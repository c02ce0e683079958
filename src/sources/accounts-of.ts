import { hash } from 'node:crypto';
import type { SourceConfig } from '../config/schema.ts';
import type { Account } from '../model/account.ts';
import type { AccountId, LoginKey, SourceId } from '../model/ids.ts';
import { implicitAccountId, panelOf } from './xtream/panel.ts';
import { isGetPhp, parsePanelAddress } from './xtream/url.ts';

/** What was learned of the accounts of a source by logging in, by account id. */
export interface KnownLogins {
  /** 0 is no limit. */
  readonly maxConnections?: Readonly<Record<string, number>>;
  /** `ts`, `m3u8`, ...; what the panel says its streams may be. */
  readonly formats?: readonly string[];
  /** The zone of the panel's clock, in which its archive is asked for. */
  readonly timeZone?: string;
}

const loginKey = (place: string, username: string): LoginKey =>
  hash('sha256', `${place}\n${username}`, 'hex').slice(0, 32) as LoginKey;

/** Host and port of an address in one spelling; the default port is written out, so that `http://h` and `http://h:80` are one. */
function hostAndPort(base: string): string {
  const url = URL.parse(base);
  if (url === null) return base;
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return `${url.hostname.replace(/\.$/, '')}:${port}`;
}

interface Login {
  readonly id: string;
  readonly key: LoginKey;
  /** What counts when neither the configuration nor the provider says how many connections there may be. */
  readonly otherwise: number | null;
}

function loginsOf(source: SourceConfig): readonly Login[] {
  if (source.kind === 'xtream' || (source.kind === 'm3u' && isGetPhp(source.url))) {
    const { bases, accounts } = panelOf(source);
    const place = hostAndPort(bases[0] ?? '');
    return accounts.map(({ id, username }) => ({ id, key: loginKey(place, username), otherwise: 1 }));
  }
  // A plain playlist names no login: each one counts for itself unless the configuration gives a user name.
  const host = parsePanelAddress(source.url)?.base;
  const ids = source.accounts.length > 0 ? source.accounts : [{ id: implicitAccountId(source.id), username: '' }];
  return ids.map(({ id, username }) => ({
    id,
    key:
      username !== '' && host !== undefined
        ? loginKey(hostAndPort(host), username)
        : loginKey(`${source.kind}:${source.id}`, id),
    otherwise: null,
  }));
}

/**
 * The accounts of a source. Sources with the same host, port and user name share a login key, and so the limit. The limit is the
 * configured one (0 is none), else the provider's last word, else one connection for a panel and none for a plain playlist.
 */
export function accountsOf(source: SourceConfig, known: KnownLogins = {}): readonly Account[] {
  const limits = new Map(source.accounts.map(({ id, maxConnections }) => [id, maxConnections]));
  return loginsOf(source).map(({ id, key, otherwise }, index) => {
    const told = limits.get(id) ?? known.maxConnections?.[id];
    return {
      id: id as AccountId,
      sourceId: source.id as SourceId,
      loginKey: key,
      label: index === 0 ? source.name : `${source.name} #${index + 1}`,
      limit: told === undefined ? otherwise : told <= 0 ? null : told,
    };
  });
}
