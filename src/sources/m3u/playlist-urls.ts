import type { SourceConfig } from '../../config/schema.ts';
import { localPath } from '../local-file.ts';
import { panelOf } from '../xtream/panel.ts';
import { isGetPhp } from '../xtream/url.ts';

/**
 * The addresses of a playlist, in order of preference. A panel's playlist is also at its other addresses, with the login of the
 * first account.
 */
export function playlistUrls(source: Pick<SourceConfig, 'id' | 'url' | 'baseUrls' | 'accounts'>): readonly string[] {
  if (localPath(source.url) !== undefined || !isGetPhp(source.url)) return [source.url];
  const { bases, accounts } = panelOf(source);
  const [account] = accounts;
  if (account === undefined) return [source.url];
  const query = new Map<string, string>();
  for (const pair of source.url
    .slice(source.url.indexOf('?') + 1)
    .replace(/#.*$/, '')
    .split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (name !== '' && !/^(?:username|password)$/i.test(name))
      query.set(name, equals < 0 ? '' : pair.slice(equals + 1));
  }
  if (!query.has('type')) query.set('type', 'm3u_plus');
  if (!query.has('output')) query.set('output', 'ts');
  const login = `username=${encodeURIComponent(account.username)}&password=${encodeURIComponent(account.password)}`;
  const rest = [...query].map(([name, value]) => `&${name}=${value}`).join('');
  return bases.map((base) => `${base}/get.php?${login}${rest}`);
}
