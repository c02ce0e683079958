import { CoaxError } from './errors.ts';

/** Waits; rejects with CANCELLED as soon as the signal aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve) => {
    const timer = setTimeout(resolve, ms);
    return () => clearTimeout(timer);
  });
}

/** Waits for `promise`, but no longer than until the signal aborts: then it rejects with CANCELLED. */
export function abortable(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return untilAborted(signal, (resolve, reject) => {
    promise.then(resolve, reject);
    return () => {};
  });
}

/** Waits for `promise`, but no longer than `capMs`. */
export async function atMost(promise: Promise<void>, capMs: number): Promise<void> {
  const cap = Promise.withResolvers<void>();
  const timer = setTimeout(cap.resolve, capMs);
  await Promise.race([promise, cap.promise]);
  clearTimeout(timer);
}

function untilAborted(
  signal: AbortSignal,
  begin: (resolve: () => void, reject: (error: unknown) => void) => () => void,
): Promise<void> {
  if (signal.aborted) return Promise.reject(new CoaxError('CANCELLED'));
  return new Promise((resolve, reject) => {
    const abort = () => finish(() => reject(new CoaxError('CANCELLED')));
    const finish = (how: () => void) => {
      signal.removeEventListener('abort', abort);
      cancel();
      how();
    };
    signal.addEventListener('abort', abort, { once: true });
    const cancel = begin(
      () => finish(resolve),
      (error) => finish(() => reject(error)),
    );
  });
}
