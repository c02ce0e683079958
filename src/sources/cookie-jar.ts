import { Cookie, CookieJar, getPublicSuffix } from 'tough-cookie';

/** What one provider may leave behind in a session. */
const mostCookies = 200;
const mostPerAnswer = 50;
const longestCookie = 8_192;

/**
 * The cookies of one session towards one provider: an opened stream with its redirects, an HLS session, the answers of a panel. It
 * begins with those that the configuration or the playlist gives for the home site, and lives as long as the session: jars are never
 * shared and never kept.
 */
export class SessionCookies {
  readonly #jar = new CookieJar(null, { looseMode: true });
  readonly #given: ReadonlyMap<string, string>;
  readonly #home: ReadonlySet<string>;
  readonly #names = new Set<string>();

  /** `given` is a Cookie header's value; it goes to the sites of these hosts only. */
  constructor(given: string | undefined, home: Iterable<string>) {
    this.#given = pairsOf(given ?? '');
    this.#home = new Set([...home].map(siteOf));
  }

  /** The Cookie header for a request; undefined where there is none. What the provider set last wins over what was given. */
  headerFor(url: URL): string | undefined {
    const given =
      this.#given.size > 0 && this.#home.has(siteOf(url.hostname)) ? this.#given : new Map<string, string>();
    if (this.#names.size === 0 && given.size === 0) return undefined;
    const set = this.#names.size === 0 ? [] : this.#jar.getCookiesSync(url.href);
    const pairs = new Map([...given, ...set.map(({ key, value }) => [key, value] as const)]);
    if (pairs.size === 0) return undefined;
    return [...pairs].map(([name, value]) => (name === '' ? value : `${name}=${value}`)).join('; ');
  }

  /** Keeps what an answer sets, as far as the rules for cookies let it (RFC 6265 5.3): none for other sites, none for whole domains. */
  take(setCookie: readonly string[] | undefined, url: URL): void {
    for (const text of setCookie?.slice(0, mostPerAnswer) ?? []) {
      if (text.length > longestCookie) continue;
      const cookie = Cookie.parse(text, { loose: true });
      if (cookie === undefined) continue;
      const name = `${cookie.domain ?? url.hostname}\n${cookie.path ?? ''}\n${cookie.key}`;
      if (!this.#names.has(name) && this.#names.size >= mostCookies) continue;
      if (this.#jar.setCookieSync(cookie, url.href, { ignoreError: true }) !== undefined) this.#names.add(name);
    }
  }
}

/** The registrable domain of a host (`cdn.example.com` is of `example.com`); an address or a name without one is its own site. */
export function siteOf(host: string): string {
  try {
    return getPublicSuffix(host, { allowSpecialUseDomain: true }) ?? host;
  } catch {
    return host;
  }
}

function pairsOf(header: string): Map<string, string> {
  const pairs = header.split(';').flatMap((part): [string, string][] => {
    const text = part.trim();
    if (text === '') return [];
    const equals = text.indexOf('=');
    return equals < 0 ? [['', text]] : [[text.slice(0, equals).trim(), text.slice(equals + 1).trim()]];
  });
  return new Map(pairs);
}
