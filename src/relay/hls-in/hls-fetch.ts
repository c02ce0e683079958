import type { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { CoaxError, toCoaxError } from '../../errors.ts';
import { classifyAnswer } from '../../sources/media-answer.ts';
import { judgeMedia } from '../../sources/media-peek.ts';
import type { MediaGet, MediaSession } from '../../sources/media-session.ts';
import type { OpenedMedia } from '../../sources/opened-media.ts';
import type { HlsRange } from '../../text/hls-attributes.ts';
import { withHint } from '../refusals.ts';

const mostListBytes = 33_554_432;
/** How much of an answer tells what it is when it is none that was asked for. */
const quotedBytes = 8_192;
const drainMs = 300;

export interface HlsFetchOptions {
  readonly session: MediaSession;
  readonly signal: AbortSignal;
  /** How long an answer may be silent. */
  readonly silenceMs: number;
  /** Never quoted. */
  readonly secrets: readonly string[];
  /** Whether the connection has carried media: then a refusal of one request is not that of the stream. */
  readonly carries: () => boolean;
  /** Told whenever bytes of a segment came, those that lie before its range being `skipped`, and at each whole playlist. */
  readonly received: (what: 'media' | 'skipped' | 'list') => void;
}

/** A text and the address behind all redirects, which its URIs are relative to. */
export interface FetchedText {
  readonly text: string;
  readonly url: string;
}

/** Asks for the parts of an HLS stream on its one connection. Rejects with UPSTREAM_*; refusals of capacity say so. */
export class HlsFetch {
  readonly #options: HlsFetchOptions;

  constructor(options: HlsFetchOptions) {
    this.#options = options;
  }

  /** A playlist; the stream's own address where none is given. Packed ones are unpacked. */
  async list(url?: string): Promise<FetchedText> {
    const { session } = this.#options;
    const opened = await this.#judged(url === undefined ? await session.open() : await session.get(url));
    const bytes = unpack(await this.#all(opened, mostListBytes), opened.headers['content-encoding']);
    const text = bytes.toString('utf8');
    this.#options.received('list');
    if (!/^[\uFEFF\s]*#EXT/.test(text)) throw this.#noList(opened, bytes);
    return { text, url: opened.url };
  }

  /** A key or an initialization section. */
  async whole(url: string, mostBytes: number, range?: Required<HlsRange>): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of this.parts(url, range)) {
      parts.push(part);
      length += part.length;
      if (length > mostBytes) throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent more than a stream needs');
    }
    return Buffer.concat(parts, length);
  }

  /** The bytes of a segment as they come. A server that takes no ranges sends all, of which the others are left out. */
  async *parts(url: string, range?: Required<HlsRange>): AsyncGenerator<Buffer> {
    const get: MediaGet =
      range === undefined ? {} : { range: `bytes=${range.offset}-${range.offset + Math.max(1, range.length) - 1}` };
    const opened = await this.#judged(await this.#options.session.get(url, get));
    let skip = range !== undefined && opened.status === 200 ? range.offset : 0;
    let left = range?.length ?? Number.POSITIVE_INFINITY;
    for await (const part of this.#chunks(opened.body)) {
      const wanted = part.subarray(Math.min(skip, part.length)).subarray(0, left);
      skip = Math.max(0, skip - part.length);
      left -= wanted.length;
      this.#options.received(wanted.length > 0 ? 'media' : 'skipped');
      if (wanted.length > 0) yield wanted;
      if (left <= 0 && opened.status === 200) return;
    }
  }

  async #judged(opened: OpenedMedia): Promise<OpenedMedia> {
    const { carries, silenceMs, secrets, signal } = this.#options;
    if (opened.status === 200 || opened.status === 206) return opened;
    const judged = carries() ? { ...opened, noStream: () => {} } : opened;
    const verdict = await judgeMedia(judged, { expects: 'live', firstByteTimeoutMs: silenceMs, secrets, signal });
    await drained(opened.body, signal);
    if (verdict.kind === 'refused') throw withHint(verdict.error, verdict.capacity);
    throw new CoaxError('UPSTREAM_ERROR', `The provider answers ${opened.status}`);
  }

  async #all({ body }: OpenedMedia, mostBytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of this.#chunks(body)) {
      parts.push(part);
      length += part.length;
      // A transport stream at the address of a playlist never ends.
      if (length > mostBytes || (parts.length === 1 && part[0] === 0x47)) break;
    }
    return Buffer.concat(parts, length);
  }

  /** Leaving it early closes the connection. */
  async *#chunks(body: Readable): AsyncGenerator<Buffer> {
    const { silenceMs, signal } = this.#options;
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let isSilent = false;
    try {
      for (;;) {
        const timer = setTimeout(() => {
          isSilent = true;
          body.destroy();
        }, silenceMs);
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        const next = await chunks.next().finally(() => clearTimeout(timer));
        if (signal.aborted) throw new CoaxError('CANCELLED');
        if (isSilent) throw new CoaxError('UPSTREAM_STALLED', `The provider sent nothing for ${silenceMs} ms`);
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      if (signal.aborted) throw new CoaxError('CANCELLED');
      if (isSilent) throw new CoaxError('UPSTREAM_STALLED', `The provider sent nothing for ${silenceMs} ms`);
      if (error instanceof CoaxError) throw toCoaxError(error);
      throw new CoaxError('UPSTREAM_ENDED', 'The connection to the provider broke', { cause: error });
    } finally {
      await chunks.return?.();
    }
  }

  #noList({ status, headers }: OpenedMedia, bytes: Buffer): CoaxError {
    const first = bytes.subarray(0, quotedBytes);
    const verdict = classifyAnswer({ status, headers, first, expects: 'live', secrets: this.#options.secrets });
    return verdict.kind === 'refused'
      ? withHint(verdict.error, verdict.capacity)
      : new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent media where a playlist should be', {
          details: { reason: 'media' },
        });
  }
}

/** A short page is read to its end, so that its connection can be used on. */
async function drained(body: Readable, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => void body.destroy();
  const timer = setTimeout(stop, drainMs);
  body.once('close', resolve);
  signal.addEventListener('abort', stop, { once: true });
  if (body.destroyed) resolve();
  else body.resume();
  await promise;
  signal.removeEventListener('abort', stop);
  clearTimeout(timer);
}

/** Some servers pack although they were asked not to, and some files are packed by themselves. */
function unpack(bytes: Buffer, encoding: string | undefined): Buffer {
  const most = { maxOutputLength: mostListBytes };
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, most);
    if (/\bdeflate\b/i.test(encoding ?? '')) return inflateSync(bytes, most);
    if (/\bbr\b/i.test(encoding ?? '')) return brotliDecompressSync(bytes, most);
    return bytes;
  } catch (error) {
    throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The provider sent a packed playlist that is damaged', {
      cause: error,
    });
  }
}
