import type { IncomingMessage } from 'node:http';

const hostAndPort = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The address under which this client reaches Coax, without a slash at the end: the configured one, else the one the client asked.
 * A Host header that is no host is not repeated (it would come back in every URL of a playlist).
 */
export function baseUrlOf(request: IncomingMessage, publicUrl: string): string {
  if (publicUrl !== '') return publicUrl.replace(/\/+$/, '');
  const host = request.headers.host ?? '';
  if (hostAndPort.test(host)) return `http://${host.toLowerCase()}`;
  const { localAddress = '127.0.0.1', localPort = 80 } = request.socket;
  return `http://${localAddress.includes(':') && !localAddress.startsWith('::ffff:') ? `[${localAddress}]` : localAddress.replace('::ffff:', '')}:${localPort}`;
}
