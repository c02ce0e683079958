import type { IncomingHttpHeaders } from 'node:http';
import { CoaxError, type ErrorCode } from '../errors.ts';
import { findContainer, type MediaContainer } from './media-container.ts';
import { pageText, quoteText } from './media-quote.ts';

/**
 * Whether a refusal is about connections: `yes` is reported to the lease as `refused`, `maybe` as `doubtful`, `no` not at all.
 */
export type CapacityHint = 'yes' | 'maybe' | 'no';

export type MediaVerdict =
  | { readonly kind: 'media'; readonly container: MediaContainer; readonly offset: number }
  | { readonly kind: 'refused'; readonly error: CoaxError; readonly capacity: CapacityHint };

export interface MediaAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The start of the body: 600 bytes tell all formats. */
  readonly first: Buffer;
  /** `live` has to be a transport stream, audio, or an HLS playlist, which may be gzipped; a `file` may be any other container. */
  readonly expects: 'live' | 'file';
  /** Where in the file `first` stands; only its beginning shows a format. */
  readonly at?: number;
  /** Texts that must not be quoted: user name and password. */
  readonly secrets?: readonly string[];
  /** Statuses that mean "all connections in use" at this provider, instead of the usual ones. */
  readonly capacityStatuses?: ReadonlySet<number>;
}

/** Statuses by which panels say that the limit of connections is reached. */
export const usualCapacityStatuses: ReadonlySet<number> = new Set([429, 456, 458, 461, 509, 512]);
/** Statuses that panels use for that, for blocks and for wrong logins alike. */
const doubtfulStatuses: ReadonlySet<number> = new Set([401, 403, 406, 451, 551, 884]);

const capacityWords =
  /\b(?:max(?:imum)?|limit|too many|all|allowed)\b[^.<]{0,40}\b(?:connections?|streams?|devices?|screens?|lines?|users?)\b|\b(?:connections?|streams?|devices?|line) (?:limit|is full|in use)|already (?:in use|watching|streaming)/i;
const refusalWords =
  /\b(?:expired|banned|blocked|disabled|suspended|not authori[sz]ed|unauthori[sz]ed|forbidden|invalid (?:user|login|credentials)|geo)/i;

const noMedia: Partial<Record<MediaContainer, string>> = {
  hls: 'The provider sent an HLS playlist instead of a file',
  dash: 'The provider sent a DASH manifest, which is not supported',
  image: 'The provider sent a picture instead of media',
  archive: 'The provider sent compressed data instead of media',
  empty: 'The provider sent an empty answer',
};

/** Judges an answer by status and first bytes; the content type only helps where the bytes tell nothing. Pure. */
export function classifyAnswer(answer: MediaAnswer): MediaVerdict {
  const { status } = answer;
  if (status === 200 || status === 206) return classifyBody(answer);
  const isText = findContainer(answer.first).container === 'text';
  const text = isText ? pageText(answer.first) : '';
  const quote = isText ? quoteText(pageText(answer.first, answer.secrets), answer.secrets) : '';
  const says = quote === '' ? '' : `: "${quote}"`;
  if (status === 204 || status === 205) return refuse('UPSTREAM_BAD_CONTENT', noMedia.empty ?? '', 'no', answer);
  if (status === 404 || status === 410)
    return refuse('UPSTREAM_NOT_FOUND', `The provider answers ${status}${says}`, 'no', answer);
  if (status === 416)
    return refuse('RANGE_NOT_SATISFIABLE', 'The provider has no such range of this file', 'no', answer);
  const capacity = answer.capacityStatuses ?? usualCapacityStatuses;
  if (capacity.has(status) || (status >= 400 && capacityWords.test(text)))
    return refuse('UPSTREAM_CAPACITY', `The provider answers ${status}${says}`, 'yes', answer);
  if (status === 503) return refuse('UPSTREAM_CAPACITY', `The provider answers 503${says}`, 'maybe', answer);
  if (doubtfulStatuses.has(status))
    return refuse('UPSTREAM_REFUSED', `The provider answers ${status}${says}`, 'maybe', answer);
  if (status >= 400 && status < 500)
    return refuse('UPSTREAM_REFUSED', `The provider answers ${status}${says}`, 'no', answer);
  return refuse('UPSTREAM_ERROR', `The provider answers ${status}${says}`, 'no', answer);
}

/** Whether an error before any answer (a reset, a timeout) may have been a refusal for lack of connections. */
export function capacityOfError(error: unknown): CapacityHint {
  return error instanceof CoaxError && error.code === 'UPSTREAM_UNREACHABLE' && error.details?.['reset'] === true
    ? 'maybe'
    : 'no';
}

function classifyBody(answer: MediaAnswer): MediaVerdict {
  const { container, offset } = findContainer(answer.first);
  if ((answer.at ?? 0) > 0 && container !== 'text' && container !== 'empty')
    return { kind: 'media', container: 'unknown', offset: 0 };
  if (container === 'text') return classifyText(answer);
  if (answer.expects === 'live' && (container === 'hls' || isGzip(answer.first)))
    return { kind: 'media', container, offset };
  const problem = noMedia[container];
  if (problem !== undefined) return refuse('UPSTREAM_BAD_CONTENT', problem, 'no', answer);
  if (answer.expects === 'live' && container !== 'mpegts' && container !== 'audio')
    return refuse(
      'UPSTREAM_BAD_CONTENT',
      container === 'unknown'
        ? 'The provider sent data that is no transport stream'
        : `The provider sent ${container}, which is no live stream`,
      'no',
      answer,
    );
  return { kind: 'media', container, offset };
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function classifyText(answer: MediaAnswer): MediaVerdict {
  // A piece from the middle of a file may be text by chance (a subtitle, a text chunk); a declared page is one.
  const type = answer.headers['content-type'] ?? '';
  if ((answer.at ?? 0) > 0 && !/html|json|text/i.test(type)) return { kind: 'media', container: 'unknown', offset: 0 };
  const text = pageText(answer.first);
  const quote = quoteText(pageText(answer.first, answer.secrets), answer.secrets);
  if (quote === '') return refuse('UPSTREAM_BAD_CONTENT', 'The provider sent a page without text', 'no', answer);
  const message = `The provider sent a text instead of media: "${quote}"`;
  if (capacityWords.test(text)) return refuse('UPSTREAM_CAPACITY', message, 'yes', answer);
  if (refusalWords.test(text)) return refuse('UPSTREAM_REFUSED', message, 'maybe', answer);
  return refuse('UPSTREAM_BAD_CONTENT', message, 'no', answer);
}

function refuse(code: ErrorCode, message: string, capacity: CapacityHint, answer: MediaAnswer): MediaVerdict {
  const retryAfterMs = readRetryAfter(answer.headers['retry-after']);
  const options = {
    details: { upstreamStatus: answer.status },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return { kind: 'refused', error: new CoaxError(code, message, options), capacity };
}

/** `Retry-After` in seconds or as a date; at most ten minutes are believed. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(600_000, Math.max(0, ms));
}
