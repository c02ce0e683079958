import type { Config, SourceConfig } from './schema.ts';

const secretHeader = /^(authorization|proxy-authorization|cookie|x-.*(?:token|key|auth).*)$/i;

/** Every secret of one source, in the forms in which it is kept: logins, passwords in addresses, tokens in queries, secret headers. */
export function secretsOfSource(source: SourceConfig): string[] {
  const found: string[] = [];
  for (const { username, password } of source.accounts) found.push(username, password, `${username}:${password}`);
  for (const address of [source.url, source.epgUrl, ...source.baseUrls]) found.push(...secretsOfAddress(address));
  for (const [name, value] of Object.entries(source.headers))
    if (secretHeader.test(name)) found.push(value, value.replace(/^\S+\s+/, ''), ...cookieValues(name, value));
  found.push(...secretsOfRequest({ headers: { cookie: source.cookies }, proxy: source.proxy }));
  return found.filter((text) => text !== '');
}

/** Those of what an admin set for a channel: the login of its proxy, its cookies and whatever its headers carry. */
export function secretsOfRequest({ headers = {}, proxy = '' }: RequestSecrets): string[] {
  const found = Object.entries(headers).flatMap(([name, value]) =>
    secretHeader.test(name) ? [value, value.replace(/^\S+\s+/, ''), ...cookieValues(name, value)] : [],
  );
  const { username = '', password = '' } = URL.parse(proxy) ?? {};
  if (username !== '' || password !== '')
    for (const [user, word] of [
      [username, password],
      [decoded(username), decoded(password)],
    ])
      found.push(user ?? '', word ?? '', `${user}:${word}`);
  return found.filter((text) => text !== '');
}

interface RequestSecrets {
  readonly headers?: Readonly<Record<string, string>>;
  readonly proxy?: string;
}

/** The single values of a Cookie header; those that may be plain words are too short to hide. */
function cookieValues(name: string, value: string): string[] {
  if (name.toLowerCase() !== 'cookie') return [];
  return value.split(';').flatMap((pair) => {
    const text = pair.slice(pair.indexOf('=') + 1).trim();
    return text.length >= 6 ? [text] : [];
  });
}

/** The secrets an address may hold: userinfo, values of the query, and what stands in it alone and is no plain word. */
export function secretsOfAddress(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const url = new URL(address);
  const values = [url.username, url.password].flatMap((text) => [text, decoded(text)]);
  const harmless = /^(type|output|action|format|days|prev_days|next_days|limit)$/i;
  for (const [key, value] of url.searchParams)
    if (!harmless.test(key)) values.push(value, ...(value === '' ? secretSegments(key) : []));
  values.push(...secretSegments(url.pathname).flatMap((segment) => [segment, decoded(segment)]));
  return values.filter((text) => text !== '');
}

/** What must never be seen outside, by owner. */
export function secretsOfConfig(config: Config): Map<string, string[]> {
  const owners = new Map(config.sources.map((source) => [`source ${source.id}`, secretsOfSource(source)]));
  owners.set(
    'outputs',
    config.outputs.map(({ token }) => token),
  );
  owners.set(
    'hosts',
    config.hosts.flatMap(({ apiKey, url }) => [apiKey, ...secretsOfAddress(url)]).filter((text) => text !== ''),
  );
  return owners;
}

/**
 * Parts of a path that may be a token or a login: those that are neither a plain word nor the name of a list. `playlist`, `xmltv.php` and
 * `guide.xml.gz` are shown; `path-token-5511aaff` and `u82ksl` are not.
 */
export function secretSegments(path: string): string[] {
  const plain =
    /^(?:[a-z]{1,14}(?:[_.-][a-z]{1,14})?|v?\d{1,2}|[\w.-]{1,60}\.(?:php|m3u8?|xml|gz|xz|zip|txt|json|ts))$/i;
  return path.split('/').filter((segment) => segment !== '' && !plain.test(segment));
}

/** A lone % is no encoding: then the text stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
