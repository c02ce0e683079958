import { createCipheriv, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { checkTs } from '../../support/ts-check.ts';
import { playing } from '../stage.ts';
import { HlsOrigin, saying, sendRange } from './hls-origin.ts';
import { finished, HlsRig, type Listed, listOf, segments } from './hls-rig.ts';

const three = segments(3);
const whole = Buffer.concat(three);
const names = ['1.ts', '2.ts', '3.ts'];
const list = listOf(1, names, [finished]);

function serve(origin: HlsOrigin, folder = ''): void {
  for (const [n, bytes] of three.entries()) origin.put(`${folder}/${n + 1}.ts`, bytes);
}

/** Plays a finished stream to its end. */
async function playAll(rig: HlsRig, ...open: Parameters<HlsRig['open']>): Promise<Buffer> {
  const played = await rig.play(...open);
  expect(played.lost?.code).to.equal('UPSTREAM_ENDED');
  return played.bytes;
}

function encrypted(bytes: Buffer, key: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

function sequenceIv(sequence: number): Buffer {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(sequence, 12);
  return iv;
}

describe('An HLS stream', () => {
  it('is known by its content, not by its name or type', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    serve(origin, '/live');
    origin.put('/live/12345.ts', (response) => response.writeHead(200, { 'content-type': 'video/mp2t' }).end(list));
    expect((await playAll(rig, `${origin.url}/live/12345.ts`)).equals(whole)).to.equal(true);
    expect(origin.most).to.equal(1);
  });

  it('may be no HLS although it is called so', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.put('/live.m3u8', playing({ burst: 60 }));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it plays', () => played.length > 10_000);
    expect(checkTs(played.bytes).aligned).to.equal(true);
    expect(origin.most).to.equal(1);
  });

  const texts: readonly (readonly [string, Buffer | string, Readonly<Record<string, string>>?])[] = [
    ['a byte order mark and CRLF', `\uFEFF${list.replaceAll('\n', '\r\n')}`],
    ['gzip by its header', gzipSync(list), { 'content-encoding': 'gzip' }],
    ['gzip that nobody speaks of', gzipSync(list)],
  ];
  for (const [what, body, headers] of texts)
    it(`may have a playlist with ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      serve(origin);
      for (const path of ['/live.m3u8', '/live'])
        origin.put(path, (response) => response.writeHead(200, headers).end(body));
      expect((await playAll(rig, `${origin.url}/live.m3u8`)).equals(whole)).to.equal(true);
      expect((await playAll(rig, `${origin.url}/live`)).equals(whole)).to.equal(true);
    });

  it('has addresses that are relative to where a redirect has led, and keeps cookies and headers', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.put('/in/live.m3u8', (response) =>
      response.writeHead(302, { location: '/deep/er/list.m3u8', 'set-cookie': 'session=7; Path=/' }).end(),
    );
    origin.put('/deep/er/list.m3u8', listOf(1, ['../1.ts', '/deep/2.ts?x=1', `${origin.url}/deep/3.ts`], [finished]));
    serve(origin, '/deep');
    const headers = { 'user-agent': 'box/1', referer: 'http://portal/' };
    expect((await playAll(rig, `${origin.url}/in/live.m3u8`, { headers })).equals(whole)).to.equal(true);
    for (const each of origin.asked.slice(1)) expect(each.headers).to.include({ ...headers, cookie: 'session=7' });
    expect(origin.connections).to.equal(1);
  });

  it('is played from two hosts, one connection at a time', async () => {
    await using panel = await HlsOrigin.start();
    await using cdn = await HlsOrigin.start();
    await using rig = new HlsRig();
    serve(cdn);
    panel.put(
      '/live.m3u8',
      listOf(
        1,
        names.map((name) => `${cdn.url}/${name}`),
        [finished],
      ),
    );
    const played = await rig.open(`${panel.url}/live.m3u8`);
    expect([panel.open, cdn.open]).to.deep.equal([0, 1]);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(whole)).to.equal(true);
    expect([panel.connections, cdn.connections]).to.deep.equal([1, 1]);
  });

  describe('with keys', () => {
    const keys = [randomBytes(16), randomBytes(16)] as const;
    const iv = randomBytes(16);

    it('is decrypted by vectors that are given and by sequence numbers, with keys that change', async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      origin.put('/k/1', keys[0]);
      origin.put('/k/2', keys[1]);
      const [one, two, three3] = three;
      origin.put('/1.ts', encrypted(one ?? whole, keys[0], iv));
      origin.put('/2.ts', encrypted(two ?? whole, keys[0], iv));
      origin.put('/3.ts', encrypted(three3 ?? whole, keys[1], sequenceIv(9)));
      const items: Listed[] = [
        { uri: '1.ts', before: `#EXT-X-KEY:METHOD=AES-128,URI="k/1",IV=0x${iv.toString('hex')}` },
        { uri: '2.ts' },
        { uri: '3.ts', before: '#EXT-X-KEY:METHOD=AES-128,URI="k/2"' },
      ];
      origin.put('/live.m3u8', listOf(7, items, [finished]));
      expect((await playAll(rig, `${origin.url}/live.m3u8`)).equals(whole)).to.equal(true);
      expect(origin.paths.filter((path) => path === '/k/1')).to.have.length(1);
      expect(origin.connections).to.equal(1);
    });

    for (const [what, key, said] of [
      ['a method nobody can undo', 'METHOD=SAMPLE-AES,URI="k"', 'SAMPLE-AES'],
      ['a DRM system', 'METHOD=SAMPLE-AES-CTR,KEYFORMAT="urn:uuid:edef8ba9",URI="data:,x"', 'SAMPLE-AES-CTR'],
      ['a key of the wrong length', 'METHOD=AES-128,URI="short"', 'key of 5 bytes'],
    ] as const)
      it(`is refused with the reason: ${what}`, async () => {
        await using origin = await HlsOrigin.start();
        await using rig = new HlsRig();
        serve(origin);
        origin.put('/short', Buffer.from('12345'));
        origin.put('/live.m3u8', listOf(1, names, [`#EXT-X-KEY:${key}`, finished]));
        const failure = await rig.open(`${origin.url}/live.m3u8`).catch((error: unknown) => error);
        expect(failure).to.include({ code: 'UPSTREAM_BAD_CONTENT' });
        expect(String(failure)).to.include(said);
        await rig.until('closed', () => origin.open === 0);
      });
  });

  for (const ranges of [true, false])
    it(`may have its segments in one file, on a server that ${ranges ? 'takes' : 'does not know'} ranges`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      origin.put('/all.bin', ranges ? sendRange(whole) : (response) => response.end(whole));
      const [one = '', two = '', last = ''] = three.map((bytes) => String(bytes.length));
      const items = [
        { uri: 'all.bin', before: `#EXT-X-BYTERANGE:${one}@0` },
        { uri: 'all.bin', before: `#EXT-X-BYTERANGE:${two}` },
        { uri: 'all.bin', before: `#EXT-X-BYTERANGE:${last}` },
      ];
      origin.put('/live.m3u8', listOf(1, items, [finished]));
      expect((await playAll(rig, `${origin.url}/live.m3u8`)).equals(whole)).to.equal(true);
    });

  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(3_000), Buffer.from('IEND')]);
  for (const [what, name, junk] of [
    ['a picture in front of it', 'seg-1.png', png],
    ['the name of a picture', 'seg-1.jpg', Buffer.alloc(0)],
    ['the name of a page', 'seg-1.html', Buffer.alloc(0)],
    ['no extension', 'seg-1', Buffer.alloc(0)],
  ] as const)
    it(`may have segments with ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      const items = three.map((bytes, n) => {
        origin.put(`/${name}${n}`, Buffer.concat([junk, bytes]));
        return `${name}${n}`;
      });
      origin.put('/live.m3u8', listOf(1, items, [finished]));
      expect((await playAll(rig, `${origin.url}/live.m3u8`)).equals(whole)).to.equal(true);
    });

  describe('of several variants', () => {
    const master = [
      '#EXTM3U',
      '#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360',
      'low.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080',
      'high.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2500000,RESOLUTION=1280x720',
      'mid.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=3840x2160,CODECS="av01.0.13M.10"',
      'odd.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"',
      'sound.m3u8',
    ].join('\n');

    for (const [name, policy] of [
      ['high', { quality: 'best', maxHeight: 0, maxBandwidth: 0 }],
      ['low', { quality: 'worst', maxHeight: 0, maxBandwidth: 0 }],
      ['mid', { quality: 'best', maxHeight: 800, maxBandwidth: 0 }],
      ['low', { quality: 'best', maxHeight: 0, maxBandwidth: 1_000_000 }],
      ['low', { quality: 'best', maxHeight: 100, maxBandwidth: 0 }],
    ] as const)
      it(`plays ${name} when ${JSON.stringify(policy)} is wanted`, async () => {
        await using origin = await HlsOrigin.start();
        await using rig = new HlsRig();
        serve(origin);
        origin.put('/master.m3u8', master);
        origin.put(`/${name}.m3u8`, list);
        await playAll(rig, `${origin.url}/master.m3u8`, { reach: { hls: () => policy } });
        expect(origin.paths[1]).to.equal(`/${name}.m3u8`);
      });

    it('plays the next one when the best is not there', async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      serve(origin);
      origin.put('/master.m3u8', master);
      origin.put('/mid.m3u8', list);
      expect((await playAll(rig, `${origin.url}/master.m3u8`)).equals(whole)).to.equal(true);
    });
  });

  it('may be the only address in a list of the old kind', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    serve(origin, '/a');
    origin.put('/radio.m3u', `#EXTM3U\n#EXTINF:-1,News\n${origin.url}/a/live.m3u8\n`);
    origin.put('/a/live.m3u8', list);
    expect((await playAll(rig, `${origin.url}/radio.m3u`)).equals(whole)).to.equal(true);
    expect(origin.most).to.equal(1);
  });

  it('begins where EXT-X-START says', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    serve(origin);
    origin.put('/live.m3u8', listOf(1, names, ['#EXT-X-START:TIME-OFFSET=-1.5', finished]));
    expect((await playAll(rig, `${origin.url}/live.m3u8`)).equals(Buffer.concat(three.slice(1)))).to.equal(true);
  });

  for (const [what, answer, code, capacity] of [
    ['a page of the limit', saying(200, '<html>Max connections reached</html>'), 'UPSTREAM_CAPACITY', 'refused'],
    ['403', saying(403), 'UPSTREAM_REFUSED', 'doubtful'],
    ['429', saying(429), 'UPSTREAM_CAPACITY', 'refused'],
    ['404', saying(404), 'UPSTREAM_NOT_FOUND', undefined],
    ['a page', saying(200, '<html>Welcome to nginx!</html>'), 'UPSTREAM_BAD_CONTENT', undefined],
  ] as const)
    it(`tells what its provider says: ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      origin.put('/user/pass-77/live.m3u8', answer);
      const failure = await rig.open(`${origin.url}/user/pass-77/live.m3u8`).catch((error: unknown) => error);
      expect(failure).to.include({ code });
      expect((failure as { outcome?: string }).outcome).to.equal(capacity);
      expect(String(failure)).to.not.match(/pass-77|127\.0\.0\.1/);
      await rig.until('closed', () => origin.open === 0);
    });

  it('is refused when its segments are no media', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    for (const name of names) origin.put(`/${name}`, '<html>expired</html>');
    origin.put('/live.m3u8', list);
    const failure = await rig.open(`${origin.url}/live.m3u8`).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'UPSTREAM_ENDED' });
  });
});
