import type { SourceConfig } from '../config/schema.ts';

/** Panels refuse libraries and browsers more often than players (iptvnator#1170, xTeVe#28), so a source says it is one by default. */
export const defaultUserAgent = 'VLC/3.0.21 LibVLC/3.0.21';

/** What may follow a redirect to another host. Everything else may be a secret. */
export const travellingHeaders: ReadonlySet<string> = new Set([
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'referer',
  'origin',
]);

/** Headers that belong to the connection, to the framing or to the request that Coax itself makes (RFC 9110 7.6.1, RFC 9112 6). */
const ownHeaders =
  /^(?:host|connection|keep-alive|te|trailers?|transfer-encoding|upgrade|http2-settings|content-[a-z-]+|expect|range|if-[a-z-]+|accept-encoding|proxy-[a-z-]+|:.*)$/;

/**
 * What of headers that a playlist or a configuration gives may be sent: names in lower case, and none of those by which a request
 * could be broken, moved to another host or cut into pieces.
 */
export function sendableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value]);
  return Object.fromEntries(lower.filter(([name]) => !ownHeaders.test(name)));
}

/** The headers of every request to a source, for lists and streams alike. Names in lower case; a user agent is always there. */
export function requestHeaders(
  source: Pick<SourceConfig, 'userAgent' | 'headers'> & Partial<Pick<SourceConfig, 'cookies'>>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'user-agent': defaultUserAgent, ...sendableHeaders(source.headers) };
  const own = source.userAgent.trim();
  if (own !== '') headers['user-agent'] = own;
  const cookies = source.cookies?.trim() ?? '';
  if (cookies !== '') headers['cookie'] = cookies;
  return headers;
}
