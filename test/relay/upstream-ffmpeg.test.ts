import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CoaxError, toCoaxError } from '../../src/errors.ts';
import type { FfmpegUpstreamRequest } from '../../src/model/upstream-request.ts';
import { openInputs } from '../../src/relay/open-inputs.ts';
import type { Upstream } from '../../src/relay/upstream.ts';
import { openFfmpegUpstream } from '../../src/relay/upstream-ffmpeg.ts';
import { ffmpegBytes, hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { commandLines } from '../support/process-tree.ts';
import { RtspServer } from '../support/rtsp-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { stageLease } from './one-lease.ts';

const clipArgs =
  '-f lavfi -i testsrc=size=160x120:rate=25 -f lavfi -i sine=440 -t 4 -pix_fmt yuv420p -g 25 -c:v libx264 -preset ultrafast -c:a aac';

describe(`openFfmpegUpstream${needsFfmpeg}`, function () {
  this.timeout(30_000);
  let media: Buffer;
  let folder: string;
  const stage = stageLease();
  before(function () {
    if (!hasFfmpeg) this.skip();
    media = ffmpegBytes([...clipArgs.split(' '), '-f', 'mpegts']);
    folder = mkdtempSync(join(tmpdir(), 'coax-input-'));
  });
  after(() => folder !== undefined && rmSync(folder, { recursive: true }));

  async function open(
    url: string,
    protocol: FfmpegUpstreamRequest['protocol'],
    connectMs = 8_000,
    path = 'ffmpeg',
    more = {},
  ) {
    const request: FfmpegUpstreamRequest = {
      kind: 'ffmpeg',
      url,
      protocol,
      headers: { 'user-agent': 'Mine/7', ...more },
    };
    const how = { lease: stage.lease, connectMs, signal: new AbortController().signal };
    const upstream = await openFfmpegUpstream(request, how, { path: async () => path });
    stage.opened.push(upstream);
    return upstream;
  }

  function listen(upstream: Upstream) {
    const got = { bytes: 0, lost: null as CoaxError | null };
    upstream.start({ data: (chunk) => (got.bytes += chunk.length), lost: (error) => (got.lost = error) });
    return got;
  }

  const failure = (promise: Promise<unknown>): Promise<CoaxError> =>
    promise.then(() => Promise.reject(new Error('It should have failed')), toCoaxError);

  it('plays RTSP with a login that nobody sees in a command line, and ends with destroy', async () => {
    await using server = await RtspServer.start({ media, login: { username: 'bob', password: 'geheim-99' } });
    const upstream = await open(`rtsp://bob:geheim-99@127.0.0.1:${server.port}/tok3n-77`, 'rtsp');
    const got = listen(upstream);
    await waitUntil('bytes', () => got.bytes > 50_000);
    const lines = commandLines(process.pid).join('\n');
    if (process.platform === 'linux') expect(lines).to.match(/ffmpeg .*concat/);
    for (const secret of ['bob', 'geheim', 'tok3n', String(server.port)]) expect(lines).to.not.include(secret);
    expect(server.userAgent).to.equal('Mine/7');
    expect(stage.lease.state).to.equal('open');
    expect(openInputs.size).to.equal(1);
    upstream.destroy();
    const { bytes } = got;
    await upstream.closed;
    await waitUntil('the connection is closed', () => server.sockets.size === 0);
    expect(got).to.deep.equal({ bytes, lost: null });
    expect([stage.lease.state, openInputs.size]).to.deep.equal(['granted', 0]);
  });

  it('tells that a login or a stream is refused, without saying which', async () => {
    await using server = await RtspServer.start({ media, login: { username: 'bob', password: 'geheim-99' } });
    const wrong = await failure(open(`rtsp://bob:falsch-11@127.0.0.1:${server.port}/x`, 'rtsp'));
    expect(wrong.code).to.equal('UPSTREAM_REFUSED');
    expect(wrong.message).to.not.match(/bob|falsch|127/);
    await using full = await RtspServer.start({ media, refuse: 453 });
    expect(await failure(open(`rtsp://127.0.0.1:${full.port}/x`, 'rtsp'))).to.include({
      code: 'UPSTREAM_CAPACITY',
      outcome: 'refused',
    });
    await using gone = await RtspServer.start({ media, refuse: 404 });
    expect((await failure(open(`rtsp://127.0.0.1:${gone.port}/x`, 'rtsp'))).code).to.equal('UPSTREAM_NOT_FOUND');
    expect((await failure(open('rtsp://127.0.0.1:1/x', 'rtsp'))).code).to.equal('UPSTREAM_UNREACHABLE');
    expect(stage.lease.state).to.equal('granted');
  });

  it('gives up on a server that says nothing, and tells of one that stops', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = mute.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const failed = failure(open(`rtsp://127.0.0.1:${address.port}/x`, 'rtsp', 100));
    expect((await failed).code).to.equal('UPSTREAM_UNREACHABLE');
    mute.close();
    await stage.lease.closeSocket();
    await using server = await RtspServer.start({ media });
    const got = listen(await open(`rtsp://127.0.0.1:${server.port}/x`, 'rtsp'));
    await waitUntil('bytes', () => got.bytes > 0);
    for (const socket of server.sockets) socket.end();
    await waitUntil('the end', () => got.lost !== null);
    expect(got.lost?.code).to.equal('UPSTREAM_ENDED');
    await stage.lease.closeSocket();
    expect(stage.lease.state).to.equal('granted');
  });

  for (const [name, target, listener, protocol] of [
    ['RTMP', 'rtmp://127.0.0.1:PORT/live/k3y-55', ['-c', 'copy', '-f', 'flv', '-listen', '1'], 'rtmp'],
    ['SRT', 'srt://127.0.0.1:PORT', ['-c', 'copy', '-f', 'mpegts', '-mode', 'listener'], 'srt'],
  ] as const)
    it(`plays ${name}`, async function () {
      writeFileSync(join(folder, 'a.ts'), media);
      const port = await freePort();
      const url = target.replace('PORT', String(port));
      const args = [
        '-v',
        'error',
        '-nostdin',
        '-re',
        '-stream_loop',
        '-1',
        '-i',
        join(folder, 'a.ts'),
        ...listener,
        url,
      ];
      const server = spawn('ffmpeg', args, { stdio: 'ignore' });
      const ended = once(server, 'exit');
      try {
        let upstream: Upstream | null = null;
        // It listens as soon as it has looked at its file; before that nobody is there.
        await waitUntil('a connection', async () => {
          if (server.exitCode !== null) return true;
          upstream = await open(url, protocol).catch(() => null);
          return upstream !== null;
        });
        if (upstream === null) this.skip();
        const got = listen(upstream);
        await waitUntil('bytes', () => got.bytes > 50_000);
      } finally {
        server.kill('SIGKILL');
        await ended;
      }
    });

  it('reads web streams for sources that want that, with their headers', async () => {
    const asked: IncomingMessage[] = [];
    const web = createWebServer((request, response) => {
      asked.push(request);
      response.end(media);
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const address = web.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const got = listen(
      await open(`http://127.0.0.1:${address.port}/x.ts?token=t0k3n-1`, 'http', 8_000, 'ffmpeg', { cookie: 'a=b' }),
    );
    await waitUntil('the end', () => got.lost !== null);
    expect(got.bytes).to.be.above(media.length / 2);
    expect(asked[0]?.headers).to.include({ 'user-agent': 'Mine/7', cookie: 'a=b' });
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });

  it('says so when the program can not be started', async () => {
    expect((await failure(open('rtsp://h/x', 'rtsp', 1_000, '/nowhere/ffmpeg'))).code).to.equal('UPSTREAM_NO_FFMPEG');
  });

  it('opens no file, whatever the address says', async () => {
    writeFileSync(join(folder, 'secret.ts'), media);
    for (const url of [
      join(folder, 'secret.ts'),
      `file:${join(folder, 'secret.ts')}`,
      `concat:${join(folder, 'secret.ts')}`,
    ])
      expect((await failure(open(url, 'rtsp', 2_000))).code).to.match(/^UPSTREAM_/);
    expect(readFileSync(join(folder, 'secret.ts')).length).to.be.above(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address === null || typeof address === 'string' ? 0 : address.port;
}
