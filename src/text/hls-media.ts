import { type HlsRange, readHlsAttributes, readHlsIv, readHlsRange } from './hls-attributes.ts';
import type { HlsKey, HlsLine, HlsMap, HlsMedia, HlsSegment } from './hls-types.ts';

/** A live list has some hundred at most, a film some thousand. */
const mostSegments = 200_000;
/** A segment that says nothing of its length is taken for one of this. */
const usualMs = 6_000;
const longestMs = 3_600_000;
/** `6,040,`: some servers write numbers in the manner of their country. */
const commaForPoint = /^\s*(\d+),(\d{1,6})\s*(?=,|$)/;

/** Reads the lines of a media playlist. */
export function readHlsMedia(lines: readonly HlsLine[]): HlsMedia {
  const reader = new MediaReader();
  for (const line of lines) {
    if (line.uri === undefined) reader.tag(line.tag, line.value);
    else if (reader.segments.length < mostSegments) reader.uri(line.uri);
  }
  return reader.playlist();
}

class MediaReader {
  readonly segments: HlsSegment[] = [];
  #targetMs: number | undefined;
  #sequence = 0;
  #discontinuity = 0;
  #ended = false;
  #vod = false;
  #startMs: number | undefined;
  // What holds for the segments that follow.
  #keys: HlsKey[] = [];
  /** A key after a segment replaces those before it; several in a row are one key in several formats. */
  #keysOpen = false;
  #map: HlsMap | undefined;
  /** The byte behind the last range, by URI. */
  readonly #ends = new Map<string, number>();
  // What holds for the next segment alone.
  #durationMs: number | undefined;
  #range: HlsRange | undefined;
  #dateMs: number | undefined;
  #isGap = false;

  tag(tag: string, value: string): void {
    if (tag === 'EXTINF') this.#durationMs = secondsToMs(Number.parseFloat(value.replace(commaForPoint, '$1.$2')));
    else if (tag === 'EXT-X-TARGETDURATION') this.#targetMs = secondsToMs(Number.parseFloat(value));
    else if (tag === 'EXT-X-MEDIA-SEQUENCE') this.#sequence = wholeNumber(value);
    else if (tag === 'EXT-X-DISCONTINUITY-SEQUENCE') this.#discontinuity = wholeNumber(value);
    else if (tag === 'EXT-X-DISCONTINUITY') this.#discontinuity++;
    else if (tag === 'EXT-X-KEY') this.#key(value);
    else if (tag === 'EXT-X-MAP') this.#setMap(value);
    else if (tag === 'EXT-X-BYTERANGE') this.#range = readHlsRange(value);
    else if (tag === 'EXT-X-PROGRAM-DATE-TIME') this.#date(value);
    else if (tag === 'EXT-X-GAP') this.#isGap = true;
    else if (tag === 'EXT-X-ENDLIST') this.#ended = true;
    else if (tag === 'EXT-X-PLAYLIST-TYPE') this.#vod = /^\s*VOD\b/i.test(value);
    else if (tag === 'EXT-X-START') {
      const offset = Number(readHlsAttributes(value).get('TIME-OFFSET'));
      if (Number.isFinite(offset)) this.#startMs = Math.round(offset * 1_000);
    }
  }

  uri(uri: string): void {
    const key = this.#usableKey();
    const last = this.segments.at(-1);
    const dateMs =
      this.#dateMs ?? (last?.dateMs !== undefined && this.#sameLine(last) ? last.dateMs + last.durationMs : undefined);
    const durationMs = this.#durationMs ?? this.#targetMs ?? usualMs;
    const range = this.#range === undefined ? undefined : this.#placed(uri, this.#range);
    this.segments.push({
      uri,
      sequence: this.segments.length,
      discontinuity: this.#discontinuity,
      durationMs,
      ...(range === undefined ? {} : { range }),
      ...(key === undefined ? {} : { key }),
      ...(this.#map === undefined ? {} : { map: this.#map }),
      ...(dateMs === undefined ? {} : { dateMs }),
      isGap: this.#isGap,
    });
    this.#keysOpen = false;
    this.#durationMs = undefined;
    this.#range = undefined;
    this.#dateMs = undefined;
    this.#isGap = false;
  }

  playlist(): HlsMedia {
    const sequence = this.#sequence;
    const longest = this.segments.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
    return {
      kind: 'media',
      // Some servers write one that is shorter than their segments, or none; RFC 8216 4.3.3.1 rounds to whole seconds.
      targetMs: Math.min(longestMs, Math.max(this.#targetMs ?? 0, Math.round(longest / 1_000) * 1_000, 500)),
      sequence,
      segments: this.segments.map((segment) => ({ ...segment, sequence: segment.sequence + sequence })),
      isEnded: this.#ended,
      isVod: this.#vod,
      ...(this.#startMs === undefined ? {} : { startMs: this.#startMs }),
    };
  }

  #sameLine(last: HlsSegment): boolean {
    return last.discontinuity === this.#discontinuity;
  }

  #date(value: string): void {
    const unixMs = Date.parse(value.trim().replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
    if (!Number.isNaN(unixMs)) this.#dateMs = unixMs;
  }

  #key(value: string): void {
    const of = readHlsAttributes(value);
    if (!this.#keysOpen) this.#keys = [];
    this.#keysOpen = true;
    const uri = of.get('URI');
    const iv = readHlsIv(of.get('IV'));
    const key: HlsKey = {
      method: (of.get('METHOD') ?? 'NONE').toUpperCase(),
      ...(uri === undefined || uri === '' ? {} : { uri }),
      keyFormat: (of.get('KEYFORMAT') ?? 'identity').toLowerCase(),
      ...(iv === undefined ? {} : { iv }),
    };
    if (key.method === 'NONE') this.#keys = [];
    else this.#keys.push(key);
  }

  #usableKey(): HlsKey | undefined {
    return (
      this.#keys.find(({ method, keyFormat }) => method === 'AES-128' && keyFormat === 'identity') ?? this.#keys[0]
    );
  }

  #setMap(value: string): void {
    const of = readHlsAttributes(value);
    const uri = of.get('URI') ?? '';
    if (uri === '') return;
    const range = readHlsRange(of.get('BYTERANGE'));
    const key = this.#usableKey();
    this.#map = {
      uri,
      ...(range === undefined ? {} : { range: { length: range.length, offset: range.offset ?? 0 } }),
      ...(key === undefined ? {} : { key }),
    };
  }

  #placed(uri: string, { length, offset }: HlsRange): Required<HlsRange> {
    const start = offset ?? this.#ends.get(uri) ?? 0;
    this.#ends.set(uri, start + length);
    return { length, offset: start };
  }
}

function secondsToMs(seconds: number): number | undefined {
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(longestMs, Math.round(seconds * 1_000)) : undefined;
}

function wholeNumber(text: string): number {
  const value = Math.floor(Number(text.trim()));
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
