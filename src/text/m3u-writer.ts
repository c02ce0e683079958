import type { M3uEntry } from './m3u-entry.ts';

/** What a written entry may have; a read `M3uEntry` fits. */
export type M3uOutput = Pick<M3uEntry, 'url' | 'name'> &
  Partial<Omit<M3uEntry, 'line' | 'kind' | 'url' | 'name' | 'attributes'>> & {
    /** Attributes without a field of their own; those with one are ignored. */
    readonly attributes?: Readonly<Record<string, string>>;
  };

export interface M3uWriterOptions {
  /**
   * How a double quote inside a value is written. `escape` (the default) loses nothing: `\"`. `apostrophe` is for players that know no
   * escapes and would end the value there.
   */
  readonly quotes?: 'escape' | 'apostrophe';
}

/** Line ends, and the control characters that some players take for one, become a blank. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ').trim();
}

/** An attribute's value in its quotes. */
function quoted(value: string, options: M3uWriterOptions): string {
  const line = oneLine(value);
  if (options.quotes === 'apostrophe') return `"${line.replaceAll('"', "'").replace(/\\+$/, '')}"`;
  return `"${line.replace(/\\(?=["'\\]|$)/g, '\\\\').replaceAll('"', '\\"')}"`;
}

/** A name that looks like one more attribute would be read as one. */
function writtenName(name: string): string {
  const line = oneLine(name);
  return /^(?:tvg|tvc|group|catchup|channel)-[\w-]+="/i.test(line) ? line.replaceAll('"', "'") : line;
}

/** A key with anything else in it would end the key. */
const writableKey = /^[^\s=,"']+$/;

function attributesOf(entry: M3uOutput): [string, string | undefined][] {
  const shift = entry.guideShiftMin;
  const own: [string, string | undefined][] = [
    ['tvg-id', entry.guideId],
    ['tvg-name', entry.guideName],
    ['tvg-logo', entry.logo],
    ['tvg-chno', entry.number],
    ['tvg-shift', shift === undefined ? undefined : String(Number((shift / 60).toFixed(4)))],
    [
      'group-title',
      entry.groups === undefined || entry.groups.length === 0
        ? undefined
        : entry.groups.map((group) => group.replaceAll(';', ',')).join(';'),
    ],
    ['tvc-guide-stationid', entry.stationId],
    ['radio', entry.radio === true ? 'true' : undefined],
    ['is-adult', entry.adult === true ? '1' : undefined],
    ['catchup', entry.catchup?.type],
    ['catchup-days', entry.catchup === undefined || entry.catchup.days === 0 ? undefined : String(entry.catchup.days)],
    ['catchup-source', entry.catchup?.source],
  ];
  const names = new Set(own.map(([name]) => name));
  const extra = Object.entries(entry.attributes ?? {}).filter(([name]) => !names.has(name) && writableKey.test(name));
  return [...own, ...extra];
}

function headerValue(text: string): string {
  return encodeURIComponent(oneLine(text)).replace(/%20|%2C|%3B|%3A|%2F|%40|%3D/g, (code) => decodeURIComponent(code));
}

/** The first line: `#EXTM3U` with its attributes, for example `{ 'x-tvg-url': '...' }`. */
export function writeM3uHeader(
  attributes: Readonly<Record<string, string>> = {},
  options: M3uWriterOptions = {},
): string {
  const written = Object.entries(attributes)
    .filter(([name]) => writableKey.test(name))
    .map(([name, value]) => ` ${name}=${quoted(value, options)}`);
  return `#EXTM3U${written.join('')}\n`;
}

/**
 * One entry with its lines. Reading it again gives the same entry, but for line ends inside values, which become blanks,
 * and semicolons in the name of a group, which become commas.
 */
export function writeM3uEntry(entry: M3uOutput, options: M3uWriterOptions = {}): string {
  const attributes = attributesOf(entry).map(([name, value]) =>
    value === undefined ? '' : ` ${name}=${quoted(value, options)}`,
  );
  const lines = [`#EXTINF:${entry.durationSec ?? -1}${attributes.join('')},${writtenName(entry.name)}`];
  for (const [name, value] of Object.entries(entry.options ?? {})) {
    if (writableKey.test(name))
      lines.push(`${name.startsWith('inputstream') ? '#KODIPROP' : '#EXTVLCOPT'}:${name}=${oneLine(value)}`);
  }
  const headers = Object.entries(entry.headers ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${headerValue(value)}`,
  );
  lines.push(headers.length === 0 ? oneLine(entry.url) : `${oneLine(entry.url)}|${headers.join('&')}`);
  return `${lines.join('\n')}\n`;
}
