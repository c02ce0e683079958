import type { IncomingMessage } from 'node:http';
import { CoaxError } from '../errors.ts';
import { classifyAnswer, type MediaAnswer, type MediaVerdict } from './media-answer.ts';
import type { OpenedMedia } from './media-client.ts';

/** Three packets of a transport stream, whatever their size, and some. */
const enoughBytes = 640;
/** A text is read this far before it is called one: a stream may follow a PHP warning. */
const preambleBytes = 8_192;
const preambleMs = 300;

export interface PeekOptions {
  readonly atLeast: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits for the first bytes of a paused body without taking them away. Resolves with what there is at `atLeast` bytes, at the end
 * of the body, or when the time is over; rejects when the body breaks or on abort.
 */
export function peekBody(body: IncomingMessage, { atLeast, timeoutMs, signal }: PeekOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      body.removeListener('readable', read);
      body.removeListener('error', fail);
      body.removeListener('close', closed);
    };
    const finish = () => {
      stop();
      const bytes = Buffer.concat(chunks);
      // Put back in the turn of the last read, before `end` can be emitted.
      if (length > 0) body.unshift(bytes);
      resolve(bytes);
    };
    const fail = () => {
      stop();
      reject(
        new CoaxError('UPSTREAM_UNREACHABLE', 'The provider broke the connection before it sent media', {
          details: { reset: true },
        }),
      );
    };
    const closed = () => (body.complete ? finish() : fail());
    const abort = () => {
      stop();
      reject(new CoaxError('CANCELLED'));
    };
    const read = () => {
      let chunk: unknown;
      while ((chunk = body.read()) !== null) {
        if (!Buffer.isBuffer(chunk)) continue;
        chunks.push(chunk);
        length += chunk.length;
      }
      if (length >= atLeast || body.complete) finish();
    };
    const timer = setTimeout(finish, timeoutMs);
    if (signal.aborted) return abort();
    if (body.destroyed) return fail();
    if (body.readableEnded) return finish();
    signal.addEventListener('abort', abort, { once: true });
    body.once('error', fail);
    body.once('close', closed);
    body.on('readable', read);
  });
}

export interface JudgeOptions extends Pick<MediaAnswer, 'expects' | 'at' | 'secrets' | 'capacityStatuses'> {
  /** How long the first byte may take. */
  readonly firstByteTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Reads the first bytes of an opened answer and judges it; they stay in the body. Rejects with UPSTREAM_STALLED when none come,
 * UPSTREAM_UNREACHABLE when the connection breaks, CANCELLED on abort. The socket is left to the caller.
 */
export async function judgeMedia(opened: OpenedMedia, given: JudgeOptions): Promise<MediaVerdict> {
  const options = { ...given, secrets: [...(given.secrets ?? []), ...(opened.secrets ?? [])] };
  const { status, headers } = opened;
  // The page of an error is worth a moment, not a failure of its own.
  const peeked = status === 200 || status === 206 ? peekMedia(opened, options) : peekPage(opened, options);
  const verdict = classifyAnswer({ ...options, status, headers, first: await peeked });
  if (verdict.kind === 'refused') opened.noStream();
  return verdict;
}

async function peekPage({ body }: OpenedMedia, { signal }: JudgeOptions): Promise<Buffer> {
  try {
    return await peekBody(body, { atLeast: preambleBytes, timeoutMs: preambleMs, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return Buffer.alloc(0);
  }
}

/** As many first bytes as it takes to know: a few for media, more for what looks like a text. */
async function peekMedia({ body, status, headers }: OpenedMedia, options: JudgeOptions): Promise<Buffer> {
  const { signal, firstByteTimeoutMs: timeoutMs } = options;
  const first = await peekBody(body, { atLeast: enoughBytes, timeoutMs, signal });
  if (first.length === 0 && !body.complete)
    throw new CoaxError('UPSTREAM_STALLED', `The provider sent nothing within ${Math.round(timeoutMs)} ms`);
  if (body.complete || classifyAnswer({ ...options, status, headers, first }).kind === 'media') return first;
  return peekBody(body, { atLeast: preambleBytes, timeoutMs: preambleMs, signal });
}
