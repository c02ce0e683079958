import type { Readable } from 'node:stream';
import { CoaxError } from '../errors.ts';

/**
 * Waits for the first bytes of a paused body and leaves them in it, whatever their number: a player may ask for two bytes. Resolves
 * empty at the end of the body. Rejects with UPSTREAM_STALLED, UPSTREAM_ENDED, or CANCELLED on abort.
 */
export function firstBytes(body: Readable, timeoutMs: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      body.removeListener('readable', look);
      body.removeListener('end', ended);
      body.removeListener('error', broken);
      body.removeListener('close', broken);
    };
    const fail = (error: CoaxError) => {
      stop();
      reject(error);
    };
    const abort = () => fail(new CoaxError('CANCELLED'));
    const broken = () => fail(new CoaxError('UPSTREAM_ENDED', 'The provider broke the connection off'));
    const ended = () => {
      stop();
      resolve(Buffer.alloc(0));
    };
    const look = () => {
      const bytes: unknown = body.read();
      if (!Buffer.isBuffer(bytes)) return;
      stop();
      // Put back in the turn of the read: after the body's `end` nothing can be.
      body.unshift(bytes);
      resolve(bytes);
    };
    const stalled = () => fail(new CoaxError('UPSTREAM_STALLED', `The provider sent nothing for ${timeoutMs} ms`));
    const timer = setTimeout(stalled, timeoutMs);
    if (signal.aborted) return abort();
    if (body.readableEnded) return ended();
    if (body.destroyed) return broken();
    signal.addEventListener('abort', abort, { once: true });
    body.once('end', ended);
    body.once('error', broken);
    body.once('close', broken);
    body.on('readable', look);
  });
}
