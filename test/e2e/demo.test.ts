import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { ffmpegPlay, ffprobe, needFfmpeg } from '../support/players.ts';
import { RawClient } from '../support/raw-client.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('the demo, as a newcomer starts it', function () {
  this.timeout(60_000);
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await engine.settled();
  });
  after(async () => engine?.[Symbol.asyncDispose]());

  const text = async (url: string) => (await fetch(url)).text();

  it('says where to look, and is ready', async () => {
    expect(engine.said).to.match(/^Coax is ready on http:\/\/127\.0\.0\.1:\d+$/m);
    expect((await fetch(`${engine.url}/health/ready`)).status).to.equal(200);
    expect((await fetch(`${engine.url}/health/live`)).status).to.equal(200);
  });

  it('publishes a playlist whose first entry plays, and a guide for its channels', async () => {
    const { urls } = await engine.output();
    const playlist = await text(urls.m3u);
    const entries = playlist.split('\n').filter((line) => line.startsWith('http'));
    expect(entries.length).to.be.within(2, 20);
    using client = await RawClient.send(entries[0] ?? '');
    const report = checkTs(await client.read(188 * 600));
    expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
    expect(report.continuityErrors).to.deep.equal([]);
    const ids = [...playlist.matchAll(/tvg-id="([^"]+)"/g)].map((match) => match[1]);
    const guide = await text(urls.xmltv);
    for (const id of ids) expect(guide).to.contain(`<channel id="${id}"`).and.to.contain(`channel="${id}"`);
    const stops = [...guide.matchAll(/stop="(\d{14})/g)].map((match) => match[1] ?? '').sort();
    const wanted = new Date(Date.now() + 2 * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14);
    expect(stops.at(-1) ?? '').to.satisfy((stop: string) => stop > wanted);
  });

  it('publishes HDHomeRun documents that lead to the same channels', async () => {
    const { urls } = await engine.output();
    const discover = (await (await fetch(`${urls.hdhomerun}/discover.json`)).json()) as Record<string, string>;
    expect(discover['DeviceID']).to.match(/^[0-9A-F]{8}$/);
    const lineup = (await (await fetch(discover['LineupURL'] ?? '')).json()) as { URL: string }[];
    expect(lineup.length).to.be.greaterThan(1);
    const head = await fetch(lineup[0]?.URL ?? '', { method: 'HEAD' });
    expect(head.headers.get('content-type')).to.equal('video/mp2t');
    expect(await text(`${urls.hdhomerun}/device.xml`)).to.contain('<UDN>');
    expect((await fetch(`${urls.hdhomerun}/lineup_status.json`)).status).to.equal(200);
  });

  it('plays every channel in ffmpeg without an error', async function () {
    needFfmpeg(this);
    const channels = await engine.channels();
    const plays = await Promise.all(
      channels.slice(0, 3).map(async (channel) => {
        const play = await ffmpegPlay(await engine.liveUrl(channel.name), { seconds: 6 });
        return { name: channel.name, errors: play.errors, code: play.code, video: play.videoFrames > 100 };
      }),
    );
    for (const play of plays) expect(play).to.deep.include({ errors: [], code: 0, video: true });
  });

  it('tells ffprobe what it carries, and shows the same on the channel', async function () {
    needFfmpeg(this);
    const [channel] = await engine.channels();
    const probe = await ffprobe(await engine.liveUrl(channel?.name ?? ''));
    expect(probe.errors).to.deep.equal([]);
    const video = probe.streams.find((stream) => stream.codec_type === 'video');
    type Codecs = { readonly video: readonly { codec: string; width: number; height: number }[] } | null | undefined;
    let codecs: Codecs;
    await waitUntil('the channel has codecs', async () => {
      codecs = (await engine.channels())[0]?.['codecs'] as Codecs;
      return (codecs?.video.length ?? 0) > 0;
    });
    expect(codecs?.video[0]).to.include({
      codec: video?.codec_name,
      width: video?.['width'],
      height: video?.['height'],
    });
  });

  it('plays its movie, and seeks in it', async function () {
    needFfmpeg(this);
    const url = await engine.movieUrl();
    const probe = await ffprobe(url);
    expect(probe.errors).to.deep.equal([]);
    const duration = Number(probe.format['duration']);
    expect(duration).to.be.greaterThan(20);
    const start = await ffmpegPlay(url, { seconds: 5 });
    expect(start).to.deep.include({ errors: [], code: 0 });
    const later = await ffmpegPlay(url, { seek: Math.floor(duration / 2), seconds: 5 });
    expect(later).to.deep.include({ errors: [], code: 0 });
    expect(later.videoFrames).to.be.greaterThan(80);
  });

  it('answers 404 to a wrong token on every output path', async () => {
    const { token, urls } = await engine.output();
    const [channel] = await engine.channels();
    const wrong = `${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`;
    const paths = [
      'playlist.m3u',
      'guide.xml',
      'guide.xml.gz',
      'hdhr/discover.json',
      'hdhr/lineup.json',
      `live/${channel?.id}.ts`,
    ];
    for (const path of paths) {
      expect((await fetch(`${engine.url}/o/${token}/${path}`, { method: 'HEAD' })).status, path).to.equal(200);
      expect((await fetch(`${engine.url}/o/${wrong}/${path}`, { method: 'HEAD' })).status, path).to.equal(404);
    }
    expect(urls.m3u).to.contain(token);
  });

  it('keeps the admin API behind its token', async () => {
    expect((await fetch(`${engine.url}/api/v1/channels`)).status).to.equal(401);
    const wrong = await fetch(`${engine.url}/api/v1/channels`, { headers: { authorization: 'Bearer nonsense' } });
    expect(wrong.status).to.equal(401);
    expect(wrong.headers.get('content-type')).to.contain('application/problem+json');
  });

  it('answers a guide that has not changed with 304, and packed where that is understood', async () => {
    const { urls } = await engine.output();
    const first = await fetch(urls.xmltv, { headers: { 'accept-encoding': 'gzip' } });
    const etag = first.headers.get('etag') ?? '';
    await first.arrayBuffer();
    expect(first.headers.get('content-encoding')).to.equal('gzip');
    const second = await fetch(urls.xmltv, { headers: { 'accept-encoding': 'gzip', 'if-none-match': etag } });
    expect(second.status).to.equal(304);
  });

  it('ends with code 0 and nothing open', async () => {
    const { body } = await engine.api<{ mismatches: string[] }>('GET', '/debug/sync');
    expect(body.mismatches).to.deep.equal([]);
    expect(await engine.end()).to.include({ code: 0 });
  });
});
