import { parseDatagramAddress } from './datagram-address.ts';

/** An address of a playlist, taken apart. */
export interface M3uAddress {
  /** Without the headers that may follow it. */
  readonly url: string;
  /** Lower-case names, URL-decoded values. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Schemes of streams that Coax or a player may open. */
const schemes = new Set([
  'http',
  'https',
  'rtsp',
  'rtsps',
  'rtp',
  'udp',
  'rtmp',
  'rtmps',
  'rtmpe',
  'rtmpt',
  'srt',
  'mms',
  'mmsh',
  'mmst',
]);
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
// A value with one of these would end the header and begin another one.
// oxlint-disable-next-line no-control-regex
const unsafeValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Why a line is no address of a stream, in words and without the line. */
export class BadAddress {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Adds a header if its name and value are safe to send. `Referrer` is corrected to the name HTTP uses. */
export function addHeader(into: Record<string, string>, name: string, value: string): void {
  const key = name.trim().toLowerCase();
  const clean = value.trim();
  if (!headerName.test(key) || key === '__proto__' || clean === '' || unsafeValue.test(clean)) return;
  into[key === 'referrer' ? 'referer' : key] = clean;
}

/** Headers in the form `Name=value&Name2=value2`, as Kodi writes them. */
export function parseKodiHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) continue;
    const value = pair.slice(equals + 1);
    addHeader(headers, decoded(pair.slice(0, equals)), decoded(/^".*"$/.test(value) ? value.slice(1, -1) : value));
  }
  return headers;
}

/** Takes an address line apart, or says why it is none. */
export function parseAddress(line: string): M3uAddress | BadAddress {
  const scheme = /^([a-z][a-z0-9+.-]{1,20}):\/\//i.exec(line)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return new BadAddress(
      /^(?:[a-z]:[\\/]|[\\/.~])/i.test(line)
        ? 'A file path is no address of a stream'
        : 'The line is no address of a stream',
    );
  }
  if (!schemes.has(scheme)) return new BadAddress(`Addresses of the kind "${scheme}:" can not be played`);
  const bar = line.indexOf('|');
  const withHeaders = bar > 0 && line.indexOf('=', bar) > 0;
  const url = (withHeaders ? line.slice(0, bar) : line).trim();
  if (url.length <= scheme.length + 3 || /^[/?#]/.test(url.slice(scheme.length + 3)))
    return new BadAddress('The address names no host');
  if (scheme === 'udp' || scheme === 'rtp') {
    const datagrams = parseDatagramAddress(url);
    if (typeof datagrams === 'string') return new BadAddress(datagrams);
  }
  return { url, headers: withHeaders ? parseKodiHeaders(line.slice(bar + 1)) : {} };
}

/** The last part of an address's path without its extension; the host when there is no path. */
export function fileNameOf(url: string): string {
  const path = url.replace(/^[a-z0-9+.-]+:\/\//i, '').replace(/[?#].*$/s, '');
  const parts = path.split('/').filter((part) => part !== '');
  const last = decoded(parts.length > 1 ? (parts.at(-1) ?? '') : '');
  const name = last.replace(/\.[A-Za-z0-9]{1,5}$/, '').trim();
  return name === '' ? (parts[0] ?? '').replace(/^.*@/, '') : name;
}

/** The extension of an address's path in lower case, without the dot; empty when there is none. */
export function extensionOf(url: string): string {
  let end = url.search(/[?#]/);
  if (end < 0) end = url.length;
  const slash = url.lastIndexOf('/', end - 1);
  const dot = url.lastIndexOf('.', end - 1);
  return dot > slash && end - dot <= 6 ? url.slice(dot + 1, end).toLowerCase() : '';
}
