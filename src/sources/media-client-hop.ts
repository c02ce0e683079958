import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CoaxError } from '../errors.ts';

const keepAliveProbeMs = 15_000;

const sockets = new Set<Socket>();
/** Every socket of the media client that has not closed yet, for the auditor and the metrics. */
export const openMediaSockets: ReadonlySet<Socket> = sockets;

export interface Hop {
  readonly response: IncomingMessage;
  readonly socket: Socket;
}

export interface HopOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Gets the socket in the turn it is made, before it is connected. */
  readonly onSocket: (socket: Socket) => void;
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly headerTimeoutMs: number;
}

/** One GET on a socket of its own: no agent, so nothing is ever pooled. Resolves with the head of the answer, body paused. */
export function requestHop(options: HopOptions): Promise<Hop> {
  const { url, headers, signal } = options;
  const socket = openSocket(url);
  options.onSocket(socket);
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let request: ClientRequest | undefined;
    let settled = false;
    const fail = (error: unknown) => {
      if (settled) return;
      finish();
      request?.destroy();
      socket.destroy();
      reject(signal.aborted ? new CoaxError('CANCELLED') : connectionError(error));
    };
    const timeOut = (what: string, ms: number, reason: string) => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(new CoaxError('UPSTREAM_UNREACHABLE', `${what} within ${ms} ms`, { details: { reason } })),
        ms,
      );
    };
    const abort = () => fail(new CoaxError('CANCELLED'));
    const connected = () => timeOut('The provider sent no answer', options.headerTimeoutMs, 'no answer');
    const closed = () =>
      fail(
        new CoaxError('UPSTREAM_UNREACHABLE', 'The provider closed the connection without an answer', {
          details: { reset: true },
        }),
      );
    const finish = () => {
      settled = true;
      clearTimeout(timer);
      socket.removeListener('close', closed);
      signal.removeEventListener('abort', abort);
      socket.removeListener(connectEvent, connected);
    };
    const connectEvent = url.protocol === 'https:' ? 'secureConnect' : 'connect';
    // The socket and the request both tell of a failure; what comes after the first one has no taker but must not crash.
    socket.on('error', fail);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    timeOut('No connection to the provider', options.connectTimeoutMs, 'no connection');
    socket.once(connectEvent, connected);
    socket.once('close', closed);
    try {
      request = httpRequest({
        createConnection: () => socket,
        host: url.hostname,
        port: url.port,
        path: `${url.pathname}${url.search}`,
        headers: { host: url.host, ...headers },
        // Panels and small servers send headers that RFC 9112 forbids.
        insecureHTTPParser: true,
        maxHeaderSize: 65_536,
      });
    } catch (error) {
      return fail(error);
    }
    request.on('error', fail);
    request.once('response', (response) => {
      finish();
      // Without a listener, an error of the body before its reader is there would end the process.
      response.on('error', () => {});
      breakWith(socket, response);
      resolve({ response, socket });
    });
    request.end();
  });
}

/**
 * Makes a body break when its socket does. Node lets its parser finish first (`socketErrorListener` of `_http_client.js`), which takes the
 * reset for the end of a body without a length. So this listener goes in front of all others.
 */
function breakWith(socket: Socket, body: IncomingMessage): void {
  socket.prependListener('error', (error) => {
    if (!body.complete) body.destroy(error);
  });
}

function openSocket(url: URL): Socket {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const socket = secure
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ALPNProtocols: ['http/1.1'] })
    : connectTcp({ host, port });
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveProbeMs);
  tolerateIcy(socket);
  return socket;
}

/** SHOUTcast answers `ICY 200 OK`, which no HTTP parser takes: the first bytes are rewritten on their way in. */
function tolerateIcy(socket: Socket): void {
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array && chunk.length > 0) {
      socket.push = push;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (bytes.subarray(0, 4).toString('latin1') === 'ICY ')
        return push(Buffer.concat([Buffer.from('HTTP/1.0 '), bytes.subarray(4)]), encoding);
    }
    return push(chunk, encoding);
  };
}

const inWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses the connection',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it reset the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name can not be looked up now',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

/** Turns what a socket or the parser says into an error of ours. Messages of Node hold host names, so only their codes are kept. */
function connectionError(error: unknown): CoaxError {
  if (error instanceof CoaxError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new CoaxError('UPSTREAM_UNREACHABLE', `The provider does not speak TLS at this address (${code})`, {
      details: { reason: code },
    });
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/.test(code))
    return new CoaxError('UPSTREAM_UNREACHABLE', `The certificate of the provider is not accepted (${code})`, {
      details: { reason: code },
    });
  if (code.startsWith('HPE_'))
    return new CoaxError('UPSTREAM_BAD_CONTENT', `The provider does not speak HTTP (${code})`, {
      details: { reason: code },
    });
  const words = inWords[code];
  const message =
    words === undefined
      ? `The provider can not be reached (${code})`
      : `The provider can not be reached: ${words} (${code})`;
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  return new CoaxError('UPSTREAM_UNREACHABLE', message, { details: { reason: code, ...(reset ? { reset } : {}) } });
}
