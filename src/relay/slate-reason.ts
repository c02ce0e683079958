import type { CoaxError, ErrorCode } from '../errors.ts';

/** Why a viewer sees a slate, each with its pictures in `slates/`. */
export const slateReasons = ['in-use', 'offline', 'refused', 'starting', 'reconnecting'] as const;
export type SlateReason = (typeof slateReasons)[number];

/** The first line of the picture, in words for lists and logs. */
export const slateWords: Readonly<Record<SlateReason, string>> = {
  'in-use': 'All connections are in use',
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
export function slateFor({ code }: CoaxError): SlateReason | null {
  return reasonsByCode[code] ?? (code.startsWith('UPSTREAM_') ? 'offline' : null);
}
