import { CoaxError } from '../errors.ts';
import type { ArchiveWay } from '../model/archive.ts';
import type { StreamLocator } from '../model/items.ts';
import type { RequestOverride, UpstreamRequest } from '../model/upstream-request.ts';
import type { StreamResolver } from './contract.ts';
import { sendableHeaders } from './request-headers.ts';

/**
 * The request, through a proxy; an empty address takes one away. What ffmpeg would read over HTTP is read by Coax itself then, and what only
 * ffmpeg can read is NO_STREAM: it would go around the proxy, and show the provider where it came from. Groups of the own network stay.
 */
export function withProxy(request: UpstreamRequest, proxy: string): UpstreamRequest {
  if (request.kind === 'http') {
    const { proxy: _before, ...rest } = request;
    return proxy === '' ? rest : { ...rest, proxy: { url: proxy } };
  }
  if (request.kind !== 'ffmpeg' || proxy === '') return request;
  if (request.protocol === 'http')
    return { kind: 'http', urls: [request.url], headers: request.headers, proxy: { url: proxy } };
  throw new CoaxError('NO_STREAM', `Streams over ${request.protocol} can not go through a proxy`);
}

/** The request as an admin wants it for this channel: over what the source and the playlist say. */
export function withOverride(request: UpstreamRequest, override: RequestOverride | undefined): UpstreamRequest {
  if (override === undefined) return request;
  const { headers = {}, userAgent, proxy } = override;
  const changed =
    request.kind === 'http' || request.kind === 'ffmpeg'
      ? {
          ...request,
          headers: {
            ...request.headers,
            ...sendableHeaders(headers),
            ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
          },
        }
      : request;
  return proxy === undefined ? changed : withProxy(changed, proxy);
}

/** A resolver whose streams go through the proxy that their playlist names, else through that of the source. */
export function proxied(inner: StreamResolver, sourceProxy: string): StreamResolver {
  const through = (request: UpstreamRequest, locator: StreamLocator): UpstreamRequest => {
    const proxy = locator.kind === 'url' ? (locator.proxy ?? sourceProxy) : sourceProxy;
    return proxy === '' ? request : withProxy(request, proxy);
  };
  const archive = inner.archive?.bind(inner);
  return {
    accounts: inner.accounts,
    resolve: (locator, account) => through(inner.resolve(locator, account), locator),
    ...(archive === undefined
      ? {}
      : {
          archive: (locator, ...rest) =>
            archive(locator, ...rest).map((way): ArchiveWay => ({ ...way, request: through(way.request, locator) })),
        }),
  };
}
