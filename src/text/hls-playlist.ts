import { readHlsMaster } from './hls-master.ts';
import { readHlsMedia } from './hls-media.ts';
import type { HlsLine, HlsMaster, HlsMedia } from './hls-types.ts';

/** A list of other streams in the old form of M3U, without segments: its first entry is what is to be played. */
export interface PlainList {
  readonly kind: 'list';
  readonly uris: readonly string[];
}

export type HlsPlaylist = HlsMaster | HlsMedia | PlainList;

/** Values for `EXT-X-DEFINE`: those of the playlist that named this one, and of this one's address. */
export interface HlsVariables {
  readonly imported?: ReadonlyMap<string, string>;
  readonly query?: URLSearchParams;
}

/**
 * Reads an HLS playlist as it came: byte order mark, any line ends, unknown tags and broken attributes are taken as they are. Null when
 * it is no M3U at all. URIs stay as written; they are relative to the address the playlist was got from.
 */
export function readHlsPlaylist(text: string, variables: HlsVariables = {}): HlsPlaylist | null {
  if (!/^[\uFEFF\s]*#EXT/.test(text)) return null;
  const { lines, defined } = linesOf(text, variables);
  const has = (name: string): boolean => lines.some((line) => line.tag === name);
  if (has('EXT-X-STREAM-INF')) return readHlsMaster(lines, defined);
  if (lines.some(({ tag }) => tag !== undefined && mediaTags.has(tag))) return readHlsMedia(lines);
  const uris = lines.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
  // Without any tag of HLS, what names pieces of some seconds is a media playlist all the same.
  if (lines.some(({ tag, value }) => tag === 'EXTINF' && Number.parseFloat(value) > 0)) return readHlsMedia(lines);
  return { kind: 'list', uris };
}

/** Of a tag; keys may stand in it as data. */
const mostTagChars = 16_384;
/** Variables may name variables: all that is put in for them together. */
const mostSubstituted = 4_194_304;
const mediaTags = new Set([
  'EXT-X-TARGETDURATION',
  'EXT-X-MEDIA-SEQUENCE',
  'EXT-X-ENDLIST',
  'EXT-X-MAP',
  'EXT-X-BYTERANGE',
  'EXT-X-PLAYLIST-TYPE',
]);

function linesOf(
  text: string,
  { imported, query }: HlsVariables,
): { readonly lines: readonly HlsLine[]; readonly defined: ReadonlyMap<string, string> } {
  const lines: HlsLine[] = [];
  const defined = new Map<string, string>();
  const budget = { chars: mostSubstituted };
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const line = substitute(raw.trim(), defined, budget);
    if (line === '') continue;
    if (!line.startsWith('#')) lines.push({ uri: line });
    else if (line.startsWith('#EXT')) {
      const colon = line.indexOf(':');
      const tag = (colon < 0 ? line.slice(1) : line.slice(1, colon)).trim().toUpperCase();
      const value = colon < 0 ? '' : line.slice(colon + 1, colon + 1 + mostTagChars);
      if (tag === 'EXT-X-DEFINE') define(value, { defined, imported, query });
      else lines.push({ tag, value });
    }
  }
  return { lines, defined };
}

function define(
  value: string,
  scope: { readonly defined: Map<string, string> } & {
    readonly [Key in keyof HlsVariables]: HlsVariables[Key] | undefined;
  },
): void {
  const said = /(NAME|IMPORT|QUERYPARAM)\s*=\s*"([^"]*)"/.exec(value);
  const name = said?.[2] ?? '';
  const found =
    said?.[1] === 'NAME'
      ? /VALUE\s*=\s*"([^"]*)"/.exec(value)?.[1]
      : said?.[1] === 'IMPORT'
        ? scope.imported?.get(name)
        : scope.query?.get(name);
  if (name !== '' && typeof found === 'string' && !scope.defined.has(name)) scope.defined.set(name, found);
}

function substitute(line: string, defined: ReadonlyMap<string, string>, budget: { chars: number }): string {
  if (defined.size === 0) return line;
  return line.replace(/\{\$([A-Za-z0-9_-]{1,64})\}/g, (whole, name: string) => {
    const value = defined.get(name);
    if (value === undefined || budget.chars < value.length) return whole;
    budget.chars -= value.length;
    return value;
  });
}
