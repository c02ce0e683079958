/** What a segment's bytes are; also its extension in addresses. */
export type SegmentForm = 'ts' | 'aac' | 'mp3';

export const segmentTypes: Readonly<Record<SegmentForm, string>> = {
  ts: 'video/mp2t',
  aac: 'audio/aac',
  mp3: 'audio/mpeg',
};

/** A piece of the stream, cut where a decoder can start, before it has its number. */
export interface Cut {
  readonly form: SegmentForm;
  /** Shared buffers of the ring, or slices of them: never change them. */
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  readonly seconds: number;
  /** It does not go on where the one before it ended: other times, other codecs, or something is missing. */
  readonly discontinuity: boolean;
  /** Wall clock of its first picture, Unix milliseconds. */
  readonly atMs: number;
  readonly slate: boolean;
  /** A decoder can start at it. False where a group of pictures was too long for one segment. */
  readonly independent: boolean;
}

/** A segment of a playlist. */
export interface Segment extends Cut {
  readonly sequence: number;
}

/** Gets what cutters make. */
export interface CutSink {
  cut(cut: Cut): void;
  /** How long a segment may be at most, in seconds: asked before each cut that no key frame allows. */
  mostSeconds(): number;
}

/** What is larger is worth a write of its own. */
const joinBelow = 32_768;
const joinedBytes = 131_072;

/** The same bytes in fewer buffers: small neighbours are copied into one, once for all clients; large ones stay as they are. */
export function packed(parts: readonly Buffer[]): Buffer[] {
  const out: Buffer[] = [];
  let small: Buffer[] = [];
  let bytes = 0;
  const join = (): void => {
    if (small.length > 0)
      out.push(small.length === 1 && small[0] !== undefined ? small[0] : Buffer.concat(small, bytes));
    small = [];
    bytes = 0;
  };
  for (const part of parts) {
    if (part.length === 0) continue;
    if (part.length >= joinBelow || bytes + part.length > joinedBytes) join();
    if (part.length >= joinBelow) out.push(part);
    else {
      small.push(part);
      bytes += part.length;
    }
  }
  join();
  return out;
}
