import { expect } from 'chai';
import * as fc from 'fast-check';
import { openMediaSockets } from '../../src/sources/media-line.ts';
import { openMediaSession } from '../../src/sources/media-session.ts';
import { stageMedia } from './media-stage.ts';

describe('a media session, whatever happens', () => {
  const stage = stageMedia();

  it('has one socket at most, is the lease’s, and leaves none behind', async () => {
    const handle: Parameters<typeof stage.serve>[0] = (request, response) => {
      const way = new URL(request.url ?? '', 'http://x').searchParams.get('way');
      if (way === 'close') response.setHeader('connection', 'close');
      if (way === 'break') request.socket.destroy();
      else if (way === 'endless') response.write('x');
      else if (way === 'hop') response.writeHead(302, { location: '/x?way=body' }).end('moved');
      else if (way === 'away') response.writeHead(302, { location: `${providers[1]?.url('/x')}?way=body` }).end();
      else if (way !== 'silent') response.end('media');
    };
    const providers = [await stage.serve(handle), await stage.serve(handle)];
    const step = fc.record({
      at: fc.nat(1),
      way: fc.constantFrom('body', 'close', 'break', 'endless', 'hop', 'away', 'silent'),
      after: fc.constantFrom('read', 'leave', 'abort', 'end'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.boolean(), async (steps, byLease) => {
        const end = new AbortController();
        const session = openMediaSession(
          stage.lease(),
          { kind: 'http', urls: [providers[0]!.url()], headers: {} },
          { signal: end.signal, connectTimeoutMs: 1_000, headerTimeoutMs: 1_000 },
        );
        for (const { at, way, after } of steps) {
          const controller = new AbortController();
          const before = providers[at]!.requests.length;
          const asking = session.get(`${providers[at]!.url('/x')}?way=${way}`, { signal: controller.signal });
          // A silent server is waited for by nobody.
          if (way === 'silent') {
            while (!session.destroyed && providers[at]!.requests.length === before) await new Promise(setImmediate);
            controller.abort();
          }
          const opened = await asking.catch(() => null);
          expect([...openMediaSockets].filter(({ destroyed }) => !destroyed).length).to.be.at.most(1);
          if (after === 'abort') controller.abort();
          if (after === 'end') session.destroy();
          if (after === 'read' && way !== 'endless') for await (const _ of opened?.body ?? []) continue;
        }
        if (byLease) session.destroy();
        else end.abort();
        expect([...openMediaSockets].every(({ destroyed }) => destroyed)).to.equal(true);
        await session.closed;
        await stage.lease().closeSocket(false);
        expect(openMediaSockets.size).to.equal(0);
        for (const provider of providers) expect(provider.most).to.be.at.most(1);
      }),
      { numRuns: 40 },
    );
  });
});
