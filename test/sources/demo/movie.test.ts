import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadClip } from '../../../src/sources/demo/clips.ts';
import { DemoMovie } from '../../../src/sources/demo/movie.ts';
import { hasFfmpeg, needsFfmpeg, runWith } from '../../support/ffmpeg.ts';

describe('DemoMovie', () => {
  const short = new DemoMovie(loadClip('bars'), 19.2);

  it('has the size of what it reads', async () => {
    expect(short.durationSec).to.equal(19.2);
    expect((await buffer(short.read())).length).to.equal(short.size);
  });

  it('gives any range as part of the whole', async () => {
    const whole = await buffer(short.read());
    const place = fc.integer({ min: -10, max: short.size + 10 });
    await fc.assert(
      fc.asyncProperty(place, place, async (start, end) => {
        const part = await buffer(short.read(start, end));
        expect(part.equals(whole.subarray(Math.max(0, start), Math.max(0, end)))).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  /** The movie over HTTP with ranges, and nothing else. */
  async function withServer(movie: DemoMovie, use: (url: string) => Promise<void>): Promise<void> {
    const server = createServer((request, response) => {
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(206, {
        'content-type': 'video/mp2t',
        'accept-ranges': 'bytes',
        'content-length': movie.size - start,
        'content-range': `bytes ${start}-${movie.size - 1}/${movie.size}`,
      });
      const body = movie.read(start);
      response.on('close', () => body.destroy());
      body.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/movie.ts`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it(`tells ffprobe how long it lasts${needsFfmpeg}`, async function () {
    if (!hasFfmpeg) this.skip();
    const movie = new DemoMovie(loadClip('colours'), 640);
    await withServer(movie, async (url) => {
      const args = ['-v', 'warning', '-show_entries', 'format=duration', '-of', 'csv=p=0', url];
      const { stdout, stderr } = await runWith('ffprobe', args, Buffer.alloc(0));
      expect(Number(stdout)).to.be.closeTo(640, 0.2);
      expect(stderr).to.equal('');
    });
  });

  it(`can be sought in${needsFfmpeg}`, async function () {
    if (!hasFfmpeg) this.skip();
    await withServer(new DemoMovie(loadClip('colours'), 640), async (url) => {
      const args = [
        '-v',
        'warning',
        '-nostdin',
        '-copyts',
        '-ss',
        '400',
        '-i',
        url,
        '-frames:v',
        '1',
        '-f',
        'framecrc',
        '-',
      ];
      const { stdout, stderr, code } = await runWith('ffmpeg', args, Buffer.alloc(0));
      expect({ stderr, code }).to.deep.equal({ stderr: '', code: 0 });
      const pts = Number(/^0, *(\d+),/m.exec(stdout)?.[1]) / 25;
      expect(pts).to.be.within(399, 403);
    });
  });
});
