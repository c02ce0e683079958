import type { LeasedSocket } from '../accounts/lease.ts';

const inputs = new Set<LeasedSocket>();
/** Every socket for datagrams, and every child that reads from a provider, that has not closed yet; for the auditor. */
export const openInputs: ReadonlySet<LeasedSocket> = inputs;

/** Counts it as open until it closes. */
export function noteInput(socket: LeasedSocket): void {
  if (socket.closed) return;
  inputs.add(socket);
  socket.once('close', () => inputs.delete(socket));
}
