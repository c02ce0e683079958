import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { HttpUpstreamRequest } from '../model/upstream-request.ts';
import type { BaseUrlHealth } from './base-url-health.ts';
import { requestHop } from './media-client-hop.ts';
import { sendableHeaders, travellingHeaders } from './request-headers.ts';

/** What the client needs of a lease: it is told of each socket as soon as there is one, and closes it. */
export interface SocketOwner {
  connecting(): void;
  attach(socket: Socket): void;
  /** `counted` is false for a socket that carried no stream: a redirect, a failed connect. */
  closeSocket(counted?: boolean): Promise<void>;
  /** The present socket turned out to carry no stream. */
  noStream?(): void;
}

export interface OpenMediaOptions {
  readonly owner: SocketOwner;
  readonly signal: AbortSignal;
  /** For each connect; also for each head of an answer, unless `headerTimeoutMs` is given. */
  readonly connectTimeoutMs: number;
  readonly headerTimeoutMs?: number;
  /** A Range header's value: `bytes=0-`. */
  readonly range?: string;
  readonly ifRange?: string;
  readonly maxRedirects?: number;
  readonly health?: BaseUrlHealth;
}

/** An answer whatever its status; `media-answer.ts` judges it. The body is paused, its socket is the owner's. */
export interface OpenedMedia {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly contentType: string | undefined;
  readonly contentLength: number | undefined;
  readonly contentRange: ContentRange | undefined;
  /** True when the server says it takes ranges, or answers one. */
  readonly acceptRanges: boolean;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly body: IncomingMessage;
  readonly socket: Socket;
  /** Redirects that were followed. */
  readonly hops: number;
  /** Where the answer came from, behind all redirects; it may hold a login or a token. */
  readonly url: URL;
  /** Tells the owner that this answer is no stream. */
  noStream(): void;
}

/** `Content-Range: bytes first-last/size`; last and first are inclusive, size is absent when the server wrote `*`. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size?: number;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const mostCandidates = 4;

/**
 * Opens one media connection: GET on a fresh socket that is never pooled, redirects followed, the owner's socket always the newest
 * one and never two at a time. An address that does not answer, or answers 404 or 410, leads to the next one; the last one's answer is
 * handed over whatever it is. Rejects with UPSTREAM_UNREACHABLE, UPSTREAM_ERROR, UPSTREAM_BAD_CONTENT, UPSTREAM_NOT_FOUND (one said so
 * and no other helped) or CANCELLED, and only after the last socket has closed.
 */
export async function openMedia(request: HttpUpstreamRequest, options: OpenMediaOptions): Promise<OpenedMedia> {
  const urls = (options.health?.order(request.urls) ?? [...request.urls]).slice(0, mostCandidates);
  let failure = new CoaxError('NO_STREAM', 'The stream has no address');
  let missing: CoaxError | undefined;
  for (const url of urls) {
    const start = parseHttpUrl(url);
    if (start === null) {
      failure = new CoaxError('NO_STREAM', 'The address of the stream is not a web address');
      continue;
    }
    try {
      // oxlint-disable-next-line no-await-in-loop -- candidates are tried one after the other
      const opened = await openCandidate(start, headersOf(request, url), options);
      options.health?.worked(url);
      if ((opened.status !== 404 && opened.status !== 410) || url === urls.at(-1)) return opened;
      // The same stream may be at the next address; this one's socket goes first.
      opened.noStream();
      missing ??= new CoaxError('UPSTREAM_NOT_FOUND', `The provider answers ${opened.status}`);
      // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
      await options.owner.closeSocket(false);
      if (options.signal.aborted) throw new CoaxError('CANCELLED');
    } catch (error) {
      failure = toCoaxError(error);
      // oxlint-disable-next-line no-await-in-loop -- the lease holds one socket at a time
      await options.owner.closeSocket(options.signal.aborted || failure.details?.['reason'] === 'no answer');
      if (options.signal.aborted) throw new CoaxError('CANCELLED', undefined, { cause: error });
      if (failure.code !== 'UPSTREAM_UNREACHABLE') throw failure;
      options.health?.failed(url);
    }
  }
  throw missing ?? failure;
}

/** Only what holds no secret goes to an address of someone else. */
function headersOf({ headers, foreignUrls }: HttpUpstreamRequest, url: string): Readonly<Record<string, string>> {
  if (foreignUrls?.includes(url) !== true) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => travellingHeaders.has(name.toLowerCase())));
}

async function openCandidate(
  first: URL,
  headers: Readonly<Record<string, string>>,
  options: OpenMediaOptions,
): Promise<OpenedMedia> {
  let url = first;
  const most = options.maxRedirects ?? 5;
  for (let hops = 0; ; hops++) {
    options.owner.connecting();
    // oxlint-disable-next-line no-await-in-loop -- each redirect depends on the one before
    const { response, socket } = await requestHop({
      url,
      headers: hopHeaders(url, first, headers, options),
      onSocket: (made) => options.owner.attach(made),
      signal: options.signal,
      connectTimeoutMs: options.connectTimeoutMs,
      headerTimeoutMs: options.headerTimeoutMs ?? options.connectTimeoutMs,
    });
    if (options.signal.aborted) throw new CoaxError('CANCELLED');
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (!redirectStatuses.has(status) || location === undefined)
      return opened(response, socket, { hops, url, owner: options.owner });
    if (hops >= most) throw new CoaxError('UPSTREAM_ERROR', `The provider redirects more than ${most} times`);
    const next = parseHttpUrl(location, url);
    if (next === null)
      throw new CoaxError('UPSTREAM_ERROR', 'The provider redirects to something that is no web address');
    url = next;
    // oxlint-disable-next-line no-await-in-loop -- the provider must not count two
    await options.owner.closeSocket(false);
    if (options.signal.aborted) throw new CoaxError('CANCELLED');
  }
}

function parseHttpUrl(text: string, base?: URL): URL | null {
  const url = URL.parse(text.trim(), base?.href);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}

function hopHeaders(
  url: URL,
  first: URL,
  configured: Readonly<Record<string, string>>,
  options: OpenMediaOptions,
): Record<string, string> {
  const sameHost = url.hostname === first.hostname && !(first.protocol === 'https:' && url.protocol === 'http:');
  const headers = Object.fromEntries(
    Object.entries(sendableHeaders(configured)).filter(([name]) => sameHost || travellingHeaders.has(name)),
  );
  if (url.username !== '' || url.password !== '') {
    const login = `${decode(url.username)}:${decode(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(login, 'utf8').toString('base64')}`;
  }
  return {
    accept: '*/*',
    ...headers,
    'accept-encoding': 'identity',
    connection: 'close',
    ...(options.range === undefined ? {} : { range: options.range }),
    ...(options.ifRange === undefined ? {} : { 'if-range': options.ifRange }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function opened(
  response: IncomingMessage,
  socket: Socket,
  { hops, url, owner }: { readonly hops: number; readonly url: URL; readonly owner: SocketOwner },
): OpenedMedia {
  const { headers } = response;
  const contentRange = parseContentRange(headers['content-range']);
  const length = headers['content-length'];
  return {
    status: response.statusCode ?? 0,
    headers,
    contentType: headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase(),
    contentLength: length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined,
    contentRange,
    acceptRanges: contentRange !== undefined || /\bbytes\b/i.test(headers['accept-ranges'] ?? ''),
    etag: headers.etag,
    lastModified: headers['last-modified'],
    body: response,
    socket,
    hops,
    url,
    noStream: () => owner.noStream?.(),
  };
}

/** Reads `bytes 0-99/1000`, leniently; anything else is undefined. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes[\s=]+(\d+)\s*-\s*(\d+)\s*\/\s*(\d+|\*)/i.exec(text ?? '');
  if (match === null) return undefined;
  const [first, last, size] = [Number(match[1]), Number(match[2]), match[3]];
  return { first, last, ...(size === undefined || size === '*' ? {} : { size: Number(size) }) };
}
