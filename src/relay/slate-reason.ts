import type { LeasePurpose } from '../accounts/lease.ts';
import { CoaxError, type ErrorCode } from '../errors.ts';

/** Why a viewer sees a slate, each with its pictures in `slates/`. */
export const slateReasons = ['in-use', 'taken', 'offline', 'refused', 'starting', 'reconnecting'] as const;
export type SlateReason = (typeof slateReasons)[number];

/** The first line of the picture, in words for lists and logs. */
export const slateWords: Readonly<Record<SlateReason, string>> = {
  'in-use': 'All connections are in use',
  taken: 'A recording needs this connection',
  offline: 'This channel is offline',
  refused: 'The provider refuses this channel',
  starting: 'Starting…',
  reconnecting: 'Reconnecting…',
};

const reasonsByCode: Partial<Record<ErrorCode, SlateReason>> = {
  NO_CAPACITY: 'in-use',
  UPSTREAM_CAPACITY: 'in-use',
  UPSTREAM_REFUSED: 'refused',
  NO_STREAM: 'offline',
};

/** The slate for an error, or null where none is of use: nobody wants the stream any more, or Coax itself failed. */
export function slateFor({ code, details }: CoaxError): SlateReason | null {
  if (code === 'TAKEN_OVER') return details?.['by'] === 'recording' ? 'taken' : null;
  return reasonsByCode[code] ?? (code.startsWith('UPSTREAM_') ? 'offline' : null);
}

/** The error of those whose connection went to `by`; to the same viewer's next wish where that is absent. */
export function takenOver(by?: LeasePurpose): CoaxError {
  if (by === undefined) return new CoaxError('TAKEN_OVER');
  const message = by === 'recording' ? slateWords.taken : 'The connection went to something more important';
  return new CoaxError('TAKEN_OVER', message, { details: { by } });
}
