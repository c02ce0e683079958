import { CoaxError } from '../../errors.ts';

/** An answer that may be that of an address which has expired: the stream's own address leads to a new one. */
export function mayHaveExpired({ code }: CoaxError): boolean {
  return code === 'UPSTREAM_REFUSED' || code === 'UPSTREAM_NOT_FOUND' || code === 'UPSTREAM_BAD_CONTENT';
}

/** A failure that asking once more may heal. */
export function isHiccup({ code }: CoaxError): boolean {
  return (
    code === 'UPSTREAM_ERROR' ||
    code === 'UPSTREAM_UNREACHABLE' ||
    code === 'UPSTREAM_STALLED' ||
    code === 'UPSTREAM_ENDED' ||
    code === 'UPSTREAM_CAPACITY'
  );
}

/** The stream is what it is: neither another segment nor another address helps. */
export function unplayable(message: string): CoaxError {
  return new CoaxError('UPSTREAM_BAD_CONTENT', message, { details: { reason: 'unplayable' } });
}

export function isUnplayable({ details }: CoaxError): boolean {
  return details?.['reason'] === 'unplayable';
}
