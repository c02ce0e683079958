import type { ProxyRequest } from '../model/upstream-request.ts';

/** The `h` of socks5h, and the `a` of socks4a, is a name that the proxy looks up itself. */
const kinds = ['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h'] as const;
export type ProxyKind = (typeof kinds)[number];

/** A proxy, taken apart. It holds a login: in memory only, never in a message. */
export interface Proxy {
  readonly kind: ProxyKind;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Decoded; empty where there is none. */
  readonly username: string;
  readonly password: string;
}

const defaultPorts: Readonly<Record<ProxyKind, number>> = {
  http: 80,
  https: 443,
  socks4: 1080,
  socks4a: 1080,
  socks5: 1080,
  socks5h: 1080,
};

/** `socks:` is SOCKS 5 with names left to the proxy, as curl and ffmpeg's users write it; null for what is no address of a proxy. */
export function parseProxy(text: string): Proxy | null {
  const match = /^([a-z][a-z0-9]*):\/\/(.+)$/i.exec(text.trim());
  const scheme = match?.[1]?.toLowerCase().replace(/^socks$/, 'socks5h');
  const kind = kinds.find((known) => known === scheme);
  if (kind === undefined || match === null) return null;
  // URL gives hosts of schemes it does not know back as they were written; http's it checks.
  const url = URL.parse(`http://${match[2]}`);
  // The port that is http's own is dropped by URL.
  if (url === null || url.hostname === '' || !/^\/?$/.test(url.pathname + url.search + url.hash)) return null;
  const written = /:(\d{1,5})\/?$/.exec(match[2] ?? '')?.[1];
  const port = url.port === '' ? (written === undefined ? defaultPorts[kind] : 80) : Number(url.port);
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (port === 0 || !isSendable(username) || !isSendable(password)) return null;
  return {
    kind,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    username,
    password,
  };
}

/** Parses the proxy of a request. Null where there is none; undefined where what is given is no proxy. */
export function proxyOf(request: ProxyRequest | undefined): Proxy | null | undefined {
  return request === undefined ? null : (parseProxy(request.url) ?? undefined);
}

/** `Basic` authorization for an HTTP proxy; undefined where it has no login. */
export function proxyAuthorization({ username, password }: Proxy): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** SOCKS gives each of them 255 bytes (RFC 1929), and ends a user name with a zero. */
function isSendable(text: string): boolean {
  return Buffer.byteLength(text) <= 255 && !/\p{Cc}/u.test(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
