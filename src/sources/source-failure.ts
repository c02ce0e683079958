import { CoaxError, type ErrorCode } from '../errors.ts';
import { parseRetryAfter } from './retry-delay.ts';

/** What a body should be. */
export type Expected = 'json' | 'playlist' | 'guide';

/** Codes after which the same request may work a little later. */
const passing: ReadonlySet<ErrorCode> = new Set(['SOURCE_BUSY', 'SOURCE_UNREACHABLE', 'SOURCE_TRUNCATED']);

/** Whether to ask again; refusals and wrong content are not asked again. */
export function isPassing(error: CoaxError): boolean {
  return passing.has(error.code);
}

export function isSourceFailure(error: unknown): error is CoaxError {
  return error instanceof CoaxError && error.code.startsWith('SOURCE_');
}

const htmlStart =
  /^\s*(?:<!--[^]*?-->\s*)*<(?:!doctype\s+html|html|head|body|script|title|meta|div|center|h1|iframe|!--)/i;

/** A page where data belongs. PHP's notices, which some panels print before their JSON, are none. */
export function isHtml(start: string): boolean {
  return htmlStart.test(start);
}

const blockedText =
  /^["'\s]*(?:error\s*:?\s*)?(?:you are |ip |your ip is |request )?(?:blocked|forbidden|access[ _-]?denied|unauthori[sz]ed|not authori[sz]ed|banned)\b/i;

/** Texts with which panels and their firewalls turn clients away while saying 200. */
export function isBlockedText(start: string): boolean {
  return start.length <= 400 && blockedText.test(start);
}

/** Codes of panels for "not with this client, address or country"; 884 and its like come from their firewalls. */
const blocking = new Set([406, 444, 451, 456, 458, 461, 495, 496, 884]);

/** The error for a status that is no success. `start` is what the body begins with; it is judged, never quoted. */
export function statusFailure(
  host: string,
  status: number,
  headers: Readonly<Record<string, unknown>>,
  start: string,
  nowMs: number,
): CoaxError {
  const fact = `${host} answered HTTP ${status}`;
  const details = { status };
  if (status === 401 || status === 512) return new CoaxError('SOURCE_LOGIN_REFUSED', fact, { details });
  if (status === 403) {
    const page = isHtml(start) || isBlockedText(start) || headers['cf-mitigated'] !== undefined;
    return page
      ? new CoaxError('SOURCE_BLOCKED', `${fact} with a page that turns this client away`, { details })
      : new CoaxError('SOURCE_LOGIN_REFUSED', fact, { details });
  }
  if (status === 404 || status === 410) return new CoaxError('SOURCE_NOT_FOUND', fact, { details });
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status <= 599)) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs);
    return new CoaxError('SOURCE_BUSY', fact, { details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }
  if (blocking.has(status) || (status >= 400 && status < 500))
    return new CoaxError('SOURCE_BLOCKED', fact, { details });
  return new CoaxError('SOURCE_BAD_CONTENT', `${fact}, which is no answer to this request`, { details });
}

/** PHP's notices before the data: text or `<br /><b>Notice</b>`. What follows them decides. */
export const phpNotice =
  /^\s*(?:<br\s*\/?>\s*)*(?:<b>)?(?:PHP )?(?:Notice|Warning|Deprecated|Strict Standards|Fatal error)/i;

/** What is wrong with a body that came with a success, by its first characters; undefined when it may be what is expected. */
export function bodyFailure(host: string, expected: Expected, start: string): CoaxError | undefined {
  const text = start.replace(/^\ufeff/, '').trimStart();
  if (text === '') return new CoaxError('SOURCE_EMPTY', `${host} answered with an empty body`);
  if (isBlockedText(text)) return new CoaxError('SOURCE_BLOCKED', `${host} answered that this client is blocked`);
  if (isHtml(text)) {
    const wanted = expected === 'json' ? 'data' : expected === 'playlist' ? 'a playlist' : 'a guide';
    return new CoaxError('SOURCE_BAD_CONTENT', `${host} answered with a web page instead of ${wanted}`);
  }
  if (expected === 'playlist' && /^<\?xml|^<tv\b/i.test(text))
    return new CoaxError('SOURCE_BAD_CONTENT', `${host} answered with XML instead of a playlist`);
  if (expected === 'playlist' && /^[[{]["\s{}\]]/.test(text))
    return new CoaxError('SOURCE_BAD_CONTENT', `${host} answered with JSON instead of a playlist`);
  if (expected === 'guide' && !text.startsWith('<'))
    return new CoaxError('SOURCE_BAD_CONTENT', `${host} answered with something that is no XML`);
  return undefined;
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  ETIMEDOUT: 'does not answer',
  ECONNABORTED: 'does not answer',
  EHOSTUNREACH: 'can not be reached',
  ENETUNREACH: 'can not be reached',
  ENOTFOUND: 'has no address (DNS)',
  EAI_AGAIN: 'could not be looked up (DNS)',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that nobody vouches for',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that nobody vouches for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that nobody vouches for',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
};

/** The code of a network error, and only that: its message and its request may hold the address. */
export function networkCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN';
}

/** The error for a request that got no answer. */
export function networkFailure(host: string, error: unknown): CoaxError {
  const code = networkCode(error);
  const details = { reason: code };
  if (code === 'ERR_FR_TOO_MANY_REDIRECTS')
    return new CoaxError('SOURCE_BAD_CONTENT', `${host} redirects too often`, { details });
  if (code === 'ERR_INVALID_URL') return new CoaxError('SOURCE_NOT_FOUND', 'The address is not valid', { details });
  if (code.startsWith('HPE_'))
    return new CoaxError('SOURCE_UNREACHABLE', `${host} answers with something that is no HTTP`, { details });
  return new CoaxError('SOURCE_UNREACHABLE', `${host} ${words[code] ?? `can not be reached (${code})`}`, { details });
}

/** The error for a body that broke off. */
export function brokenBody(host: string, error: unknown): CoaxError {
  return new CoaxError('SOURCE_TRUNCATED', `${host} broke off in the middle of its answer`, {
    details: { reason: networkCode(error) },
  });
}
