import type { FileFacts } from './file-facts.ts';
import { etagOf } from './file-facts.ts';
import { resolveRange, type ByteSpan, type RangeSpec } from './range.ts';

/** What a request gets. `end` is exclusive, and null where the size is not known. */
export type AnswerPlan =
  | { readonly status: 200 | 206; readonly start: number; readonly end: number | null }
  | { readonly status: 416 };

/** The range that counts: one whose `If-Range` names another file is none (RFC 9110 13.1.5). */
export function effectiveRange(
  range: RangeSpec | null,
  ifRange: string | undefined,
  itemId: string,
  size: number | null,
): RangeSpec | null {
  if (range === null || ifRange === undefined) return range;
  // We send no Last-Modified, so that a date never matches.
  return size !== null && ifRange.trim() === etagOf(itemId, size) ? range : null;
}

/** Decides between 200, 206 and 416 once the file is known. */
export function planAnswer(range: RangeSpec | null, facts: Pick<FileFacts, 'size' | 'ranges'>): AnswerPlan {
  if (facts.size === null) return { status: 200, start: 0, end: null };
  if (range === null) return { status: 200, start: 0, end: facts.size };
  const span = resolveRange(range, facts.size);
  if (span === null) return { status: 416 };
  // A 206 would promise seeking, which this provider does not offer.
  if (!facts.ranges && isWhole(span, facts.size)) return { status: 200, ...span };
  return { status: 206, ...span };
}

/** The headers of an answer, lower case. */
export function answerHeaders(options: {
  readonly itemId: string;
  readonly contentType: string;
  readonly size: number | null;
  readonly ranges: boolean;
  readonly plan: AnswerPlan;
}): Record<string, string> {
  const { itemId, contentType, size, ranges, plan } = options;
  const headers: Record<string, string> = { 'accept-ranges': ranges ? 'bytes' : 'none', 'cache-control': 'no-store' };
  if (plan.status === 416) return { ...headers, 'content-range': `bytes */${size ?? '*'}`, 'content-length': '0' };
  headers['content-type'] = contentType;
  if (size !== null) headers['etag'] = etagOf(itemId, size);
  if (plan.end !== null) headers['content-length'] = String(plan.end - plan.start);
  if (plan.status === 206) headers['content-range'] = `bytes ${plan.start}-${(plan.end ?? 0) - 1}/${size ?? '*'}`;
  return headers;
}

function isWhole(span: ByteSpan, size: number): boolean {
  return span.start === 0 && span.end === size;
}
