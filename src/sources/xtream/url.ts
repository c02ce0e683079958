/** A login of a panel. */
export interface XtreamLogin {
  readonly username: string;
  readonly password: string;
}

/** What a pasted address says: the panel's base (no slash at its end, no login) and the login where the address holds one. */
export interface PanelAddress {
  readonly base: string;
  readonly login?: XtreamLogin;
}

/** Percent-decodes what can be; a lone `%` of a password that was pasted raw stays. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Name and value pairs of a query as PHP reads it: `+` is a blank. A `#` with more pairs behind it belongs to a value pasted raw. */
function queryPairs(query: string): Map<string, string> {
  const hash = query.indexOf('#');
  const cut = hash >= 0 && !query.slice(hash).includes('&') ? query.slice(0, hash) : query;
  const pairs = new Map<string, string>();
  for (const pair of cut.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    if (!pairs.has(name)) pairs.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' ')));
  }
  return pairs;
}

const streamPath = /^(.*?)\/(?:live|movie|series|timeshift)\/([^/]+)\/([^/]+)\/(?:.*\/)?\d+(?:\.\w+)?$/i;

function loginOfUserinfo(userinfo: string | undefined): XtreamLogin | undefined {
  if (userinfo === undefined) return undefined;
  const colon = userinfo.indexOf(':');
  return colon < 0
    ? { username: decode(userinfo), password: '' }
    : { username: decode(userinfo.slice(0, colon)), password: decode(userinfo.slice(colon + 1)) };
}

/**
 * Reads what users paste as the address of a panel: a host, a base with a sub-path, a whole API, `get.php` or stream URL. Undefined
 * when there is no host in it or the scheme is not http(s).
 */
export function parsePanelAddress(pasted: string): PanelAddress | undefined {
  const text = pasted.trim().replace(/^["'<]+|["'>]+$/g, '');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (scheme && !/^https?$/i.test(scheme[1] ?? '')) return undefined;
  const rest = scheme ? text.slice(scheme[0].length) : text.replace(/^\/+/, '');
  const end = rest.search(/[?#]/);
  const beforeQuery = end < 0 ? rest : rest.slice(0, end);
  const pairs = queryPairs(rest[end] === '?' ? rest.slice(end + 1) : '');
  const slash = beforeQuery.indexOf('/');
  const authority = slash < 0 ? beforeQuery : beforeQuery.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const root = `${(scheme?.[1] ?? 'http').toLowerCase()}://${authority.slice(at + 1)}`;
  if (!URL.canParse(root) || /[\s"<>]/.test(authority.slice(at + 1))) return undefined;

  let path = slash < 0 ? '' : beforeQuery.slice(slash);
  const stream = streamPath.exec(path);
  if (stream) path = stream[1] ?? '';
  path = path
    .replace(/\/[^/]*\.php\/*$/i, '')
    .replace(/\/{2,}/g, '/')
    .replace(/\/+$/, '');

  const username = pairs.get('username');
  const login =
    username !== undefined && username !== ''
      ? { username, password: pairs.get('password') ?? '' }
      : stream
        ? { username: decode(stream[2] ?? ''), password: decode(stream[3] ?? '') }
        : loginOfUserinfo(at < 0 ? undefined : authority.slice(0, at));
  const base = new URL(`${root}${path}`).href.replace(/\/+$/, '');
  return login === undefined ? { base } : { base, login };
}

/** True for the address of a panel's playlist: a `get.php` with a login in its query. */
export function isGetPhp(url: string): boolean {
  return /^https?:\/\/[^?#]*\/get\.php\?/i.test(url) && parsePanelAddress(url)?.login !== undefined;
}

/** The address of an API call. Without an action it is the login. */
export function apiUrl(
  base: string,
  login: XtreamLogin,
  action?: string,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const query = { ...(action === undefined ? {} : { action }), ...parameters };
  const more = Object.entries(query).map(([name, value]) => `&${encode(name)}=${encode(value)}`);
  return `${base}/player_api.php?username=${encode(login.username)}&password=${encode(login.password)}${more.join('')}`;
}

/** The address of the whole guide. */
export function xmltvUrl(base: string, login: XtreamLogin): string {
  return `${base}/xmltv.php?username=${encode(login.username)}&password=${encode(login.password)}`;
}

/** The address of a stream; `ext` without a dot, `''` for none. */
export function streamUrl(
  base: string,
  login: XtreamLogin,
  type: 'live' | 'movie' | 'series',
  id: string,
  ext: string,
): string {
  const file = ext === '' ? encode(id) : `${encode(id)}.${encode(ext)}`;
  return `${base}/${type}/${encode(login.username)}/${encode(login.password)}/${file}`;
}
