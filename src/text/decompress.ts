import { ReadableStream } from 'node:stream/web';
import xzDecompress from 'xz-decompress';
import { CoaxError } from '../errors.ts';
import { gunzip } from './unpack-gzip.ts';
import { unzip } from './unpack-zip.ts';

export type PackedFormat = 'plain' | 'gzip' | 'xz' | 'zip';

export interface UnpackOptions {
  /** Most bytes that may come out; SOURCE_TOO_LARGE above. Default 4 GiB. */
  readonly maxBytes?: number;
  /** Most bytes that may come out for each that went in, once more than 64 MiB came out. Default 250: guides reach 30. */
  readonly maxRatio?: number;
  readonly signal?: AbortSignal;
  /** Told once for each layer, outermost first. */
  readonly onFormat?: (format: PackedFormat) => void;
}

const ratioFromBytes = 64 * 1024 * 1024;
/** A list in a gzip in a zip. */
const maxLayers = 2;
const magicBytes = 6;

function startsWith(head: Uint8Array, ...magic: number[]): boolean {
  return magic.every((byte, index) => head[index] === byte);
}

function formatOf(head: Uint8Array): PackedFormat {
  if (startsWith(head, 0x1f, 0x8b)) return 'gzip';
  if (startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (startsWith(head, 0x50, 0x4b, 0x03, 0x04)) return 'zip';
  const other = startsWith(head, 0x42, 0x5a, 0x68)
    ? 'bzip2'
    : startsWith(head, 0x28, 0xb5, 0x2f, 0xfd)
      ? 'Zstandard'
      : startsWith(head, 0x37, 0x7a, 0xbc, 0xaf)
        ? '7z'
        : startsWith(head, 0x52, 0x61, 0x72, 0x21)
          ? 'RAR'
          : startsWith(head, 0x50, 0x4b, 0x05, 0x06)
            ? 'an empty zip'
            : undefined;
  if (other === undefined) return 'plain';
  throw new CoaxError('SOURCE_BAD_CONTENT', `The file is ${other}; plain text, gzip, xz and zip can be read`);
}

/** Takes the first bytes off a source and gives them with a source that still begins with them. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly whole: AsyncGenerator<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < magicBytes) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = head.length === 0 ? asBuffer(next.value) : Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield asBuffer(next.value);
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head, whole: whole() };
}

function asBuffer(bytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

async function* unxz(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let inputEnded = false;
  let inputError: unknown;
  const input = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await chunks.next();
        if (next.done === true) {
          inputEnded = true;
          controller.close();
        } else controller.enqueue(Uint8Array.from(next.value));
      } catch (error) {
        inputError = error;
        controller.error(error);
      }
    },
  });
  const reader = new xzDecompress.XzReadableStream(input).getReader();
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) return;
      // The library goes on using its memory.
      yield Buffer.from(next.value);
    }
  } catch (error) {
    if (inputError !== undefined) throw inputError;
    throw inputEnded
      ? new CoaxError('SOURCE_TRUNCATED', 'The xz file ends too early', { cause: error })
      : new CoaxError('SOURCE_BAD_CONTENT', 'The xz file is damaged', { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
    await chunks.return(undefined);
  }
}

/** Bytes that came in, whatever the number of layers. */
interface Counter {
  packed: number;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  counter: Counter,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    if (signal?.aborted === true) throw new CoaxError('CANCELLED');
    counter.packed += chunk.length;
    yield asBuffer(chunk);
  }
}

async function* guarded(
  chunks: AsyncGenerator<Buffer>,
  counter: Counter,
  options: UnpackOptions,
): AsyncGenerator<Buffer> {
  const maxBytes = options.maxBytes ?? 4 * 1024 ** 3;
  const maxRatio = options.maxRatio ?? 250;
  let unpacked = 0;
  for await (const chunk of chunks) {
    if (options.signal?.aborted === true) throw new CoaxError('CANCELLED');
    unpacked += chunk.length;
    if (unpacked > maxBytes) throw new CoaxError('SOURCE_TOO_LARGE', `The list is larger than ${maxBytes} bytes`);
    if (unpacked > ratioFromBytes && unpacked > maxRatio * counter.packed) {
      throw new CoaxError('SOURCE_TOO_LARGE', `The file unpacks to more than ${maxRatio} times its size`);
    }
    yield chunk;
  }
}

async function* layers(
  chunks: AsyncIterable<Uint8Array>,
  left: number,
  counter: Counter,
  options: UnpackOptions,
): AsyncGenerator<Buffer> {
  const { head, whole } = await peek(chunks);
  let format: PackedFormat;
  try {
    format = left === 0 ? 'plain' : formatOf(head);
  } catch (error) {
    await whole.next();
    await whole.return(undefined);
    throw error;
  }
  options.onFormat?.(format);
  if (format === 'plain') {
    yield* whole;
    return;
  }
  const unpacked = format === 'gzip' ? gunzip(whole) : format === 'zip' ? unzip(whole) : unxz(whole);
  yield* layers(guarded(unpacked, counter, options), left - 1, counter, options);
}

/**
 * Unpacks a file by its content, whatever its name: gzip, xz, zip (its first list), each also inside another; plain text passes.
 * Throws SOURCE_TRUNCATED when the file ends too early, after all that stands before the cut; SOURCE_TOO_LARGE above the limits,
 * SOURCE_BAD_CONTENT for a damaged file and for formats that are not supported, CANCELLED when the signal fires, and what `chunks` throws.
 */
export async function* unpack(chunks: AsyncIterable<Uint8Array>, options: UnpackOptions = {}): AsyncGenerator<Buffer> {
  const counter: Counter = { packed: 0 };
  yield* guarded(layers(counted(chunks, counter, options.signal), maxLayers, counter, options), counter, options);
}
