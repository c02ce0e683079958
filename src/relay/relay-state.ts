/**
 * reserving: waits for a lease; connecting: opens the upstream; starting: connected, no key frame yet; live; reconnecting: the upstream
 * was lost and consumers wait (or, when it could not be opened anew, reserving, behind a slate); lingering: live without a consumer; closing: over, the upstream socket is not closed yet; closed.
 */
export const relayStates = [
  'reserving',
  'connecting',
  'starting',
  'live',
  'reconnecting',
  'lingering',
  'closing',
  'closed',
] as const;
export type RelayState = (typeof relayStates)[number];

/** Every change of state that may happen. */
export const relayTransitions: Readonly<Record<RelayState, readonly RelayState[]>> = {
  reserving: ['connecting', 'closing'],
  connecting: ['starting', 'reserving', 'closing'],
  starting: ['live', 'connecting', 'reserving', 'closing'],
  live: ['reconnecting', 'lingering', 'closing'],
  reconnecting: ['live', 'reserving', 'closing'],
  lingering: ['live', 'closing'],
  closing: ['closed'],
  closed: [],
};

export function mayChange(from: RelayState, to: RelayState): boolean {
  return relayTransitions[from].includes(to);
}

/** The upstream was never there yet. */
export function isOpening(state: RelayState): boolean {
  return state === 'reserving' || state === 'connecting' || state === 'starting';
}
