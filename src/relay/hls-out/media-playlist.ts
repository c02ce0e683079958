import type { Segment } from './segment.ts';

export const playlistType = 'application/vnd.apple.mpegurl';

/** What a media playlist says (RFC 8216). */
export interface MediaPlaylist {
  /** Seconds. */
  readonly target: number;
  readonly discontinuitySequence: number;
  readonly isIndependent: boolean;
  readonly segments: readonly Segment[];
}

/** The name of a segment, beside its playlist. */
export const segmentName = ({ sequence, form }: Pick<Segment, 'sequence' | 'form'>): string => `${sequence}.${form}`;

/** Reads a segment's name; null when it is none. */
export function parseSegmentName(name: string): { readonly sequence: number; readonly form: string } | null {
  const match = /^(\d{1,15})\.(ts|aac|mp3)$/.exec(name);
  return match === null ? null : { sequence: Number(match[1]), form: match[2] ?? '' };
}

/** A live media playlist; its addresses are relative to its own. */
export function writeMediaPlaylist({ target, discontinuitySequence, isIndependent, segments }: MediaPlaylist): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    `#EXT-X-TARGETDURATION:${target}`,
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.sequence ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`,
  ];
  if (isIndependent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  for (const segment of segments) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.atMs).toISOString()}`,
      `#EXTINF:${segment.seconds.toFixed(5)},`,
      segmentName(segment),
    );
  }
  lines.push('');
  return lines.join('\n');
}

export interface Variant {
  /** Bits per second, at most. */
  readonly bandwidth: number;
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly address: string;
}

/** A playlist that leads to one media playlist. */
export function writeMasterPlaylist({ bandwidth, width, height, frameRate, address }: Variant): string {
  const attributes = [
    `BANDWIDTH=${Math.max(1, Math.ceil(bandwidth))}`,
    ...(width === undefined || height === undefined ? [] : [`RESOLUTION=${width}x${height}`]),
    ...(frameRate === undefined ? [] : [`FRAME-RATE=${frameRate.toFixed(3)}`]),
  ];
  return ['#EXTM3U', '#EXT-X-VERSION:6', `#EXT-X-STREAM-INF:${attributes.join(',')}`, address, ''].join('\n');
}
