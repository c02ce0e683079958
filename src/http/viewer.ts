import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ViewerKey } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';

/** A device that names itself is told apart from others behind the same address. */
const deviceOf = (query: Readonly<Record<string, unknown>>, request: IncomingMessage): string | undefined => {
  const named = query['device'] ?? request.headers['x-coax-device'];
  return typeof named === 'string' && named !== '' ? named.slice(0, 200) : undefined;
};

/** The user, where a trusted client names one: their limit counts over all devices. */
const userOf = (query: Readonly<Record<string, unknown>>, request: IncomingMessage): string | undefined => {
  const named = query['user'] ?? request.headers['x-coax-user'];
  return typeof named === 'string' && named !== '' ? named.slice(0, 200) : undefined;
};

/** Who asks: token and device where the client names one, else address and user agent (design, section 2). */
export function viewerOf(request: IncomingMessage, query: Readonly<Record<string, unknown>>, token: string): Viewer {
  const address = (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
  const userAgent = request.headers['user-agent']?.slice(0, 200);
  const device = deviceOf(query, request);
  const identity = device === undefined ? ['client', token, address, userAgent ?? ''] : ['device', token, device];
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, 16) as ViewerKey;
  const label = device ?? `${address}${userAgent === undefined ? '' : ` ${userAgent.split(/[\s(]/, 1)[0]}`}`;
  const user = userOf(query, request);
  return {
    key,
    label: user === undefined ? label : `${user}, ${label}`,
    address,
    ...(user === undefined ? {} : { user }),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
