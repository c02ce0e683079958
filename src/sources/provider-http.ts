import type { Readable } from 'node:stream';
import axios from 'axios';
import { CoaxError } from '../errors.ts';
import { connectBoundHttpAgent, connectBoundHttpsAgent } from './connect-bound.ts';
import { ConnectionFailure } from './connection-failure.ts';
import type { SessionCookies } from './cookie-jar.ts';
import type { Proxy } from './proxy.ts';
import { proxyAgents } from './proxy-agent.ts';
import { loginRefused } from './proxy-tunnel.ts';
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
  readonly proxy?: Proxy | null;
  /** Sent and kept, over redirects too. */
  readonly cookies?: SessionCookies;
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
 * answer. Throws SOURCE_UNREACHABLE, SOURCE_PROXY, SOURCE_NOT_FOUND, SOURCE_BAD_CONTENT or CANCELLED; no error keeps the request, which holds the login.
 */
export async function getOverHttp(request: HttpRequest): Promise<HttpAnswer> {
  const { url, headers, signal, timeoutMs, proxy = null, cookies } = request;
  const host = hostOf(url);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new CoaxError('SOURCE_NOT_FOUND', 'The address is no http(s) address');
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const over = AbortSignal.any([signal, late.signal]);
  let asked = url;
  try {
    const response = await axios.get<Readable>(url, {
      responseType: 'stream',
      headers: { accept: '*/*', ...headers, ...cookieHeader(cookies, url), 'accept-encoding': 'gzip' },
      sensitiveHeaders: Object.keys(headers).filter((name) => !travellingHeaders.has(name)),
      signal: over,
      ...agentsFor(proxy, over),
      beforeRedirect: (next: Record<string, unknown>, from: { readonly headers?: unknown }) => {
        if (cookies !== undefined) carryCookies(cookies, next, from.headers, asked);
        asked = textOf(next, 'href');
      },
      proxy: false,
      decompress: false,
      maxRedirects: 5,
      maxContentLength: -1,
      validateStatus: () => true,
    });
    const answered: unknown = response.request;
    cookies?.take(setCookies(response.headers), new URL(finalUrl(answered) ?? url));
    if (response.status === 407 && proxy !== null && proxy.kind.startsWith('http')) {
      response.data.destroy();
      throw loginRefused('HTTP 407');
    }
    return { status: response.status, headers: { ...response.headers }, body: response.data };
  } catch (error) {
    if (signal.aborted) throw new CoaxError('CANCELLED');
    if (late.signal.aborted)
      throw new CoaxError('SOURCE_UNREACHABLE', `${host} did not answer within ${Math.round(timeoutMs / 1000)} s`);
    const failure = connectionFailureOf(error);
    if (failure?.at === 'proxy')
      throw new CoaxError('SOURCE_PROXY', failure.message, { details: { reason: failure.reason } });
    if (failure !== null)
      throw new CoaxError('SOURCE_UNREACHABLE', failure.message, { details: { reason: failure.reason } });
    throw networkFailure(host, error);
  } finally {
    clearTimeout(timer);
  }
}

function agentsFor(proxy: Proxy | null, signal: AbortSignal) {
  return proxy === null ? { httpAgent, httpsAgent } : proxyAgents(proxy, signal);
}

function cookieHeader(cookies: SessionCookies | undefined, url: string): { readonly cookie?: string } {
  const cookie = cookies?.headerFor(new URL(url));
  return cookie === undefined ? {} : { cookie };
}

/** Before a redirect is followed: what it sets is kept, and the next address gets what is meant for it. */
function carryCookies(cookies: SessionCookies, next: Record<string, unknown>, headers: unknown, asked: string): void {
  const from = URL.parse(asked);
  const to = URL.parse(textOf(next, 'href'));
  if (from !== null) cookies.take(setCookies(headers), from);
  const own = next['headers'];
  if (to === null || typeof own !== 'object' || own === null) return;
  for (const name of Object.keys(own)) if (name.toLowerCase() === 'cookie') Reflect.deleteProperty(own, name);
  const cookie = cookies.headerFor(to);
  if (cookie !== undefined) Reflect.set(own, 'cookie', cookie);
}

function setCookies(headers: unknown): readonly string[] | undefined {
  const value: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, 'set-cookie') : undefined;
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** The address that answered in the end; follow-redirects leaves it at the answer. */
function finalUrl(request: unknown): string | undefined {
  const answer: unknown = typeof request === 'object' && request !== null ? Reflect.get(request, 'res') : undefined;
  const url = textOf(answer, 'responseUrl');
  return URL.canParse(url) ? url : undefined;
}

function textOf(from: unknown, key: string): string {
  const value: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, key) : undefined;
  return typeof value === 'string' ? value : '';
}

/** Axios wraps what an agent throws. */
function connectionFailureOf(error: unknown): ConnectionFailure | null {
  for (let at: unknown = error, depth = 0; depth < 4 && at instanceof Error; at = at.cause, depth += 1)
    if (at instanceof ConnectionFailure) return at;
  return null;
}
