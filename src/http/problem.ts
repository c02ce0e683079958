import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { CoaxError, toCoaxError, toProblem } from '../errors.ts';
import type { Log } from '../log/log.ts';

/** Answers with an RFC 9457 problem document. When the head is out already, the connection is cut: half an answer must not look whole. */
export function sendProblem(response: Response, error: unknown, redact: (text: string) => string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = toCoaxError(error);
  const problem = toProblem(known);
  if (known.retryAfterMs !== undefined) response.set('Retry-After', String(Math.ceil(known.retryAfterMs / 1000)));
  response.set('X-Coax-Reason', known.code);
  response.set('Cache-Control', 'no-store');
  response.status(problem.status);
  response.type('application/problem+json');
  response.send(JSON.stringify({ ...problem, detail: redact(problem.detail) }));
}

const bodyErrors: Readonly<Record<string, CoaxError>> = {
  'entity.too.large': new CoaxError('BODY_TOO_LARGE'),
  'entity.parse.failed': new CoaxError('BAD_REQUEST', 'The request body is no valid JSON'),
  'encoding.unsupported': new CoaxError('BAD_REQUEST', 'This content encoding is not supported'),
  'charset.unsupported': new CoaxError('BAD_REQUEST', 'This character set is not supported'),
};

/** Express's own errors (a body that is no JSON, a path that can't be decoded) as errors of Coax. */
function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CoaxError) return error;
  if ('type' in error && typeof error.type === 'string' && bodyErrors[error.type] !== undefined)
    return bodyErrors[error.type];
  // The router marks a path that can't be decoded with a status; an URIError of ours has none.
  if ('status' in error && typeof error.status === 'number' && error.status >= 400 && error.status < 500)
    return new CoaxError('BAD_REQUEST', 'The request is not valid');
  return error;
}

/** The last handler of an API: turns what was thrown into a problem document, and logs what was not expected. */
export function problemHandler(log: Log, redact: (text: string) => string): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const known = toCoaxError(translate(error));
    if (known.code === 'INTERNAL')
      log.error('request failed', { method: request.method, path: request.path, error: known });
    else if (known.status >= 500)
      log.warn('request answered with an error', {
        method: request.method,
        path: request.path,
        code: known.code,
        detail: known.message,
      });
    sendProblem(response, known, redact);
  };
}

export const notFound: RequestHandler = (request, _response, next) => {
  next(new CoaxError('NOT_FOUND', `There is nothing at ${request.method} ${request.path}`));
};
