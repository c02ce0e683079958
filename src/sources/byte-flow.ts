import { Readable } from 'node:stream';
import { createBrotliDecompress, createInflate } from 'node:zlib';
import { CoaxError } from '../errors.ts';
import { brokenBody } from './source-failure.ts';

export type Bytes = AsyncIterable<Uint8Array>;

export interface FlowLimits {
  /** How long the sender may be silent. Only the time in which somebody waits for it counts, not that of a slow reader. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Who sends; goes into errors. */
  readonly host: string;
}

/**
 * Reads a stream chunk by chunk. Throws SOURCE_TRUNCATED when it breaks off or falls silent, CANCELLED when the signal fires. The
 * stream is destroyed whenever the reader stops, also in the middle.
 */
export async function* patientChunks(stream: Readable, { silenceMs, signal, host }: FlowLimits): Bytes {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let silent = false;
  const abort = (): void => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      if (signal.aborted) throw new CoaxError('CANCELLED');
      const timer = setTimeout(() => {
        silent = true;
        stream.destroy();
      }, silenceMs);
      let next: IteratorResult<Uint8Array>;
      try {
        next = await chunks.next();
      } catch (error) {
        if (signal.aborted) throw new CoaxError('CANCELLED');
        if (silent) throw silence(host, silenceMs);
        throw brokenBody(host, error);
      } finally {
        clearTimeout(timer);
      }
      if (signal.aborted) throw new CoaxError('CANCELLED');
      if (silent) throw silence(host, silenceMs);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  }
}

function silence(host: string, silenceMs: number): CoaxError {
  return new CoaxError('SOURCE_TRUNCATED', `${host} sent nothing for ${Math.round(silenceMs / 1000)} s`);
}

/** Passes chunks on until there are more than `maxBytes`, then throws SOURCE_TOO_LARGE. */
export async function* boundedChunks(chunks: Bytes, maxBytes: number, host: string): Bytes {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > maxBytes)
      throw new CoaxError('SOURCE_TOO_LARGE', `${host} sent more than ${maxBytes} bytes`, { details: { maxBytes } });
    yield chunk;
  }
}

/**
 * Undoes the content encodings that can not be told by their first bytes. Gzip is left to whoever looks at the content: files are
 * gzipped by transport, by themselves, by both, and by neither although the header says so.
 */
export function undoEncoding(chunks: Bytes, contentEncoding: unknown, host: string): Bytes {
  const encoding = typeof contentEncoding === 'string' ? contentEncoding.trim().toLowerCase() : '';
  if (encoding === 'br') return through(chunks, createBrotliDecompress(), host);
  return encoding === 'deflate' ? through(chunks, createInflate(), host) : chunks;
}

async function* through(chunks: Bytes, transform: NodeJS.ReadWriteStream & Readable, host: string): Bytes {
  const source = Readable.from(chunks, { objectMode: false });
  source.on('error', (error) => transform.destroy(error));
  source.pipe(transform);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } catch (error) {
    throw error instanceof CoaxError ? error : brokenBody(host, error);
  } finally {
    source.destroy();
    transform.destroy();
  }
}

export interface Peeked {
  /** The first bytes, at most `size` and fewer only when there are no more. */
  readonly head: Buffer;
  /** All bytes, those of `head` included. To be read once. */
  readonly chunks: Bytes;
  /** Ends the reading without having read to the end. */
  close(): Promise<void>;
}

/** Looks at the first bytes without taking them away. */
export async function peek(chunks: Bytes, size: number): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  let done = false;
  while (length < size && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else if (next.value.length > 0) {
      seen.push(next.value);
      length += next.value.length;
    }
  }
  const close = async (): Promise<void> => {
    await iterator.return?.();
  };
  async function* all(): Bytes {
    try {
      yield* seen;
      if (done) return;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await close();
    }
  }
  return { head: Buffer.concat(seen).subarray(0, size), chunks: all(), close };
}
