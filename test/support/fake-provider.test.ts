import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LiveLoop, programNumberOf } from './fake-provider/live-loop.ts';
import { liveMedia } from './fake-provider/media.ts';
import { hardLogin, plainLogin, type Refusal } from './fake-provider/settings.ts';
import { ffmpegPlay, needFfmpeg } from './players.ts';
import { DroppingProxy, RawClient } from './raw-client.ts';
import { type FakeProvider, startFakeProvider } from './start-fake-provider.ts';
import { checkTs } from './ts-check.ts';
import { waitUntil } from './wait-until.ts';

describe('the fake provider', function () {
  this.timeout(60_000);
  let provider: FakeProvider;

  before(async () => {
    provider = await startFakeProvider({
      logins: [
        { ...plainLogin, maxConnections: 1 },
        { ...hardLogin, maxConnections: 2 },
      ],
    });
  });
  after(async () => provider?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    await provider.quiet();
    await provider.set({
      api: { mode: 'normal' },
      behaviour: { burstBytes: 262_144 },
      faults: [],
      refusal: '403',
      releaseDelayMs: 0,
      redirects: 0,
      edgeDead: false,
      enforce: true,
      frozen: false,
    });
    await provider.reset();
  });

  it('counts a connection from its request to the close of its socket', async () => {
    using client = await RawClient.send(provider.liveUrl(1));
    await client.read(188 * 100);
    expect((await provider.state()).counted).to.equal(1);
    client.reset();
    const state = await provider.quiet(1000);
    expect(state).to.include({ counted: 0, peak: 1, opened: 1, refused: 0, overlaps: 0 });
  });

  it('refuses what is over the limit and counts the refusal', async () => {
    using first = await RawClient.send(provider.liveUrl(1));
    await first.head();
    using second = await RawClient.send(provider.liveUrl(2));
    expect((await second.head()).status).to.equal(403);
    expect(await provider.state()).to.include({ counted: 1, peak: 1, refused: 1, overlaps: 1 });
  });

  for (const [refusal, status] of [
    ['458', 458],
    ['503', 503],
    ['html', 200],
    ['text', 200],
    ['clip', 200],
  ] as const satisfies readonly (readonly [Refusal, number])[]) {
    it(`can refuse with ${refusal}`, async () => {
      await provider.set({ refusal });
      using first = await RawClient.send(provider.liveUrl(1));
      await first.head();
      using second = await RawClient.send(provider.liveUrl(2));
      expect((await second.head()).status).to.equal(status);
      if (refusal === 'clip') expect(programNumberOf(await second.read(188 * 40))).to.equal(65_000);
    });
  }

  it('goes on counting a closed connection for the release delay', async () => {
    await provider.set({ releaseDelayMs: 400 });
    using first = await RawClient.send(provider.liveUrl(1));
    await first.head();
    first.close();
    await waitUntil('the socket is closed', async () => (await provider.state(true)).open === 0);
    expect((await provider.state()).counted).to.equal(1);
    using second = await RawClient.send(provider.liveUrl(1));
    expect((await second.head()).status).to.equal(403);
    await provider.quiet(2000);
    using third = await RawClient.send(provider.liveUrl(1));
    expect((await third.head()).status).to.equal(200);
  });

  it('knows a login whose credentials need encoding', async () => {
    using client = await RawClient.send(provider.liveUrl(1, { ...hardLogin, maxConnections: 2 }));
    expect((await client.head()).status).to.equal(200);
    const answer = await fetch(provider.apiUrl('', { ...hardLogin, maxConnections: 2 }));
    const body = (await answer.json()) as { user_info: Record<string, unknown> };
    expect(body.user_info).to.include({ auth: 1, active_cons: '1', max_connections: '2' });
    const raw = await RawClient.send(`${provider.url}/live/us+er@x/p+ss/w%25rd/1001.ts`);
    expect((await raw.head()).status).to.not.equal(200);
  });

  it('counts a redirected stream on its final socket, with a token that works once', async () => {
    await provider.set({ redirects: 2 });
    using panel = await RawClient.send(provider.liveUrl(1));
    const hop = await panel.head();
    expect(hop.status).to.equal(302);
    expect((await provider.state()).counted).to.equal(0);
    using edge = await RawClient.send(hop.headers.location ?? '');
    const last = await edge.head();
    expect(last.status).to.equal(302);
    using media = await RawClient.send(last.headers.location ?? '');
    expect((await media.head()).status).to.equal(200);
    expect((await provider.state()).counted).to.equal(1);
    using again = await RawClient.send(last.headers.location ?? '');
    expect((await again.head()).status).to.equal(403);
    expect((await provider.state()).tokenReuses).to.equal(1);
  });

  it('sends each channel with its own mark, in one unbroken transport stream', async () => {
    for (const number of [1, 2]) {
      using client = await RawClient.send(provider.liveUrl(number));
      const bytes = await client.readFor(700);
      const report = checkTs(bytes);
      expect(report).to.include({ aligned: true, programNumber: number });
      expect(report.continuityErrors).to.deep.equal([]);
      expect(report.timeJumps).to.deep.equal([]);
      client.close();
      await provider.quiet();
    }
  });

  it('sends at the rate of the media', async () => {
    await provider.set({ behaviour: { burstBytes: 0 } });
    using client = await RawClient.send(provider.liveUrl(1));
    const bytes = await client.readFor(2000);
    expect(bytes.length).to.be.within(350_000, 600_000);
  });

  it('goes on over the seam of its clip', async () => {
    const media = await liveMedia('h264-aac');
    const loop = new LiveLoop(media);
    const seam = Math.floor((media.seconds * loop.bytesPerSecond) / 188) * 188;
    const report = checkTs(loop.read(seam - 188 * 4000, 188 * 8000, 7));
    expect(report.continuityErrors).to.deep.equal([]);
    expect(report.timeJumps).to.deep.equal([]);
    expect(report.seconds).to.be.greaterThan(5);
  });

  it('is decoded by ffmpeg without an error, over the seam too', async function () {
    needFfmpeg(this);
    const loop = new LiveLoop(await liveMedia('h264-aac'));
    const folder = mkdtempSync(join(tmpdir(), 'coax-seam-'));
    try {
      const file = join(folder, 'seam.ts');
      writeFileSync(file, loop.read(0, Math.floor((loop.bytesPerSecond * 68) / 188) * 188, 3));
      const play = await ffmpegPlay(file, { seconds: 66 });
      expect(play.errors).to.deep.equal([]);
      expect(play.videoFrames).to.be.within(1640, 1660);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [what, fault, check] of [
    ['stalls after so many bytes', { stallAfterBytes: 20_000 }, { bytes: 20_000, ended: false }],
    ['ends early', { endAfterBytes: 20_000 }, { bytes: 20_000, ended: true }],
    ['ends after a time', { endAfterMs: 200 }, { bytes: -1, ended: true }],
    ['resets', { resetAfterBytes: 20_000 }, { bytes: 20_000, ended: true }],
    ['answers with an empty body', { empty: true }, { bytes: 0, ended: true }],
  ] as const) {
    it(`${what} when told to`, async () => {
      await provider.faults({ kind: 'live', ...fault });
      using client = await RawClient.send(provider.liveUrl(1));
      const bytes = await client.readFor(500);
      if (check.bytes >= 0) expect(bytes.length).to.equal(check.bytes);
      expect(client.ended).to.equal(check.ended);
    });
  }

  it('applies a fault as often as told', async () => {
    await provider.faults({ kind: 'live', status: 404, times: 1 });
    using first = await RawClient.send(provider.liveUrl(1));
    expect((await first.head()).status).to.equal(404);
    using second = await RawClient.send(provider.liveUrl(1));
    expect((await second.head()).status).to.equal(200);
  });

  it('is slow to answer when told to', async () => {
    await provider.faults({ headDelayMs: 150, firstByteDelayMs: 150 });
    using client = await RawClient.send(provider.liveUrl(1));
    await client.read(188);
    expect(client.headMs).to.be.greaterThan(140);
    expect(client.firstByteMs).to.be.greaterThan(290);
  });

  it('serves a movie with ranges, and without when told to', async function () {
    using whole = await RawClient.send(provider.movieUrl(1), { method: 'HEAD' });
    const { headers } = await whole.head();
    const size = Number(headers['content-length']);
    expect(size).to.be.within(50_000_000, 130_000_000);
    await provider.quiet();
    using part = await RawClient.send(provider.movieUrl(1), { headers: { range: `bytes=${size - 100}-` } });
    expect(await part.head()).to.deep.include({ status: 206 });
    expect((await part.read(1000)).length).to.equal(100);
    await provider.quiet();
    using outside = await RawClient.send(provider.movieUrl(1), { headers: { range: `bytes=${size}-` } });
    expect((await outside.head()).status).to.equal(416);
    await provider.quiet();
    await provider.faults({ noRanges: true });
    using deaf = await RawClient.send(provider.movieUrl(1), { headers: { range: 'bytes=100-' } });
    expect((await deaf.head()).status).to.equal(200);
  });

  it('notices clients that stop reading or vanish only by their sockets', async () => {
    await using proxy = new DroppingProxy(Number(new URL(provider.url).port));
    const via = await proxy.start();
    using client = await RawClient.send(provider.liveUrl(1), { via });
    await client.read(10_000);
    proxy.drop();
    client.close();
    await sleep(200);
    expect((await provider.state()).counted).to.equal(1);
    expect(await provider.cut('reset')).to.equal(1);
  });

  for (const [mode, expected] of [
    ['html', /^<!DOCTYPE/],
    ['false', /^false$/],
    ['truncated', /^\[\{[^\]]*$/],
    ['user_info', /"user_info"/],
    ['notice', /^<br/],
  ] as const) {
    it(`answers the API with ${mode} when told to`, async () => {
      await provider.set({ api: { mode, times: 1 } });
      using client = await RawClient.send(provider.apiUrl('get_live_categories'));
      expect((await client.read(100_000)).toString()).to.match(expected);
      const after = await fetch(provider.apiUrl('get_live_categories'));
      expect(await after.json()).to.have.length(3);
    });
  }

  it('has lists, guide and playlist of the size asked for', async () => {
    await provider.set({ catalog: { channels: 2000 }, guide: { packed: 'gzip' } });
    const list = (await (await fetch(provider.apiUrl('get_live_streams'))).json()) as unknown[];
    expect(list).to.have.length(2000);
    const query = new URLSearchParams(plainLogin).toString();
    const playlist = await (await fetch(`${provider.url}/get.php?${query}`)).text();
    expect(playlist.split('#EXTINF').length - 1).to.equal(2000);
    const guide = Buffer.from(await (await fetch(`${provider.url}/xmltv.php?${query}`)).arrayBuffer());
    expect(guide.readUInt16BE(0)).to.equal(0x1f8b);
    await provider.set({ catalog: { channels: 6 } });
  });
});
