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

/** The headers of every request to a source, for lists and streams alike. Names in lower case; a user agent is always there. */
export function requestHeaders(source: Pick<SourceConfig, 'userAgent' | 'headers'>): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { 'user-agent': defaultUserAgent };
  for (const [name, value] of Object.entries(source.headers)) headers[name.toLowerCase()] = value;
  const own = source.userAgent.trim();
  if (own !== '') headers['user-agent'] = own;
  return headers;
}
