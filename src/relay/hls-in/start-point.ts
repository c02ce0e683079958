import type { HlsMedia, HlsSegment } from '../../text/hls-types.ts';

/** No nearer to the end than this many target durations (RFC 8216 6.3.3). */
const heldBack = 3;

/** Where to begin: a finished list at its start, a live one near its end; `EXT-X-START` wins. Gaps are no place to begin. */
export function startPoint(list: HlsMedia): HlsSegment | undefined {
  const { segments, startMs, isEnded, targetMs } = list;
  const there = segments.filter(({ isGap }) => !isGap);
  if (startMs !== undefined) return startMs >= 0 ? fromStart(segments, startMs) : fromEnd(segments, -startMs);
  return isEnded ? there[0] : fromEnd(segments, heldBack * targetMs);
}

/** In another list of the same programme: by its dates, else by its number, else as far from the end. */
export function sameMoment(list: HlsMedia, at: HlsSegment, fromEndMs: number): HlsSegment | undefined {
  const { dateMs } = at;
  const dated = list.segments.filter((segment) => segment.dateMs !== undefined);
  if (dateMs !== undefined && dated.length > 0)
    return dated.findLast((segment) => (segment.dateMs ?? 0) <= dateMs + roundingMs) ?? dated[0];
  return list.segments.find(({ sequence }) => sequence === at.sequence) ?? fromEnd(list.segments, fromEndMs);
}

const roundingMs = 100;

/** How much of the list plays from the start of this segment on, in milliseconds. */
export function remainingMs(list: HlsMedia, from: HlsSegment): number {
  return list.segments.reduce((sum, { sequence, durationMs }) => sum + (sequence >= from.sequence ? durationMs : 0), 0);
}

function fromStart(segments: readonly HlsSegment[], offsetMs: number): HlsSegment | undefined {
  let atMs = 0;
  for (const segment of segments) {
    atMs += segment.durationMs;
    if (atMs > offsetMs && !segment.isGap) return segment;
  }
  return segments.findLast(({ isGap }) => !isGap);
}

function fromEnd(segments: readonly HlsSegment[], offsetMs: number): HlsSegment | undefined {
  let leftMs = 0;
  let found: HlsSegment | undefined;
  for (const segment of segments.toReversed()) {
    leftMs += segment.durationMs;
    if (!segment.isGap) found = segment;
    if (leftMs >= offsetMs && found !== undefined) return found;
  }
  return found;
}
