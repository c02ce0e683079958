import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { CoaxError } from '../errors.ts';
import { codeOf, ConnectionFailure, wordsOf } from './connection-failure.ts';
import { tolerateIcy } from './icy.ts';
import { dialMedia, type Line, openMediaSockets } from './media-line.ts';
import type { Proxy } from './proxy.ts';

export { openMediaSockets };

export interface ConnectOptions {
  readonly url: URL;
  readonly proxy: Proxy | null;
  /** Gets the socket in the turn it is made, before it is connected. */
  readonly onSocket: (socket: Socket) => void;
  readonly signal: AbortSignal;
  /** For the connection, a proxy's handshake and TLS together. */
  readonly connectTimeoutMs: number;
}

/** Connects to the origin of an address. On abort the socket is destroyed in that turn. Rejects with a CoaxError. */
export function connectLine({ url, proxy, onSocket, signal, connectTimeoutMs }: ConnectOptions): Promise<Line> {
  const { socket, ready } = dialMedia(url, proxy);
  onSocket(socket);
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const fail = (error: unknown): void => {
      finish();
      socket.destroy();
      reject(signal.aborted ? new CoaxError('CANCELLED') : connectionError(error));
    };
    const abort = (): void => fail(new CoaxError('CANCELLED'));
    const late = (): void => fail(lateError('No connection to the provider', connectTimeoutMs, 'no connection'));
    const timer = setTimeout(late, connectTimeoutMs);
    ready.then((line) => {
      finish();
      tolerateIcy(line.stream);
      resolve(line);
    }, fail);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

export interface HopOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly headerTimeoutMs: number;
  /** Keeps the connection for the next request; without it, it ends with the answer. */
  readonly agent?: Agent;
}

/** One GET over a connection. Resolves with the head of the answer, body paused; on failure and on abort the connection is gone. */
export function requestOver(line: Line, options: HopOptions): Promise<IncomingMessage> {
  const { socket, stream } = line;
  const { url, headers, signal, agent } = options;
  return new Promise((resolve, reject) => {
    let request: ClientRequest | undefined;
    let settled = false;
    const fail = (error: unknown) => {
      if (settled) return;
      finish();
      request?.destroy();
      socket.destroy();
      reject(signal.aborted ? new CoaxError('CANCELLED') : connectionError(error));
    };
    const abort = () => fail(new CoaxError('CANCELLED'));
    const late = () => fail(lateError('The provider sent no answer', options.headerTimeoutMs, 'no answer'));
    const closed = () =>
      fail(
        new CoaxError('UPSTREAM_UNREACHABLE', 'The provider closed the connection without an answer', {
          details: { reset: true },
        }),
      );
    const timer = setTimeout(late, options.headerTimeoutMs);
    const finish = () => {
      settled = true;
      clearTimeout(timer);
      stream.removeListener('close', closed);
      stream.removeListener('error', fail);
      signal.removeEventListener('abort', abort);
    };
    if (signal.aborted) return abort();
    if (socket.destroyed) return closed();
    // The stream and the request both tell of a failure; what comes after the first one has no taker.
    stream.once('error', fail);
    signal.addEventListener('abort', abort, { once: true });
    stream.once('close', closed);
    try {
      request = httpRequest({
        ...(agent === undefined ? { createConnection: () => stream } : { agent }),
        host: url.hostname,
        port: url.port,
        ...target(url, line),
        headers: { host: url.host, ...headers, ...proxyHeaders(line) },
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
      if (response.statusCode === 407 && line.seenByProxy !== undefined) {
        socket.destroy();
        return reject(
          connectionError(new ConnectionFailure('proxy', 'The proxy refuses the login (HTTP 407)', 'HTTP 407')),
        );
      }
      breakWith(stream, response);
      resolve(response);
    });
    request.end();
  });
}

/** A proxy that passes requests on is given the whole address; the login of an address never is in it. */
function target(url: URL, { seenByProxy }: Line): { readonly path: string } {
  const path = `${url.pathname}${url.search}`;
  return { path: seenByProxy === undefined ? path : `http://${url.host}${path}` };
}

function proxyHeaders({ seenByProxy }: Line): Readonly<Record<string, string>> {
  return seenByProxy?.authorization === undefined ? {} : { 'proxy-authorization': seenByProxy.authorization };
}

/**
 * Makes a body break when its connection does. Node lets its parser finish first (`socketErrorListener` of `_http_client.js`), which takes
 * the reset for the end of a body without a length. So this listener goes in front of all others.
 */
function breakWith(stream: Socket, body: IncomingMessage): void {
  const broke = (error: Error): void => {
    if (!body.complete) body.destroy(error);
  };
  stream.prependListener('error', broke);
  body.once('close', () => stream.removeListener('error', broke));
}

function lateError(what: string, ms: number, reason: string): CoaxError {
  return new CoaxError('UPSTREAM_UNREACHABLE', `${what} within ${Math.round(ms)} ms`, { details: { reason } });
}

/** Turns what a proxy, a socket or the parser says into an error of ours. Messages of Node hold host names, so only their codes are kept. */
function connectionError(error: unknown): CoaxError {
  if (error instanceof CoaxError) return error;
  if (error instanceof ConnectionFailure)
    return new CoaxError(error.at === 'proxy' ? 'UPSTREAM_PROXY' : 'UPSTREAM_UNREACHABLE', error.message, {
      details: { reason: error.reason },
    });
  const code = codeOf(error);
  const details = { reason: code };
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return new CoaxError('UPSTREAM_UNREACHABLE', `The provider does not speak TLS at this address (${code})`, {
      details,
    });
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS|SSL/.test(code))
    return new CoaxError('UPSTREAM_UNREACHABLE', `The certificate of the provider is not accepted (${code})`, {
      details,
    });
  if (code.startsWith('HPE_'))
    return new CoaxError('UPSTREAM_BAD_CONTENT', `The provider does not speak HTTP (${code})`, { details });
  const words = wordsOf(code);
  const message =
    words === undefined
      ? `The provider can not be reached (${code})`
      : `The provider can not be reached: ${words} (${code})`;
  const reset = code === 'ECONNRESET' || code === 'EPIPE';
  return new CoaxError('UPSTREAM_UNREACHABLE', message, { details: { ...details, ...(reset ? { reset } : {}) } });
}
