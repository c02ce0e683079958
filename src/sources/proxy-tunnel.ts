import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { ConnectionFailure, proxyUnreachable } from './connection-failure.ts';
import { type Proxy, proxyAuthorization } from './proxy.ts';

/** The library's own bound; the caller's, which destroys the socket, is shorter. */
const longestHandshakeMs = 600_000;

export interface Destination {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Asks the proxy at the other end of a connected socket for a way to `destination`. Resolves when bytes written to the socket reach it.
 * Rejects with ConnectionFailure, also when the socket is destroyed meanwhile, which is how to give up.
 */
export async function throughProxy(socket: Socket, proxy: Proxy, destination: Destination): Promise<void> {
  if (proxy.kind === 'http' || proxy.kind === 'https') await connectMethod(socket, proxy, destination);
  else await socks(socket, proxy, destination);
}

function connectMethod(socket: Socket, proxy: Proxy, { host, port }: Destination): Promise<void> {
  const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      method: 'CONNECT',
      createConnection: () => socket,
      path: authority,
      headers: {
        host: authority,
        ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
      },
      insecureHTTPParser: true,
      maxHeaderSize: 65_536,
    });
    request.once('connect', (answer, _socket, head) => {
      const failure = refusalOf(answer.statusCode ?? 0);
      if (failure !== null) return reject(failure);
      if (head.length > 0) socket.unshift(head);
      resolve();
    });
    request.once('response', () => reject(refusalOf(0)));
    request.on('error', (error) => reject(proxyUnreachable(error)));
    request.end();
  });
}

function refusalOf(status: number): ConnectionFailure | null {
  if (status >= 200 && status < 300) return null;
  const reason = `HTTP ${status}`;
  if (status === 407) return loginRefused(reason);
  // RFC 9110 15.6: who answers these is a gateway, and speaks of what lies behind it.
  if (status === 502 || status === 503 || status === 504)
    return new ConnectionFailure('provider', `The proxy can not reach the provider (${reason})`, reason);
  return new ConnectionFailure('proxy', `The proxy refuses to connect to the provider (${reason})`, reason);
}

/** The login is wrong, or there is none. */
export function loginRefused(reason: string): ConnectionFailure {
  return new ConnectionFailure('proxy', `The proxy refuses the login (${reason})`, reason);
}

async function socks(socket: Socket, proxy: Proxy, destination: Destination): Promise<void> {
  const type = proxy.kind.startsWith('socks4') ? 4 : 5;
  const host = await socksHost(proxy, destination.host);
  if (socket.destroyed) throw new ConnectionFailure('proxy', 'The proxy closed the connection', 'closed');
  const { username, password } = proxy;
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination: { host, port: destination.port },
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type,
        ...(username === '' && password === '' ? {} : { userId: username, password }),
      },
      existing_socket: socket,
      timeout: longestHandshakeMs,
    });
  } catch (error) {
    // The library's error holds the login: only its first words are looked at.
    throw socksFailure(error instanceof Error ? error.message : '');
  }
}

/** SOCKS 4 knows addresses only; of SOCKS 5 the `h` says who looks names up. */
async function socksHost({ kind }: Proxy, host: string): Promise<string> {
  if (Buffer.byteLength(host) > 255)
    throw new ConnectionFailure('provider', 'The provider can not be reached: its name is too long', 'name');
  if (isIP(host) !== 0 || kind === 'socks4a' || kind === 'socks5h') return host;
  try {
    const found = await lookup(host, kind === 'socks4' ? { family: 4 } : {});
    return found.address;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ConnectionFailure('provider', `The provider can not be reached: its name is not known (${code})`, code);
  }
}

const beyond = /\b(NetworkUnreachable|HostUnreachable|ConnectionRefused|TTLExpired)\b/;
const rejected = /\b(NotAllowed|Failure|CommandNotSupported|AddressNotSupported|Failed|Rejected|RejectedIdent)\b/;

function socksFailure(message: string): ConnectionFailure {
  if (/Authentication failed|no accepted authentication type/i.test(message)) return loginRefused('SOCKS');
  const far = beyond.exec(message)?.[1];
  if (far !== undefined)
    return new ConnectionFailure('provider', `The proxy can not reach the provider (SOCKS ${far})`, `SOCKS ${far}`);
  const near = rejected.exec(message)?.[1];
  if (near !== undefined)
    return new ConnectionFailure(
      'proxy',
      `The proxy refuses to connect to the provider (SOCKS ${near})`,
      `SOCKS ${near}`,
    );
  if (/^Received invalid|unknown authentication/i.test(message))
    return new ConnectionFailure('proxy', 'The proxy does not speak SOCKS', 'SOCKS');
  return new ConnectionFailure('proxy', 'The proxy closed the connection', 'closed');
}
