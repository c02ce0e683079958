import type { CoaxError, ErrorCode } from '../errors.ts';
import { CapacityRefusal } from './upstream.ts';

const silent: ReadonlySet<ErrorCode> = new Set([
  'NO_CAPACITY',
  'NO_STREAM',
  'UPSTREAM_CAPACITY',
  'CANCELLED',
  'TAKEN_OVER',
  'STREAM_STOPPED',
  'SHUTTING_DOWN',
]);

/** True for an error that tells nothing of the stream: the login was full, or nobody wanted it any more. */
export function saysNothing(error: CoaxError): boolean {
  return error instanceof CapacityRefusal || silent.has(error.code);
}

/** Whether another stream or account could do better. */
export function isOfStream({ code }: CoaxError): boolean {
  return code.startsWith('UPSTREAM_') || code === 'NO_CAPACITY' || code === 'NO_STREAM';
}

export function isFull(error: CoaxError): boolean {
  return error instanceof CapacityRefusal && error.outcome === 'refused';
}
