import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { proxyUnreachable } from './connection-failure.ts';
import { type Proxy, proxyAuthorization } from './proxy.ts';
import { throughProxy } from './proxy-tunnel.ts';

const keepAliveProbeMs = 15_000;

const sockets = new Set<Socket>();
/** Every socket of the media client that has not closed yet, for the auditor and the metrics. */
export const openMediaSockets: ReadonlySet<Socket> = sockets;

/** A connection that is being made. To give it up, destroy its socket: `ready` rejects in the same turn or on the socket's close. */
export interface Dialing {
  /** The one socket towards the network: to the provider, or to the proxy. It exists before it is connected. */
  readonly socket: Socket;
  /** Rejects with ConnectionFailure for what a proxy says, and with the error of the socket otherwise. */
  readonly ready: Promise<Line>;
}

/** A connection over which HTTP can be spoken to one origin. */
export interface Line {
  readonly socket: Socket;
  /** What HTTP is spoken over: `socket` itself, or TLS within it. */
  readonly stream: Socket;
  /** Set where a proxy wants to see the whole address in the request (RFC 9112 3.2.2). */
  readonly seenByProxy?: { readonly authorization?: string };
}

/** Begins to connect to the origin of `url`, directly or through a proxy. Its socket is counted until it has closed. */
export function dialMedia(url: URL, proxy: Proxy | null): Dialing {
  const dialing = dial(url, proxy);
  sockets.add(dialing.socket);
  dialing.socket.once('close', () => sockets.delete(dialing.socket));
  return dialing;
}

/** The same for whoever counts its sockets otherwise. */
export function dial(url: URL, proxy: Proxy | null): Dialing {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (proxy === null) {
    const socket = openSocket(host, port, secure);
    const ready = connected(socket, secure).then(() => ({ socket, stream: socket }));
    return { socket, ready };
  }
  const socket = openSocket(proxy.host, proxy.port, proxy.kind === 'https');
  return { socket, ready: viaProxy(socket, proxy, { host, port, secure }) };
}

async function viaProxy(
  socket: Socket,
  proxy: Proxy,
  { host, port, secure }: { readonly host: string; readonly port: number; readonly secure: boolean },
): Promise<Line> {
  try {
    await connected(socket, proxy.kind === 'https');
  } catch (error) {
    throw proxyUnreachable(error);
  }
  if (!secure && (proxy.kind === 'http' || proxy.kind === 'https')) {
    const authorization = proxyAuthorization(proxy);
    return { socket, stream: socket, seenByProxy: authorization === undefined ? {} : { authorization } };
  }
  await throughProxy(socket, proxy, { host, port });
  if (!secure) return { socket, stream: socket };
  const stream = connectTls({ socket, ...serverName(host), ALPNProtocols: ['http/1.1'] });
  stream.on('error', ignore);
  await connected(stream, true);
  return { socket, stream };
}

function openSocket(host: string, port: number, secure: boolean): Socket {
  const socket = secure
    ? connectTls({ host, port, ...serverName(host), ALPNProtocols: ['http/1.1'] })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveProbeMs);
  // Whoever waits for it listens, too; an error that comes when nobody does must not end the process.
  socket.on('error', ignore);
  return socket;
}

const ignore = (): void => {};

const serverName = (host: string): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {});

function connected(socket: Socket, secure: boolean): Promise<void> {
  const event = secure ? 'secureConnect' : 'connect';
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.removeListener(event, done);
      socket.removeListener('error', fail);
      socket.removeListener('close', closed);
    };
    const done = (): void => {
      stop();
      resolve();
    };
    const fail = (error: Error): void => {
      stop();
      reject(error);
    };
    const closed = (): void => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    socket.once(event, done);
    socket.once('error', fail);
    socket.once('close', closed);
  });
}
