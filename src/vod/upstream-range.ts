import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Lease } from '../accounts/lease.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';
import type { SeenFile } from './file-facts.ts';
import { formatRange, parseContentRange } from './range.ts';

/** Which bytes are asked of a provider. `to` is exclusive; null is to the end of the file. */
export type Ask =
  | { readonly kind: 'span'; readonly from: number; readonly to: number | null }
  | { readonly kind: 'suffix'; readonly length: number };

/** The head of a provider's answer and its body, which is paused. */
export interface RangeAnswer {
  /** 200, 206 or 416; the opener rejects with every other answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Where the opener knows better than the headers what the answer is. */
  readonly facts?: AnswerFacts;
}

export interface OpenOptions {
  /** The lease the socket is tied to; null for a file that needs none. */
  readonly lease: Lease | null;
  /** The first byte that is asked for, where `range` has one. */
  readonly from?: number;
  /** Aborting destroys the socket in the same tick. */
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** A `Range` header. */
  readonly range: string;
  readonly ifRange?: string;
}

/** An answer that may mean that all connections of the account are in use; `capacity` says how sure that is. */
export class ProviderRefusal extends CoaxError {
  readonly capacity: 'yes' | 'maybe';

  constructor(error: CoaxError, capacity: 'yes' | 'maybe') {
    const { cause, details, retryAfterMs } = error;
    super(error.code, error.message, {
      cause,
      ...(details === undefined ? {} : { details }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.capacity = capacity;
  }

  /** Marks an error as a refusal, unless it has nothing to do with connections. */
  static of(error: unknown, capacity: 'yes' | 'maybe' | 'no'): CoaxError {
    const known = toCoaxError(error);
    return capacity === 'no' ? known : new ProviderRefusal(known, capacity);
  }
}

/** This account does not have the file; another one may. */
export class NotHere extends CoaxError {
  static of(error: CoaxError): NotHere {
    const { cause, details } = error;
    return new NotHere(error.code, error.message, { cause, ...(details === undefined ? {} : { details }) });
  }
}

/** Opens one range at a provider. Rejects with CoaxError when the answer is not the file: UPSTREAM_*, or a ProviderRefusal. */
export type RangeOpener = (request: UpstreamRequest, options: OpenOptions) => Promise<RangeAnswer>;

/** What an answer turned out to be. `start` is the first byte of the body; `end` is exclusive. */
export interface AnswerFacts {
  readonly seen: SeenFile;
  readonly start: number;
  readonly end: number | null;
  /** The provider says that the range lies outside the file. */
  readonly unsatisfiable: boolean;
}

/** The `Range` header of an ask. It is sent for a whole file too: the answer tells whether ranges work, and the size. */
export function askHeader(ask: Ask): string {
  return ask.kind === 'suffix' ? `bytes=-${ask.length}` : formatRange(ask.from, ask.to);
}

/**
 * Reads the head of an answer. Throws UPSTREAM_BAD_CONTENT when it contradicts the ask or itself. `knownSize` counts for a part whose
 * provider does not tell the size.
 */
export function readAnswer(
  ask: Ask,
  answer: Pick<RangeAnswer, 'status' | 'headers' | 'facts'>,
  knownSize: number | null,
): AnswerFacts {
  if (answer.facts !== undefined) return answer.facts;
  const { headers } = answer;
  const basics = {
    etag: headers.etag ?? null,
    lastModified: headers['last-modified'] ?? null,
    contentType: headers['content-type'] ?? null,
  };
  if (answer.status === 206) {
    const range = parseContentRange(headers['content-range']);
    if (!range?.span) throw bad('The provider sent a part of the file without saying which');
    const { span } = range;
    if (ask.kind === 'span' && span.start > ask.from)
      throw bad(`The provider was asked for byte ${ask.from} and sent byte ${span.start}`);
    const toEnd = ask.kind === 'suffix' || ask.to === null;
    const size = range.size ?? (toEnd ? span.end : knownSize);
    return { seen: { ...basics, size, ranges: true }, start: span.start, end: span.end, unsatisfiable: false };
  }
  if (answer.status === 416) {
    const size = parseContentRange(headers['content-range'])?.size ?? null;
    return { seen: { ...basics, size, ranges: true }, start: 0, end: 0, unsatisfiable: true };
  }
  const size = lengthOf(headers);
  const fromStart = ask.kind === 'span' && ask.from === 0;
  // A server may answer `bytes=0-` with 200 and still support ranges; any other range answered with 200 was ignored.
  const ranges = fromStart && /\bbytes\b/i.test(headers['accept-ranges'] ?? '');
  return { seen: { ...basics, size, ranges }, start: 0, end: size, unsatisfiable: false };
}

/** Where in the file the body of an answer starts, as far as its head tells. */
export function readStart({ status, headers }: Pick<RangeAnswer, 'status' | 'headers'>): number {
  return status === 206 ? (parseContentRange(headers['content-range'])?.span?.start ?? 0) : 0;
}

function lengthOf(headers: IncomingHttpHeaders): number | null {
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function bad(message: string): CoaxError {
  return new CoaxError('UPSTREAM_BAD_CONTENT', message);
}
