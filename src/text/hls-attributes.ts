/** The attributes of an HLS tag by name, in upper case; quotes are taken off. */
export type HlsAttributes = ReadonlyMap<string, string>;

// Bounded, so that a long line without an "=" does not cost its length squared.
const attribute = /([A-Za-z0-9_-]{1,64})\s{0,8}=\s{0,8}(?:"([^"]*)(?:"|$)|([^,]*))/g;

/** Reads an attribute list (RFC 8216 4.2): blanks beside commas and a quote that is never closed are taken as meant. The first of a name counts. */
export function readHlsAttributes(text: string): HlsAttributes {
  const found = new Map<string, string>();
  for (const match of text.matchAll(attribute)) {
    const name = (match[1] ?? '').toUpperCase();
    if (!found.has(name)) found.set(name, match[2] ?? (match[3] ?? '').trim());
  }
  return found;
}

/** A number that is not negative, or undefined. */
export function hlsNumber(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The `n@o` of a byte range (RFC 8216 4.3.2.2). */
export interface HlsRange {
  readonly length: number;
  /** Absent: behind the range before, of the same resource. */
  readonly offset?: number;
}

export function readHlsRange(text: string | undefined): HlsRange | undefined {
  const match = /^(\d{1,15})\s{0,8}(?:@\s{0,8}(\d{1,15}))?$/.exec(text?.trim() ?? '');
  if (match === null) return undefined;
  return { length: Number(match[1]), ...(match[2] === undefined ? {} : { offset: Number(match[2]) }) };
}

/** The 16 bytes of `0x...`, filled up with zeros in front; undefined for anything else. */
export function readHlsIv(text: string | undefined): Buffer | undefined {
  const match = /^\s*(?:0x)?([0-9a-f]{1,32})\s*$/i.exec(text ?? '');
  return match === null ? undefined : Buffer.from((match[1] ?? '').padStart(32, '0'), 'hex');
}
