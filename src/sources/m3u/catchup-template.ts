import type { ArchiveWindow } from '../../model/archive.ts';
import type { Catchup } from '../../model/items.ts';
import { clockAt } from '../wall-clock.ts';
import { panelStreamOf, timeshiftWays } from '../xtream/timeshift.ts';

/** One address of a piece of an archive. */
export interface CatchupAddress {
  readonly form: string;
  readonly url: string;
  readonly startUnix: number;
  readonly durationSec: number;
  readonly mayBeLive?: boolean;
}

const starts = new Set(['utc', 'start']);
const ends = new Set(['utcend', 'end']);
const nows = new Set(['lutc', 'now', 'timestamp']);
/** By how much a number is divided: `{duration:60}` is in minutes. */
const divided = (seconds: number, by: string): string => String(Math.ceil(seconds / Math.max(1, Number(by) || 1)));

/** `YmdHMS` with anything between the letters. */
function formatted(unix: number, format: string, zone: string | undefined): string {
  const clock = clockAt(unix, zone);
  return format.replace(/[YmdHMS]/g, (letter) => clock[letter as keyof typeof clock]);
}

/** `yyyyMMddHHmmss` with anything between, as Java writes times; `epoch` is the number. */
function javaFormatted(unix: number, format: string, zone: string | undefined): string {
  if (format === 'epoch') return String(unix);
  const clock = clockAt(unix, zone);
  const parts: Readonly<Record<string, string>> = {
    yyyy: clock.Y,
    MM: clock.m,
    dd: clock.d,
    HH: clock.H,
    mm: clock.M,
    ss: clock.S,
  };
  return format.replace(/yyyy|MM|dd|HH|mm|ss/g, (part) => parts[part] ?? part);
}

/**
 * Fills a template of a playlist. It knows the placeholders of Kodi's IPTV Simple client and their `${...}` forms: `{utc}` and
 * `${start}`, `{utcend}` and `${end}`, `{lutc}`, `${now}` and `${timestamp}`, `{duration}` and `{offset}` in seconds or divided
 * (`{duration:60}`), `{Y}{m}{d}{H}{M}{S}` of the start, `{utc:YmdHMS}` and its like for all times, `{catchup-id}`, and
 * `${(b)yyyyMMddHHmmss}`, `${(e)...}`. Clock times stand in `zone`. What is no placeholder stays.
 */
export function fillTemplate(template: string, window: ArchiveWindow, zone: string | undefined): string {
  const [start, end, now] = [window.startUnix, window.endUnix, window.nowUnix].map(Math.floor) as [
    number,
    number,
    number,
  ];
  return template.replace(/\$?\{([^{}]*)\}/g, (whole, inner: string) => {
    const java = /^\((b|e)\)(.+)$/.exec(inner);
    if (java !== null) return javaFormatted(java[1] === 'b' ? start : end, java[2] ?? '', zone);
    if (/^[YmdHMS]$/.test(inner)) return formatted(start, inner, zone);
    const colon = inner.indexOf(':');
    const name = colon < 0 ? inner : inner.slice(0, colon);
    const form = colon < 0 ? '' : inner.slice(colon + 1);
    const at = starts.has(name) ? start : ends.has(name) ? end : nows.has(name) ? now : undefined;
    if (at !== undefined) return form === '' ? String(at) : formatted(at, form, zone);
    if (name === 'duration') return divided(end - start, form);
    if (name === 'offset') return divided(Math.max(0, now - start), form);
    if (name === 'catchup-id') return encodeURIComponent(window.catchupId ?? '');
    return whole;
  });
}

const query = 'utc={utc}&lutc={lutc}';
const isAbsolute = (text: string): boolean => /^(?:[a-z][a-z0-9+.-]*:\/\/|\$?\{)/i.test(text);

/** Puts text behind an address: a query joins the one that is there. */
function appended(url: string, text: string): string {
  const plain = url.replace(/#.*$/, '');
  if (/^[?&]/.test(text)) return `${plain}${plain.includes('?') ? '&' : '?'}${text.slice(1)}`;
  return plain + text;
}

interface Template {
  readonly form: string;
  readonly text: string;
}

/** The archive of a Flussonic server (or one that does as it does) by the address of the live stream, best form first. */
function flussonicTemplates(url: string, type: string): readonly Template[] {
  const match = /^(https?:\/\/[^?#]*\/)([^/?#]*)(\?[^#]*)?(?:#.*)?$/i.exec(url);
  if (match === null) return [];
  const [, folder = '', file = '', rest = ''] = match;
  const name = file.replace(/\.(?:m3u8|ts)$/i, '');
  const isList = /\.m3u8$/i.test(file);
  const wantsStream = type === 'flussonic-ts' || type === 'fs' || (!isList && type !== 'flussonic-hls');
  const isWhole = /^(?:index|playlist|mpegts|archive|video)$/i.test(name) || (!isList && !/\.ts$/i.test(file));
  const streams: Template[] = [
    { form: 'archive-stream', text: `${folder}archive-{utc}-{duration}.ts${rest}` },
    { form: 'timeshift-stream', text: `${folder}timeshift_abs-{utc}.ts${rest}` },
  ];
  const lists: Template[] = isWhole
    ? [
        { form: 'index-list', text: `${folder}index-{utc}-{duration}.m3u8${rest}` },
        { form: 'archive-list', text: `${folder}archive-{utc}-{duration}.m3u8${rest}` },
        { form: 'video-list', text: `${folder}video-{utc}-{duration}.m3u8${rest}` },
        { form: 'timeshift-list', text: `${folder}timeshift_abs-{utc}.m3u8${rest}` },
      ]
    : [
        { form: 'named-list', text: `${folder}${name}-{utc}-{duration}.m3u8${rest}` },
        { form: 'named-timeshift', text: `${folder}${name}-timeshift_abs-{utc}.m3u8${rest}` },
      ];
  return wantsStream ? [...streams, ...lists] : [...lists, ...streams];
}

function templatesOf(url: string, { type, source = '' }: Catchup): readonly Template[] {
  const shift: Template = { form: 'shift', text: appended(url, `?${query}`) };
  const full = (text: string): string => (!isAbsolute(text) && /^[?&]/.test(text) ? appended(url, text) : text);
  switch (type) {
    case 'append':
      if (source === '') return [shift];
      return [{ form: 'append', text: /^https?:\/\//i.test(source) ? source : appended(url, source) }];
    case 'shift':
    case 'timeshift':
      return [source === '' ? shift : { form: 'shift', text: full(source) }];
    case 'flussonic':
    case 'flussonic-hls':
    case 'flussonic-ts':
    case 'fs':
      return source === '' ? flussonicTemplates(url, type) : [{ form: 'source', text: full(source) }];
    case 'vod':
      return [{ form: 'vod', text: source === '' ? '{catchup-id}' : full(source) }];
    default:
      return [source === '' ? shift : { form: 'source', text: full(source) }];
  }
}

/** What a form can say of the start: whole minutes, unless a second stands in it. */
function startOf(template: string, { startUnix, nowUnix }: ArchiveWindow): number {
  const start = Math.floor(startUnix);
  const offset = /\{offset:(\d+)\}/.exec(template)?.[1];
  if (offset !== undefined && Number(offset) > 1)
    return Math.floor(nowUnix) - Math.ceil((nowUnix - start) / Number(offset)) * Number(offset);
  const names = /\{(?:utc|start|offset)\}|\{offset:1\}|\{S\}|\{(?:utc|start):[^{}]*S|\(b\)[^{}]*(?:ss|epoch)/.test(
    template,
  );
  return names || !/\{[YmdHM]\}|\{(?:utc|start):|\(b\)/.test(template) ? start : Math.floor(start / 60) * 60;
}

/**
 * Where a piece of the archive of a playlist's entry is: one address for a template, several where the type leaves the form open
 * (`xc`, `flussonic`). `url` is the entry's own. Empty when the entry names pieces (`vod`) and the window has no name.
 */
export function catchupAddresses(
  url: string,
  catchup: Catchup,
  window: ArchiveWindow,
  zone: string | undefined,
): readonly CatchupAddress[] {
  const panel = catchup.type === 'xc' && catchup.source === undefined ? panelStreamOf(url) : undefined;
  if (panel !== undefined)
    return timeshiftWays([panel.base], panel.login, panel.id, window, zone).flatMap(({ urls, ...way }) =>
      urls.map((address) => ({ ...way, url: address })),
    );
  return templatesOf(url, catchup).flatMap(({ form, text }) => {
    if (/\{catchup-id\}/.test(text) && (window.catchupId ?? '') === '') return [];
    const startUnix = startOf(text, window);
    const asked = { ...window, startUnix };
    const whole = text.trim() === '{catchup-id}' ? (window.catchupId ?? '') : fillTemplate(text, asked, zone);
    // What stands beside the stream is found from there.
    const address = /^https?:\/\//i.test(whole) ? whole : (URL.parse(whole, url)?.href ?? '');
    return address === ''
      ? []
      : [{ form, url: address, startUnix, durationSec: Math.ceil(window.endUnix - startUnix) }];
  });
}
