/** One range of bytes as a client asks for it. `suffix` is the last `length` bytes. */
export type RangeSpec =
  | { readonly kind: 'from'; readonly start: number; readonly last: number | null }
  | { readonly kind: 'suffix'; readonly length: number };

/** Bytes `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** A `Content-Range`: `span` is null in the `*` form of a 416, `size` where the server does not know it. */
export interface ContentRange {
  readonly span: ByteSpan | null;
  readonly size: number | null;
}

/**
 * Reads a `Range` header. Null means that it has to be ignored: absent, malformed, another unit, or several ranges, which a server
 * may ignore too (RFC 9110 14.2): no player needs them, and a multipart answer would need as many connections as parts.
 */
export function parseRange(header: string | undefined): RangeSpec | null {
  const set = /^\s*bytes=(.*)$/is.exec(header ?? '')?.[1];
  if (set === undefined) return null;
  // Empty list elements are legal and mean nothing (RFC 9110 5.6.1.2).
  const parts = set
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const only = parts.length === 1 ? /^(\d*)-(\d*)$/.exec(parts[0] ?? '') : null;
  if (!only) return null;
  const [, first = '', last = ''] = only;
  if (first === '') return last === '' ? null : { kind: 'suffix', length: bounded(last) };
  if (last === '') return { kind: 'from', start: bounded(first), last: null };
  const spec = { kind: 'from', start: bounded(first), last: bounded(last) } as const;
  return spec.last < spec.start ? null : spec;
}

/** The bytes a range means in a file of `size` bytes, or null when it lies outside (416). */
export function resolveRange(spec: RangeSpec, size: number): ByteSpan | null {
  if (spec.kind === 'suffix')
    return spec.length === 0 || size === 0 ? null : { start: Math.max(0, size - spec.length), end: size };
  if (spec.start >= size) return null;
  return { start: spec.start, end: spec.last === null ? size : Math.min(size, spec.last + 1) };
}

/** Reads a `Content-Range` of a provider; null when it makes no sense. */
export function parseContentRange(header: string | undefined): ContentRange | null {
  const match = /^\s*bytes\s+(?:(\d+)-(\d+)|\*)\s*\/\s*(\d+|\*)\s*$/i.exec(header ?? '');
  if (!match) return null;
  const [, first, last, total] = match;
  const size = total === '*' || total === undefined ? null : bounded(total);
  if (first === undefined || last === undefined) return { span: null, size };
  const span = { start: bounded(first), end: bounded(last) + 1 };
  if (span.end <= span.start || (size !== null && span.end > size)) return null;
  return { span, size };
}

/** The `Range` header for `start` up to `end`; null is to the end of the file. */
export function formatRange(start: number, end: number | null): string {
  return `bytes=${start}-${end === null ? '' : end - 1}`;
}

function bounded(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER - 1);
}
