import { type CapacityHint, capacityOfError } from '../sources/media-answer.ts';
import { CoaxError } from '../errors.ts';
import { CapacityRefusal } from './upstream.ts';

/** The error with what it says about the number of connections. */
export function withHint(error: CoaxError, capacity: CapacityHint): CoaxError {
  return capacity === 'no' ? error : new CapacityRefusal(error, capacity === 'yes' ? 'refused' : 'doubtful');
}

/** Anything thrown while an upstream was opened, as the feed wants it. */
export function openingFailure(error: unknown): unknown {
  return error instanceof CoaxError && !(error instanceof CapacityRefusal)
    ? withHint(error, capacityOfError(error))
    : error;
}
