import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { startEngine } from '../support/engine.ts';
import { HlsPlayer } from '../support/hls-player.ts';
import type { MediaName } from '../support/fake-provider/settings.ts';
import { ffmpegPlay, needFfmpeg, runProgram } from '../support/players.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';

const settings = { ...quickSettings, accounts: { waitMs: 1_500 }, hls: { idleTargets: 2.5 } };

interface Session {
  readonly id: string;
  readonly title: string;
  readonly consumers: readonly { readonly id: string; readonly bytes: number; readonly outputId: string }[];
}

const hlsUrl = async (rig: Rig, number: number): Promise<string> =>
  (await rig.engine.liveUrl(`Channel ${number}`)).replace(/\.ts$/, '.m3u8');

const sessions = async (rig: Rig): Promise<readonly Session[]> =>
  (await rig.engine.api<readonly Session[]>('GET', '/streams')).body;

/** Ends what plays, and looks whether the provider's limit was kept. */
async function held(rig: Rig): ReturnType<Rig['expectHeld']> {
  for (const { id } of await sessions(rig)) await rig.engine.api('DELETE', `/streams/${id}`);
  return rig.expectHeld();
}

const open = async (rig: Rig, number: number, userAgent?: string): Promise<HlsPlayer> =>
  new HlsPlayer(await hlsUrl(rig, number), userAgent).open();

describe('channels as HLS', function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async () => {
    const mediaOf: Record<string, MediaName> = { 2: 'hevc-ac3', 3: 'mpeg2-mp2', 4: 'radio' };
    rig = await startRig({ provider: { mediaOf, max: 1 }, engine: { demo: false, settings } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  it('play in ffmpeg without one error, and keep what RFC 8216 asks for while the provider breaks off', async function () {
    needFfmpeg(this);
    const watcher = await open(rig, 1);
    await watcher.turn();
    const watching = watcher.play(9_500);
    const playing = ffmpegPlay(await hlsUrl(rig, 1), { seconds: 9, inputArgs: ['-live_start_index', '0'] });
    await sleep(3_500);
    await rig.provider.cut('fin');
    const play = await playing;
    await watching;
    expect(play).to.deep.include({ errors: [], code: 0 });
    expect(play.videoFrames).to.be.at.least(200);
    expect(watcher.validator.problems).to.deep.equal([]);
    expect(watcher.validator.checked).to.be.at.least(5);
    const { peak, opened } = await held(rig);
    expect({ peak, opened }).to.deep.equal({ peak: 1, opened: 2 });
  });

  it('give players behind one address and user agent sessions of their own on one connection', async () => {
    const [one, two] = [await open(rig, 1), await open(rig, 1)];
    expect(one.media).not.to.equal(two.media);
    await Promise.all([one.turn(), two.turn()]);
    const [session] = await sessions(rig);
    expect(session?.consumers).to.have.length(2);
    expect(session?.consumers.every(({ bytes, outputId }) => bytes > 100_000 && outputId === 'default')).to.equal(true);
    expect((await rig.provider.state()).counted).to.equal(1);
    await one.play(11_500, 1_000);
    expect((await sessions(rig))[0]?.consumers).to.have.length(1);
    const gone = await two.poll();
    expect([gone.status, gone.code]).to.deep.equal([410, 'SESSION_ENDED']);
    expect(one.validator.problems).to.deep.equal([]);
    expect((await held(rig)).opened).to.equal(1);
  });

  it('ask the provider for nothing before a media playlist is read, and give its connection back to others soon when nobody plays', async () => {
    const url = await hlsUrl(rig, 1);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).to.deep.equal([200, 'application/vnd.apple.mpegurl']);
    const probe = await open(rig, 1);
    expect((await rig.provider.state()).opened).to.equal(0);
    expect(await sessions(rig)).to.deep.equal([]);
    const first = await probe.poll();
    expect(first.status).to.equal(200);
    const sinceMs = performance.now();
    await waitUntil('the provider counts nothing', async () => (await rig.provider.state(true)).counted === 0, 10_000);
    expect(performance.now() - sinceMs).to.be.below(6_000);
    // It may come back at the same address: the playlist goes on where it was.
    await probe.play(6_000);
    expect(probe.validator.problems).to.deep.equal([]);
    expect(probe.validator.last?.segments.some(({ discontinuity }) => discontinuity)).to.equal(true);
    expect((await held(rig)).opened).to.equal(2);
  });

  it('leave the provider in the turn in which a client goes that waits for its first segments', async () => {
    const player = await open(rig, 5);
    const gone = new AbortController();
    const waiting = player.poll(gone.signal).catch(() => 'gone');
    await waitUntil('the channel is open', async () => (await rig.provider.state(true)).counted === 1);
    gone.abort();
    await waiting;
    await waitUntil('nobody reads it', async () => ((await sessions(rig))[0]?.consumers.length ?? 0) === 0, 1_000);
    await held(rig);
  });

  it('hand the connection over to the next channel of the same viewer', async () => {
    const first = await open(rig, 1, 'tv');
    await first.turn();
    const second = await open(rig, 2, 'tv');
    await second.turn();
    expect((await sessions(rig)).map(({ title }) => title)).to.deep.equal(['Channel 2']);
    const gone = await first.poll();
    expect([gone.status, gone.code]).to.deep.equal([410, 'TAKEN_OVER']);
    await second.turn();
    expect(second.validator.problems).to.deep.equal([]);
    await held(rig);
  });

  it('give the connection of a player that has gone to somebody who waits for one', async () => {
    const player = await open(rig, 1, 'somebody');
    await player.turn();
    await player.turn();
    const sinceMs = performance.now();
    let answer = 0;
    // As a player does that is told to come back.
    while (answer !== 200 && performance.now() - sinceMs < 12_000) {
      using other = await rig.watch(2, 'else');
      answer = (await other.head()).status;
    }
    expect(answer).to.equal(200);
    // Well before its session would have ended.
    expect((await player.poll()).code).not.to.equal('SESSION_ENDED');
    await held(rig);
  });

  it('count for the limits of their output', async () => {
    const made = await rig.engine.api<{ id: string; token: string }>('POST', '/outputs', {
      name: 'One',
      maxStreams: 1,
    });
    const token = (await rig.engine.output()).token;
    const at = async (number: number, name: string): Promise<HlsPlayer> =>
      new HlsPlayer((await hlsUrl(rig, number)).replace(token, made.body.token), name).open();
    const first = await at(1, 'one');
    await first.turn();
    const second = await (await at(2, 'two')).poll();
    expect([second.status, second.code]).to.deep.equal([429, 'LIMIT_REACHED']);
    expect((await first.poll()).status).to.equal(200);
    await rig.engine.api('DELETE', `/outputs/${made.body.id}`);
    await held(rig);
  });

  it('say why there is nothing when all connections are in use, and when to ask again', async () => {
    using other = await rig.watch(1, 'somebody');
    await other.read(188 * 20);
    void other.readFor(20_000).catch(() => undefined);
    const player = await open(rig, 2, 'tv');
    const answer = await player.poll();
    expect([answer.status, answer.code]).to.deep.equal([503, 'NO_CAPACITY']);
    expect(Number(answer.headers.get('retry-after'))).to.be.within(1, 10);
    other.close();
    await player.turn();
    expect(player.validator.problems).to.deep.equal([]);
    await held(rig);
  });

  it('end when an admin stops them, and know nothing of other sessions, channels and outputs', async () => {
    const player = await open(rig, 1);
    await player.turn();
    const [session] = await sessions(rig);
    await rig.engine.api('DELETE', `/streams/${session?.id}`);
    const stopped = await player.poll();
    expect([stopped.status, stopped.code]).to.deep.equal([410, 'STREAM_STOPPED']);
    const wrong = [
      player.media.replace(/[^/]+\/index/, 'AAAAAAAAAAAAAAAAAAAAAA/index'),
      player.media.replace(/live\/[^/]+\//, 'live/cnosuch/'),
      (await hlsUrl(rig, 1)).replace(/live\/[^/]+/, 'live/cnosuch.m3u8'),
      (await hlsUrl(rig, 1)).replace(/o\/[^/]+/, 'o/0000000000000000'),
    ];
    for (const url of wrong) expect((await fetch(url)).status, url).to.equal(404);
    await held(rig);
  });

  it('end at once when their output is revoked', async () => {
    const made = await rig.engine.api<{ id: string; token: string }>('POST', '/outputs', { name: 'Guest' });
    const token = (await rig.engine.output()).token;
    const player = new HlsPlayer((await hlsUrl(rig, 1)).replace(token, made.body.token));
    await player.open();
    await player.turn();
    await rig.engine.api('DELETE', `/outputs/${made.body.id}`);
    await waitUntil('nobody reads it', async () => ((await sessions(rig))[0]?.consumers.length ?? 0) === 0, 1_000);
    expect((await player.poll()).status).to.equal(404);
    await held(rig);
  });

  it('serve segments with ranges, to pages of other sites, and unpacked', async () => {
    const player = await open(rig, 1);
    await player.turn();
    const uri = player.validator.last?.segments[0]?.uri ?? '';
    const whole = await player.fetch(uri, { 'accept-encoding': 'gzip' });
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(whole.headers.get('content-type')).to.equal('video/mp2t');
    expect(whole.headers.get('content-encoding')).to.equal(null);
    expect(whole.headers.get('access-control-allow-origin')).to.equal('*');
    expect(Number(whole.headers.get('content-length'))).to.equal(bytes.length);
    const part = await player.fetch(uri, { range: 'bytes=1000-70000' });
    expect([part.status, part.headers.get('content-range')]).to.deep.equal([206, `bytes 1000-70000/${bytes.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_000, 70_001))).to.equal(true);
    expect((await player.fetch(uri, { range: `bytes=${bytes.length}-` })).status).to.equal(416);
    const head = await fetch(new URL(uri, player.media), { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length'))]).to.deep.equal([200, bytes.length]);
    expect((await player.fetch('1.ts')).status).to.equal(404);
    const playlist = await player.poll();
    expect(playlist.headers.get('cache-control')).to.equal('no-store');
    expect(playlist.headers.get('access-control-allow-origin')).to.equal('*');
    await held(rig);
  });

  for (const [number, name] of [
    [2, 'HEVC and AC-3'],
    [3, 'MPEG-2 and MP2'],
    [4, 'radio'],
  ] as const) {
    it(`carry ${name}`, async function () {
      needFfmpeg(this);
      const player = await open(rig, number);
      const watching = player.play(5_000);
      const play = await ffmpegPlay(await hlsUrl(rig, number), { seconds: 4, inputArgs: ['-live_start_index', '0'] });
      await watching;
      expect(play).to.deep.include({ errors: [], code: 0 });
      expect(player.validator.problems).to.deep.equal([]);
      await held(rig);
    });
  }

  it('are listed in the playlist of an output that wants them so', async () => {
    const { body } = await rig.engine.api<{ id: string; urls: { m3u: string } }>('POST', '/outputs', {
      name: 'Browser',
      live: 'hls',
    });
    const text = await (await fetch(body.urls.m3u)).text();
    expect(text.match(/\/live\/[\w-]+\.m3u8$/gm)).to.have.length.above(3);
    expect(text).not.to.match(/\/live\/[\w-]+\.ts$/m);
    const plain = await fetch(`${body.urls.m3u}?format=ts`);
    expect(await plain.text()).to.equal(text.replaceAll(/(\/live\/[\w-]+)\.m3u8$/gm, '$1.ts'));
    const etag = plain.headers.get('etag') ?? '';
    expect((await fetch(`${body.urls.m3u}?format=ts`, { headers: { 'if-none-match': etag } })).status).to.equal(304);
    expect((await fetch(body.urls.m3u, { headers: { 'if-none-match': etag } })).status).to.equal(200);
    await rig.engine.api('DELETE', `/outputs/${body.id}`);
  });
});

describe('channels as HLS in a storm', function () {
  this.timeout(60_000);

  it('leave nothing behind when players come, go and are stopped in any order', async () => {
    await using rig = await startRig({ provider: { max: 2 }, engine: { demo: false, settings } });
    let seed = 20_261_121;
    const upTo = (most: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * most);
    };
    const problems: string[] = [];
    const codes = new Set<string>();
    const until = performance.now() + 8_000;
    const one = async (): Promise<void> => {
      const player = await open(rig, 1 + upTo(3), `player-${upTo(3)}`);
      for (let turns = upTo(6); turns > 0; turns--) {
        const gone = new AbortController();
        const timer = upTo(3) === 0 ? setTimeout(() => gone.abort(), upTo(800)) : undefined;
        const { status, code } = await player.poll(gone.signal);
        clearTimeout(timer);
        codes.add(code ?? String(status));
        if (status !== 200 || upTo(2) === 0) continue;
        for (const { uri, sequence } of player.validator.missing) {
          const segment = await player.fetch(uri);
          const bytes = Buffer.from(await segment.arrayBuffer());
          if (segment.status === 200) player.validator.segment(sequence, bytes);
        }
      }
      problems.push(...player.validator.problems);
    };
    const worker = async (): Promise<void> => {
      while (performance.now() < until) {
        await one().catch((error: unknown) => codes.add(String(error)));
        const [running] = await sessions(rig);
        if (upTo(8) === 0 && running !== undefined) await rig.engine.api('DELETE', `/streams/${running.id}`);
        if (upTo(12) === 0) await rig.provider.cut('reset');
      }
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    expect(problems).to.deep.equal([]);
    expect([...codes])
      .to.include('200')
      .and.not.to.include('INTERNAL');
    await rig.expectHeld(2);
  });
});

describe('channels as HLS over a restart', function () {
  this.timeout(60_000);

  it('go on with higher numbers', async () => {
    await using rig = await startRig({ provider: { max: 1 }, engine: { demo: false, settings } });
    const before = await open(rig, 1);
    await before.turn();
    const last = before.validator.last?.segments.at(-1)?.sequence ?? 0;
    await rig.engine.end('SIGKILL');
    await rig.provider.quiet();
    await using again = await startEngine({ dataDir: rig.engine.dataDir, demo: false });
    const url = (await again.liveUrl('Channel 1')).replace(/\.ts$/, '.m3u8');
    const player = await new HlsPlayer(url).open();
    await player.turn();
    expect(player.validator.last?.sequence).to.be.above(last);
    expect(player.validator.problems).to.deep.equal([]);
    const old = await fetch(before.media.replace(/:\d+\//, `:${again.port}/`));
    expect(old.status).to.equal(404);
  });
});

describe('channels as HLS with slates', function () {
  this.timeout(60_000);

  it('show why there is nothing, and the channel behind it', async function () {
    needFfmpeg(this);
    await using rig = await startRig({ provider: { max: 1 }, engine: { demo: false, settings } });
    const { body: output } = await rig.engine.api<readonly { id: string }[]>('GET', '/outputs');
    await rig.engine.api('PATCH', `/outputs/${output[0]?.id}`, { slates: true });
    using other = await rig.watch(1, 'somebody');
    await other.read(188 * 20);
    void other.readFor(20_000).catch(() => undefined);
    const player = await open(rig, 2, 'tv');
    await player.turn();
    expect((await sessions(rig)).some((session) => 'reason' in session)).to.equal(true);
    other.close();
    await player.play(6_000);
    expect(player.validator.problems).to.deep.equal([]);
    expect(player.validator.last?.segments.some(({ discontinuity }) => discontinuity)).to.equal(true);
    const { errors } = await runProgram('ffprobe', ['-v', 'error', '-show_streams', player.media]);
    expect(errors).to.deep.equal([]);
  });
});
