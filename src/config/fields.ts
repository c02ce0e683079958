import { z } from 'zod';

/** `secret` in the metadata marks what never leaves the process. */
export const secret = { secret: true } as const;

export const httpUrl = z
  .string()
  .trim()
  .refine(
    (text) => /^https?:\/\/[^\s/]+/i.test(text) && URL.canParse(text),
    'has to be an address that starts with http:// or https://',
  );
/** Playlists and guides may also be files on this machine: a path, or a file: address. */
export const placeOfFile = z
  .string()
  .trim()
  .refine(
    (text) =>
      /^https?:\/\//i.test(text)
        ? URL.canParse(text)
        : text.startsWith('/') || text.startsWith('file:') || /^[A-Za-z]:[\\/]/.test(text),
    'has to be an http(s) address or an absolute path of a file',
  );
/** scheme://user:password@host:port, and nothing behind it. */
export const proxyAddress = z
  .string()
  .trim()
  .max(1_000)
  .refine(
    (text) =>
      /^(?:https?|socks(?:4a?|5h?)?):\/\/[^\s/?#]+\/?$/i.test(text) && URL.canParse(text.replace(/^\w+/, 'http')),
    'has to be the address of a proxy: http://, https://, socks4://, socks4a://, socks5:// or socks5h://, a host and a port',
  );
export const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not a header name');
export const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not contain line breaks');

/** An IANA name, or an offset up to 14 hours: `+02:00`, `UTC-3`. */
export function isTimeZone(zone: string): boolean {
  const offset = /^(?:UTC|GMT)?[+-](\d{1,2})(?::?([0-5]\d))?$/i.exec(zone);
  if (offset !== null) return Number(offset[1]) * 60 + Number(offset[2] ?? 0) <= 14 * 60;
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
