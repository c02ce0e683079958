import { CoaxError, type ErrorCode } from '../errors.ts';
import type { SwitchReason } from '../model/switch-reason.ts';

/** The end of a connection that Coax itself decided on. */
export class StreamLoss extends CoaxError {
  readonly reason: SwitchReason;

  constructor(reason: SwitchReason, code: ErrorCode, message: string) {
    super(code, message);
    this.reason = reason;
  }
}

/** Why a stream is left: `opened` tells whether it had been playing. */
export function reasonOf(error: CoaxError, opened: boolean): SwitchReason {
  if (error instanceof StreamLoss) return error.reason;
  if (error.code === 'UPSTREAM_BAD_CONTENT') return 'wrong-body';
  if (!opened) return 'open-error';
  return error.code === 'UPSTREAM_STALLED' ? 'stalled' : 'ended';
}

/** What was played has an end, and was played to it: there is nothing to open again. */
export function isComplete(error: CoaxError): boolean {
  return error.details?.['complete'] === true;
}
