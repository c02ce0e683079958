import type { Listening } from '../http/server.ts';
import { toCoaxError } from '../errors.ts';
import { version } from '../version.ts';

/** The address under which this machine reaches what listens on `host`. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/**
 * What a parent process reads first, and alone, on standard output: where the engine is and the token of this run. Nothing of it is in the
 * arguments or the environment, where others on the machine could see it.
 */
export function handshakeLine({ host, port }: Listening, token: string): string {
  return `${JSON.stringify({ coax: 1, version, host: reachable(host), port, token, pid: process.pid })}\n`;
}

/** Why there will be no handshake, as a line of the log. */
export function failureLine(error: unknown): string {
  const { code, message, action, cause } = toCoaxError(error);
  const detail = code === 'INTERNAL' && cause instanceof Error ? `${message}: ${cause.message}` : message;
  const time = new Date().toISOString();
  return `${JSON.stringify({ time, level: 'error', part: 'serve', message: detail, code, action })}\n`;
}
