import type { Readable } from 'node:stream';
import axios from 'axios';
import { CoaxError } from '../errors.ts';
import { connectBoundHttpAgent, connectBoundHttpsAgent } from './connect-bound.ts';
import { travellingHeaders } from './request-headers.ts';
import { networkFailure } from './source-failure.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** As sent: nothing is unpacked. The caller destroys it. */
  readonly body: Readable;
}

export interface HttpRequest {
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** For the head of the answer, redirects included. */
  readonly timeoutMs: number;
}

// No pooled sockets towards providers: an idle one may count as a connection of the account.
const httpAgent = connectBoundHttpAgent({ keepAlive: false });
const httpsAgent = connectBoundHttpsAgent({ keepAlive: false });

/** The name of the host of an address; all that may be said of it. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname || 'The provider' : 'The provider';
}

/**
 * GETs an address, following at most 5 redirects. Headers that may be secret stay with the first origin. Every status is an
 * answer. Throws SOURCE_UNREACHABLE, SOURCE_NOT_FOUND, SOURCE_BAD_CONTENT or CANCELLED; no error keeps the request, which holds the login.
 */
export async function getOverHttp({ url, headers, signal, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  const host = hostOf(url);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new CoaxError('SOURCE_NOT_FOUND', 'The address is no http(s) address');
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    const response = await axios.get<Readable>(url, {
      responseType: 'stream',
      headers: { accept: '*/*', ...headers, 'accept-encoding': 'gzip' },
      sensitiveHeaders: Object.keys(headers).filter((name) => !travellingHeaders.has(name)),
      signal: AbortSignal.any([signal, late.signal]),
      httpAgent,
      httpsAgent,
      proxy: false,
      decompress: false,
      maxRedirects: 5,
      maxContentLength: -1,
      validateStatus: () => true,
    });
    return { status: response.status, headers: { ...response.headers }, body: response.data };
  } catch (error) {
    if (signal.aborted) throw new CoaxError('CANCELLED');
    if (late.signal.aborted)
      throw new CoaxError('SOURCE_UNREACHABLE', `${host} did not answer within ${Math.round(timeoutMs / 1000)} s`);
    throw networkFailure(host, error);
  } finally {
    clearTimeout(timer);
  }
}
