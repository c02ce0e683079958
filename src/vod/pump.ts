import type { Readable } from 'node:stream';
import { CoaxError } from '../errors.ts';
import type { BlockCache } from './block-cache.ts';
import type { Reader } from './reader.ts';

export interface PumpOptions {
  readonly body: Readable;
  /** Where in the file the body starts. */
  readonly start: number;
  readonly reader: Reader;
  readonly cache: BlockCache;
  readonly stallMs: number;
  /** Aborting destroys the body in the same tick. */
  readonly signal: AbortSignal;
  /** Called for each chunk with its length. */
  readonly received: (bytes: number) => void;
}

/**
 * Moves bytes from a provider's body to a reader as fast as its client reads. Resolves when the reader has all it needs; rejects with
 * UPSTREAM_ENDED, UPSTREAM_STALLED, or CANCELLED on abort. The body is destroyed in each case.
 */
export function pump({ body, start, reader, cache, stallMs, signal, received }: PumpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const { facts } = reader;
    let at = start;
    let heardAt = performance.now();
    let stallTimer: NodeJS.Timeout | undefined;
    let settled = false;
    const settle = (error?: CoaxError) => {
      if (settled) return;
      settled = true;
      clearTimeout(stallTimer);
      reader.onRoom = null;
      signal.removeEventListener('abort', abort);
      body.removeListener('data', take);
      body.removeListener('alive', alive);
      body.destroy();
      if (error) reject(error);
      else resolve();
    };
    const abort = () => settle(new CoaxError('CANCELLED'));
    const broken = () => settle(new CoaxError('UPSTREAM_ENDED', 'The provider broke the connection off'));
    const ended = () => {
      // Without a known size, the end counts only where the reader has got to.
      if (!reader.complete && (reader.end !== null || at < reader.position))
        return settle(new CoaxError('UPSTREAM_ENDED', `The provider ended the file at byte ${reader.position}`));
      reader.finish();
      settle();
    };
    const take = (chunk: Buffer) => {
      heardAt = performance.now();
      received(chunk.length);
      if (facts?.size != null && facts.volatile !== true) cache.store(facts.version, facts.size, at, chunk);
      // A body may start before what the reader needs: a provider that ignores ranges.
      const skip = reader.position - at;
      at += chunk.length;
      if (skip < chunk.length) reader.accept(skip > 0 ? chunk.subarray(skip) : chunk);
      if (reader.complete || reader.over) return settle();
      if (reader.full) body.pause();
    };
    const checkStall = (sure: boolean) => {
      if (settled) return;
      const left = body.isPaused() ? stallMs : heardAt + stallMs - performance.now();
      if (left > 0) stallTimer = setTimeout(checkStall, Math.ceil(left), false);
      // A busy process runs its late timers before it reads: what has arrived is no stall.
      else if (!sure) setImmediate(checkStall, true);
      else settle(new CoaxError('UPSTREAM_STALLED', `The provider sent nothing for ${stallMs} ms`));
    };
    const alive = () => {
      heardAt = performance.now();
    };
    // Listeners that stay: an error after the end has no taker but must not crash.
    body.on('error', broken);
    if (signal.aborted) return abort();
    if (reader.complete || reader.over) return settle();
    // A body that is over already will say nothing more.
    if (body.readableEnded) return ended();
    if (body.destroyed) return broken();
    signal.addEventListener('abort', abort, { once: true });
    // A body that passes over bytes on its way says so: that is no stall.
    body.on('alive', alive);
    body.once('end', ended);
    body.once('close', broken);
    reader.onRoom = () => {
      if (!body.isPaused()) return;
      heardAt = performance.now();
      body.resume();
    };
    stallTimer = setTimeout(checkStall, stallMs, false);
    body.on('data', take);
    body.resume();
  });
}
