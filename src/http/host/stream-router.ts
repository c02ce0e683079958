import { type Request, Router } from 'express';
import { CoaxError, toCoaxError } from '../../errors.ts';
import type { HostStream } from '../../relay/host/host-stream.ts';
import { sendLive, sendLiveHead } from '../live-answer.ts';
import { sendProblem } from '../problem.ts';
import type { Services } from '../services.ts';

/** What a host reads: `/s/{id}.ts`. The id is random and says all: it needs no token, so that none is in an address. */
export function streamRouter({ hostStreams, log, redact }: Services): Router {
  const router = Router({ strict: true });
  const find = (request: Request): HostStream => {
    const match = /^([0-9a-f]{32})\.ts$/.exec(String(request.params['file']));
    const stream = hostStreams.get(match?.[1] ?? '');
    if (stream === null) throw new CoaxError('NOT_FOUND', 'There is no such stream');
    return stream;
  };
  router.head('/:file', (request, response) => {
    find(request);
    sendLiveHead(response);
  });
  router.get('/:file', (request, response) => {
    const stream = find(request);
    sendLive(response, (signal) => stream.read(signal)).catch((error: unknown) => {
      const { code } = toCoaxError(error);
      // Not the path: it is all that one needs to read the stream.
      if (code === 'INTERNAL') log.error('a stream of a host could not be read', { error });
      sendProblem(response, error, redact);
    });
  });
  return router;
}
