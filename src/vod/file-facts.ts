import { createHash } from 'node:crypto';

/** What one answer of a provider says about the file behind it. */
export interface SeenFile {
  /** Bytes; null when the provider does not say. */
  readonly size: number | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly contentType: string | null;
  /** False when the provider answered a range with the whole file. */
  readonly ranges: boolean;
  /** The bytes at a place may be others the next time: they are not kept. */
  readonly volatile?: boolean;
}

/** A file as it was seen last. Two of one `version` hold the same bytes. */
export interface FileFacts extends SeenFile {
  readonly version: number;
}

/** True when two answers can be of the same bytes. What only one of them tells decides nothing. */
export function sameFile(a: SeenFile, b: SeenFile): boolean {
  if (a.size !== b.size) return false;
  if (a.etag !== null && b.etag !== null) return opaque(a.etag) === opaque(b.etag);
  if (a.lastModified !== null && b.lastModified !== null) return a.lastModified === b.lastModified;
  return true;
}

/** True for a validator that may stand in `If-Range` (RFC 9110 13.1.5). */
export function isStrong(etag: string | null): etag is string {
  return etag !== null && /^"[^"]*"$/.test(etag);
}

/** The ETag players get: ours, strong, the same whatever account or edge the bytes come from. */
export function etagOf(itemId: string, size: number): string {
  return `"${createHash('sha256').update(itemId).digest('base64url').slice(0, 16)}-${size.toString(36)}"`;
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
