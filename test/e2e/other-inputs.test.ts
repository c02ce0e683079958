import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { ffmpegBytes, hasFfmpeg, needsFfmpeg } from '../support/ffmpeg.ts';
import { ffmpegPlay } from '../support/players.ts';
import { commandLines } from '../support/process-tree.ts';
import { RawClient } from '../support/raw-client.ts';
import { RtspServer } from '../support/rtsp-server.ts';
import { freeUdpPort, multicastWorks } from '../support/udp-sender.ts';
import { waitUntil } from '../support/wait-until.ts';

const canMulticast = process.platform === 'linux' && (await multicastWorks());
const clipArgs =
  '-f lavfi -i testsrc=size=320x180:rate=25 -f lavfi -i sine=440 -t 10 -pix_fmt yuv420p -g 25 -c:v libx264 -preset ultrafast -c:a aac';

interface Sync {
  readonly leases: number;
  readonly sockets: number;
  readonly mismatches: readonly string[];
}

describe(`channels over UDP, RTP and RTSP through the engine${needsFfmpeg}`, function () {
  this.timeout(60_000);
  let folder: string;
  let media: Buffer;
  let engine: Engine;
  let rtsp: RtspServer;
  const senders: ChildProcess[] = [];
  const ports = { udp: 0, rtp: 0, group: 0 };

  before(async function () {
    if (!hasFfmpeg) this.skip();
    folder = mkdtempSync(join(tmpdir(), 'coax-inputs-'));
    media = ffmpegBytes([...clipArgs.split(' '), '-f', 'mpegts']);
    writeFileSync(join(folder, 'clip.ts'), media);
    for (const name of ['udp', 'rtp', 'group'] as const) ports[name] = await freeUdpPort();
    const send = (format: string, address: string): void => {
      const input = ['-v', 'quiet', '-nostdin', '-re', '-stream_loop', '-1', '-i', join(folder, 'clip.ts')];
      senders.push(spawn('ffmpeg', [...input, '-c', 'copy', '-f', format, address], { stdio: 'ignore' }));
    };
    send('mpegts', `udp://127.0.0.1:${ports.udp}?pkt_size=1316`);
    send('rtp_mpegts', `rtp://127.0.0.1:${ports.rtp}`);
    if (canMulticast) send('rtp_mpegts', `rtp://239.255.77.21:${ports.group}?localaddr=127.0.0.1&ttl=1`);
    rtsp = await RtspServer.start({ media, login: { username: 'bob', password: 'geheim-99' } });
    const list = [
      '#EXTM3U',
      `#EXTINF:-1,Bare\nudp://@127.0.0.1:${ports.udp}`,
      `#EXTINF:-1,Real-time\nrtp://127.0.0.1:${ports.rtp}`,
      `#EXTINF:-1,Misnamed\nudp://@:${ports.rtp}`,
      `#EXTINF:-1,Group\nrtp://@239.255.77.21:${ports.group}`,
      `#EXTINF:-1,Camera\nrtsp://bob:geheim-99@127.0.0.1:${rtsp.port}/tok3n-77`,
      '#EXTINF:-1,Wrong\nudp://@239.1.1.1:99999',
      '#EXTINF:-1,Silent\nudp://@127.0.0.1:9',
    ];
    writeFileSync(join(folder, 'list.m3u'), list.join('\n'));
    engine = await startEngine({ demo: false, settings: { live: { lingerMs: 0, connectMs: 4_000, startMs: 8_000 } } });
    await engine.addSource({ kind: 'm3u', name: 'Net', url: join(folder, 'list.m3u'), multicastInterface: 'lo' });
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await rtsp?.[Symbol.asyncDispose]();
    for (const sender of senders) {
      const ended = once(sender, 'exit');
      sender.kill('SIGKILL');
      await ended;
    }
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  async function quiet(): Promise<Sync> {
    let sync: Sync | undefined;
    await waitUntil('nothing is open', async () => {
      sync = (await engine.api<Sync>('GET', '/debug/sync')).body;
      return sync.leases + sync.sockets === 0;
    });
    if (sync === undefined) throw new Error('there is no answer');
    return sync;
  }

  it('rejects an address that can not be one, with the reason', async () => {
    const channels = await engine.channels();
    expect(channels.map(({ name }) => name))
      .to.include('Bare')
      .and.to.not.include('Wrong');
    const { text } = await engine.api('GET', '/jobs');
    expect(text)
      .to.match(/port has to be a number from 1 to 65535/)
      .and.to.not.include('239.1.1.1');
  });

  for (const [name, condition] of [
    ['Bare', true],
    ['Real-time', true],
    ['Misnamed', true],
    ['Group', canMulticast],
    ['Camera', true],
  ] as const)
    it(`plays ${name} in ffmpeg${condition ? '' : ' (skipped: no group can be joined on loopback here)'}`, async function () {
      if (!condition) this.skip();
      const play = await ffmpegPlay(await engine.liveUrl(name), {
        seconds: 3,
        inputArgs: ['-analyzeduration', '1000000'],
      });
      expect(play.code).to.equal(0);
      // The sender's file begins anew within this time at the most once, and its datagrams may be lost.
      expect(play.errors.length, play.errors.join('\n')).to.be.below(3);
      expect(play.videoFrames).to.be.greaterThan(50);
      expect((await quiet()).mismatches).to.deep.equal([]);
    });

  it('tells a player that nothing comes', async () => {
    const answer = await fetch(await engine.liveUrl('Silent'));
    expect(answer.status).to.equal(504);
    expect(await answer.text()).to.include('UPSTREAM_STALLED');
    await quiet();
  });

  it('keeps the login of RTSP out of command lines, logs and answers', async function () {
    if (process.platform !== 'linux') this.skip();
    using client = await RawClient.send(await engine.liveUrl('Camera'));
    await client.read(188 * 20);
    const lines = commandLines(engine.child.pid ?? 0).join('\n');
    expect(lines).to.match(/ffmpeg .*concat/);
    const streams = await engine.api('GET', '/streams');
    const log = readFileSync(join(engine.dataDir, 'logs', 'coax.log'), 'utf8');
    for (const secret of ['geheim', 'tok3n'])
      for (const text of [lines, streams.text, log, engine.said]) expect(text).to.not.include(secret);
    client.close();
    await quiet();
    expect(rtsp.sockets.size).to.equal(0);
  });

  it('leaves no ffmpeg behind when the engine is killed', async function () {
    if (process.platform !== 'linux') this.skip();
    await using other = await startEngine({ demo: false });
    await other.addSource({ kind: 'm3u', name: 'Net', url: join(folder, 'list.m3u') });
    const client = await RawClient.send(await other.liveUrl('Camera'));
    await client.read(188 * 20);
    expect(rtsp.sockets.size).to.equal(1);
    await other.end('SIGKILL');
    await waitUntil('the camera is let go', () => rtsp.sockets.size === 0);
  });
});
