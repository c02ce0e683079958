import { Readable } from 'node:stream';
import { CoaxError } from '../errors.ts';
import type { DemoUpstreamRequest, HttpUpstreamRequest } from '../model/upstream-request.ts';
import { capacityOfError, classifyAnswer } from '../sources/media-answer.ts';
import type { BaseUrlHealth } from '../sources/base-url-health.ts';
import { loadClip } from '../sources/demo/clips.ts';
import { DemoMovie } from '../sources/demo/movie.ts';
import { openMedia, type OpenedMedia } from '../sources/media-client.ts';
import { judgeMedia } from '../sources/media-peek.ts';
import { firstBytes } from './first-bytes.ts';
import { parseRange, resolveRange } from './range.ts';
import { ProviderRefusal, readStart, type OpenOptions, type RangeAnswer, type RangeOpener } from './upstream-range.ts';

/** Length of a demo file that names none. */
const demoSec = 640;

/** Path parts that panels have in common; everything else in an address may be a login. */
const plainWords = new Set(['movie', 'movies', 'series', 'live', 'vod', 'timeshift', 'http', 'https']);

/** Opens ranges at providers by HTTP, and of the built-in movie. `health` remembers which addresses of a provider failed lately. */
export function createRangeOpener(health?: BaseUrlHealth): RangeOpener {
  return async (request, options) => {
    if (request.kind === 'http') return openHttp(request, options, health);
    if (request.kind === 'demo') return openDemo(request, options.range);
    // Files come over HTTP whoever reads the live streams of their source.
    if (request.kind === 'ffmpeg' && request.protocol === 'http')
      return openHttp({ kind: 'http', urls: [request.url], headers: request.headers }, options, health);
    throw new CoaxError('NO_STREAM', 'The address is that of a live stream, not of a file');
  };
}

async function openHttp(
  request: HttpUpstreamRequest,
  options: OpenOptions,
  health: BaseUrlHealth | undefined,
): Promise<RangeAnswer> {
  const { lease, signal, connectTimeoutMs, range, ifRange } = options;
  if (lease === null) throw new CoaxError('INTERNAL', 'A connection to a provider needs a lease');
  let opened: OpenedMedia;
  try {
    opened = await openMedia(request, {
      owner: lease,
      signal,
      connectTimeoutMs,
      range,
      ...(ifRange === undefined ? {} : { ifRange }),
      ...(health === undefined ? {} : { health }),
    });
  } catch (error) {
    throw ProviderRefusal.of(error, capacityOfError(error));
  }
  if (opened.status !== 416) await judge(opened, request, options);
  const { status, headers, body } = opened;
  return { status, headers, body };
}

/** Throws unless the answer is media. The first bytes are enough for a yes; a no is worth reading the page for its reason. */
async function judge(opened: OpenedMedia, request: HttpUpstreamRequest, options: OpenOptions): Promise<void> {
  const { status, headers, body } = opened;
  const { signal, firstByteTimeoutMs } = options;
  const at = readStart(opened);
  if (status === 200 || status === 206) {
    const first = await firstBytes(body, firstByteTimeoutMs, signal);
    // Two letters of a file may look like a text; a page would say what it is.
    const tooShort =
      opened.contentLength !== undefined && opened.contentLength < 16 && !/text|json/.test(opened.contentType ?? '');
    if (tooShort || classifyAnswer({ status, headers, first, expects: 'file', at }).kind === 'media') return;
  }
  const verdict = await judgeMedia(opened, {
    expects: 'file',
    at,
    secrets: secretsOf(request),
    firstByteTimeoutMs,
    signal,
  });
  if (verdict.kind === 'refused') throw ProviderRefusal.of(verdict.error, verdict.capacity);
  if (body.destroyed) throw new CoaxError('UPSTREAM_ENDED', 'The provider broke the connection off');
}

function openDemo({ clip, durationSec }: DemoUpstreamRequest, range: string): RangeAnswer {
  const movie = new DemoMovie(loadClip(clip), durationSec ?? demoSec);
  const spec = parseRange(range);
  const span = spec === null ? { start: 0, end: movie.size } : resolveRange(spec, movie.size);
  if (span === null)
    return { status: 416, headers: { 'content-range': `bytes */${movie.size}` }, body: Readable.from([]) };
  const headers = {
    'content-type': 'video/mp2t',
    'content-range': `bytes ${span.start}-${span.end - 1}/${movie.size}`,
  };
  return { status: 206, headers, body: movie.read(span.start, span.end) };
}

/** What of an address must not be quoted back: its path and query may hold user name and password. */
export function secretsOf({ urls }: HttpUpstreamRequest): string[] {
  const found = new Set<string>();
  for (const text of urls) {
    const url = URL.parse(text);
    if (!url) continue;
    for (const part of [...url.pathname.split('/'), ...url.searchParams.values(), url.username, url.password]) {
      if (part.length < 3 || plainWords.has(part)) continue;
      found.add(part);
      found.add(decoded(part));
    }
  }
  return [...found];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
