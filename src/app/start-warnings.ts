import type { Log } from '../log/log.ts';

/** Tells an admin what is risky about how Coax was started. */
export function warnOfRisks(
  log: Log,
  { host, adminToken }: { readonly host: string; readonly adminToken: string },
): void {
  if (!/^(127\.|::1$|localhost$)/.test(host)) {
    log.warn(
      'Coax listens beyond this machine: whoever has an output address can watch, and the admin token is sent unencrypted',
      { host },
    );
  }
  if (adminToken.length < 16) log.warn('the admin token is short enough to be guessed; use at least 16 characters');
}
