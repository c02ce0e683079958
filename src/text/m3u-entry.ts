import type { Catchup } from '../model/items.ts';
import { type ExtinfParts, parseExtinf } from './m3u-attributes.ts';
import { addHeader, extensionOf, fileNameOf, type M3uAddress, parseKodiHeaders } from './m3u-address.ts';

/** One stream of a playlist. What the file does not tell is absent. */
export interface M3uEntry {
  /** The line of its `#EXTINF`, or of its address where it has none. */
  readonly line: number;
  readonly url: string;
  /** Lower-case names: from `url|Name=value`, `#EXTVLCOPT`, `#EXTHTTP`, `#KODIPROP` and attributes. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `#EXTVLCOPT:http-proxy`, with its login; one without a scheme is an HTTP proxy. */
  readonly proxy?: string;
  /** Never empty: the text after the comma, else `tvc-guide-title`, else `tvg-name`, else the address's file name. */
  readonly name: string;
  /** What it most likely is, judged by path, extension and duration. */
  readonly kind: 'live' | 'movie' | 'episode';
  /** Above 0. */
  readonly durationSec?: number;
  /** `group-title`, else `#EXTGRP`; `;` separates several. */
  readonly groups: readonly string[];
  readonly guideId?: string;
  readonly guideName?: string;
  readonly logo?: string;
  readonly number?: string;
  /** `tvg-shift` in minutes. */
  readonly guideShiftMin?: number;
  /** Gracenote's id (`tvc-guide-stationid`). */
  readonly stationId?: string;
  readonly radio?: boolean;
  readonly adult?: boolean;
  readonly catchup?: Catchup;
  /** Every attribute of `#EXTINF` as written, by lower-case name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** `#KODIPROP` and `#EXTVLCOPT` lines that are no headers, by lower-case name. */
  readonly options?: Readonly<Record<string, string>>;
}

/** Attributes that have a field in `M3uEntry`; the others are extra. */
export const knownM3uAttributes: ReadonlySet<string> = new Set([
  'tvg-id',
  'tvg-name',
  'tvg-logo',
  'tvg-chno',
  'channel-number',
  'ch-number',
  'tvg-shift',
  'group-title',
  'tvc-guide-stationid',
  'radio',
  'is-adult',
  'catchup',
  'catchup-type',
  'catchup-days',
  'catchup-source',
  'timeshift',
]);

const movieExtensions = new Set([
  'mkv',
  'mp4',
  'avi',
  'mov',
  'm4v',
  'wmv',
  'flv',
  'mpg',
  'mpeg',
  'webm',
  'divx',
  'vob',
  '3gp',
  'ogv',
]);
/** Lines of options that one entry may have; a file of nothing else must not fill the memory. */
const maxLines = 100;
const episodeName = /\bS\d{1,4}[ ._-]{0,2}E\d{1,4}\b/i;

/** What belongs to the next address: its `#EXTINF` line and the lines around it. */
export class PendingEntry {
  line: number;
  extinf: string | undefined;
  group = '';
  #headers: Record<string, string> | undefined;
  #options: Record<string, string> | undefined;
  #proxy: string | undefined;
  #lines = 0;

  constructor(line: number) {
    this.line = line;
  }

  /** The same, now counted at another line. */
  movedTo(line: number): this {
    this.line = line;
    return this;
  }

  /** `#EXTVLCOPT:name=value`. */
  vlcOption(text: string): void {
    const [name, value] = splitOption(text);
    const header = /^http-(user-agent|referrer|referer|origin|cookie)s?$/.exec(name)?.[1];
    if (name === 'http-proxy') {
      if (value !== '') this.#proxy = value.includes('://') ? value : `http://${value}`;
    } else if (header === undefined) this.#option(name, value);
    else if (this.#lines++ < maxLines) addHeader((this.#headers ??= {}), header, value);
  }

  /** `#KODIPROP:name=value`; the stream's headers are headers. */
  kodiProperty(text: string): void {
    const [name, value] = splitOption(text);
    if (/^inputstream\.(?:adaptive|ffmpegdirect)\.(?:stream|manifest|common)_headers$/.test(name)) {
      if (this.#lines++ >= maxLines) return;
      this.#headers = { ...this.#headers, ...parseKodiHeaders(value) };
    } else this.#option(name, value);
  }

  /** `#EXTHTTP:{"name":"value"}`. */
  httpHeaders(text: string): void {
    if (this.#lines++ >= maxLines) return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof parsed !== 'object' || parsed === null) return;
    for (const [name, value] of Object.entries(parsed)) {
      if (typeof value === 'string') addHeader((this.#headers ??= {}), name, value);
    }
  }

  #option(name: string, value: string): void {
    if (name === '' || name === '__proto__' || this.#lines++ >= maxLines) return;
    (this.#options ??= {})[name] = value;
  }

  /** The entry, with the defaults that the playlist's header gives. */
  build(address: M3uAddress, defaults: Readonly<Record<string, string>>): M3uEntry {
    const parts: ExtinfParts = this.extinf === undefined ? { attributes: {}, name: '' } : parseExtinf(this.extinf);
    const a = parts.attributes;
    const headers = { ...headersOf(a), ...this.#headers, ...address.headers };
    const name = parts.name || a['tvc-guide-title'] || a['tvg-name'] || fileNameOf(address.url);
    const groups = groupsOf(a['group-title'] || this.group);
    const number = a['tvg-chno'] || a['channel-number'] || a['ch-number'] || a['channel-no'];
    const shift = shiftOf(a['tvg-shift'] || defaults['tvg-shift']);
    const catchup = catchupOf(a, defaults);
    const duration = parts.durationSec ?? 0;
    return {
      line: this.line,
      url: address.url,
      name,
      kind: kindOf(address.url, duration, name),
      groups,
      attributes: a,
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(this.#proxy !== undefined && { proxy: this.#proxy }),
      ...(duration > 0 && { durationSec: duration }),
      ...(a['tvg-id'] && { guideId: a['tvg-id'] }),
      ...(a['tvg-name'] && { guideName: a['tvg-name'] }),
      ...(a['tvg-logo'] && { logo: a['tvg-logo'] }),
      ...(number && { number }),
      ...(shift !== undefined && { guideShiftMin: shift }),
      ...(a['tvc-guide-stationid'] && { stationId: a['tvc-guide-stationid'] }),
      ...(isTrue(a['radio']) && { radio: true }),
      ...((isTrue(a['is-adult']) || a['parent-code']) && { adult: true }),
      ...(catchup !== undefined && { catchup }),
      ...(this.#options !== undefined && { options: this.#options }),
    };
  }
}

function splitOption(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 0) return [text.trim().toLowerCase(), ''];
  return [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|true|yes)$/i.test(value);
}

function groupsOf(text: string): string[] {
  if (text === '') return [];
  if (!text.includes(';')) return [text];
  return [...new Set(text.split(';').map((group) => group.trim()))].filter((group) => group !== '');
}

function shiftOf(hours: string | undefined): number | undefined {
  if (hours === undefined || !/^[+-]?\d{1,3}(?:[.,]\d{1,4})?$/.test(hours)) return undefined;
  const minutes = Math.round(Number(hours.replace(',', '.')) * 60);
  return minutes === 0 ? undefined : minutes;
}

function headersOf(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const key of ['user-agent', 'http-user-agent', 'http-referrer', 'referrer', 'http-origin']) {
    const value = attributes[key];
    if (value) addHeader(headers, key.replace(/^http-/, ''), value);
  }
  return headers;
}

/** `catchup="append" catchup-days="7" catchup-source="..."`; `timeshift="7"` and `tvg-rec="7"` are days of the type `shift`. */
function catchupOf(
  attributes: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, string>>,
): Catchup | undefined {
  const days = (value: string | undefined): number =>
    value !== undefined && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  const written = attributes['catchup'] || attributes['catchup-type'];
  const old = days(attributes['timeshift']) || days(attributes['tvg-rec']);
  const type = (written || (old > 0 ? 'shift' : defaults['catchup'] || defaults['catchup-type']) || '').toLowerCase();
  if (type === '' || /^(?:0|none|disabled|false|no)$/.test(type)) return undefined;
  const source = attributes['catchup-source'] || (written ? undefined : defaults['catchup-source']) || undefined;
  return {
    type: type === '1' || type === 'true' ? 'default' : type,
    days: days(attributes['catchup-days']) || old || days(defaults['catchup-days']),
    ...(source !== undefined && { source }),
  };
}

function kindOf(url: string, durationSec: number, name: string): M3uEntry['kind'] {
  if (url.includes('/series/')) return 'episode';
  if (url.includes('/live/')) return 'live';
  const film = url.includes('/movie/') || movieExtensions.has(extensionOf(url)) || durationSec > 0;
  if (!film) return 'live';
  return episodeName.test(name) ? 'episode' : 'movie';
}
