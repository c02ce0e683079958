import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

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
  /** The one towards the network; with a proxy or TLS in TLS, not the one that HTTP is spoken over. */
  readonly socket: Socket;
  /** Redirects that were followed. */
  readonly hops: number;
  /** The address that answered, after redirects; relative addresses in the body are relative to it. It may hold a login. */
  readonly url: string;
  /** What the request carried beside its address that must never be quoted: cookies, authorization. */
  readonly secrets?: readonly string[];
  /** Tells the owner that this answer is no stream. */
  noStream(): void;
}

/** `Content-Range: bytes first-last/size`; last and first are inclusive, size is absent when the server wrote `*`. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly size?: number;
}

/** Reads what the head of an answer says. */
export function openedMedia(
  response: IncomingMessage,
  socket: Socket,
  rest: Pick<OpenedMedia, 'hops' | 'url' | 'noStream' | 'secrets'>,
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
    ...rest,
  };
}

/** Reads `bytes 0-99/1000`, leniently; anything else is undefined. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes[\s=]+(\d+)\s*-\s*(\d+)\s*\/\s*(\d+|\*)/i.exec(text ?? '');
  if (match === null) return undefined;
  const [first, last, size] = [Number(match[1]), Number(match[2]), match[3]];
  return { first, last, ...(size === undefined || size === '*' ? {} : { size: Number(size) }) };
}
