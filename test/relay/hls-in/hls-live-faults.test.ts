import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import { type Answer, beginning, HlsOrigin, inTurn, saying } from './hls-origin.ts';
import { finished, HlsRig, lastStampOf, listOf, segments } from './hls-rig.ts';

/** The beginning of a segment, after which the connection breaks where a time is given. */
type Half = (breakMs?: number) => Answer;

describe('A live HLS stream whose provider fails', () => {
  it('ends with UPSTREAM_STALLED when its playlist goes stale, and is alive until then', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.put('/live.m3u8', listOf(1, origin.putAll(segments(3))));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    const began = performance.now();
    await rig.until('it is lost', () => played.lost !== null);
    expect(played.lost?.code).to.equal('UPSTREAM_STALLED');
    expect(performance.now() - began).to.be.within(5_000, 6_500);
    expect(played.alive).to.be.above(8);
    await rig.until('closed', () => origin.open === 0);
  });

  for (const { targetSec, mostMs } of [
    { targetSec: 1, mostMs: 7_500 },
    { targetSec: 10, mostMs: 28_000 },
  ]) {
    it(`ends with UPSTREAM_STALLED when its segments of ${targetSec} s stop in the middle, however often they are asked for`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      const all = segments(8);
      const names = origin.putAll(all);
      for (const [index, bytes] of all.entries())
        if (index >= 2) origin.put(`/${names[index]}`, beginning(bytes, 188 * 60));
      const list = listOf(1, names).replace('DURATION:1', `DURATION:${targetSec}`);
      origin.put('/live.m3u8', list.replace('#EXTINF', '#EXT-X-START:TIME-OFFSET=0\n#EXTINF'));
      const played = await rig.open(`${origin.url}/live.m3u8`);
      const began = performance.now();
      await rig.until('it is lost', () => played.lost !== null, 90_000);
      expect(played.lost?.code).to.equal('UPSTREAM_STALLED');
      expect(performance.now() - began).to.be.below(mostMs);
    });
  }

  it('leaves out a segment that is not there, after it has asked the first address once more', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(4);
    const names = origin.putAll(all);
    origin.put('/2.ts', saying(404));
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.stamps.breaks).to.deep.equal([`${lastStampOf(all, 1)}>${lastStampOf(all, 2) + 1}`]);
    expect(played.pieces).to.have.length(2);
    expect(origin.paths.filter((path) => path === '/2.ts')).to.have.length(2);
    expect(origin.paths.filter((path) => path === '/live.m3u8')).to.have.length(2);
  });

  it('ends when one segment after the other is not there', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.putAll(segments(1));
    origin.put('/live.m3u8', listOf(1, ['1.ts', ...Array.from({ length: 40 }, (_, n) => `x${n}.ts`)], [finished]));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.lost?.code).to.equal('UPSTREAM_NOT_FOUND');
    expect(origin.asked.length).to.be.below(20);
  });

  it('is opened at its first address again when a token has expired, without losing or repeating a picture', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(8);
    origin.putAll(all);
    let token = 0;
    let shown = 4;
    const names = (): string[] => all.slice(0, shown).map((_, n) => `${n + 1}.ts?token=${token}`);
    origin.put('/channel', (response) => {
      token++;
      response.writeHead(302, { location: `/edge/live.m3u8?token=${token}` }).end();
    });
    for (const [n, bytes] of all.entries())
      origin.put(`/edge/${n + 1}.ts`, (response, request) => {
        if (request.url?.endsWith(`token=${token}`) === true) response.end(bytes);
        else response.writeHead(403).end();
      });
    origin.put('/edge/live.m3u8', (response, request) => {
      if (request.url?.endsWith(`token=${token}`) === true) response.end(listOf(1, names()));
      else response.writeHead(403).end();
    });
    const played = await rig.open(`${origin.url}/channel`);
    for (shown = 5; shown <= 8; shown++) {
      // The provider forgets the token each second.
      if (shown % 2 === 0) token += 100;
      // oxlint-disable-next-line no-await-in-loop -- one segment after the other
      await rig.until(`segment ${shown} is played`, () => played.stamps.last === lastStampOf(all, shown));
    }
    expect(played.stamps.breaks).to.deep.equal([]);
    expect([origin.most, played.lost]).to.deep.equal([1, null]);
  });

  it('gives up an address that goes on refusing', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const names = origin.putAll(segments(3));
    origin.put('/live.m3u8', inTurn(listOf(1, names), saying(403)));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.lost?.code).to.equal('UPSTREAM_REFUSED');
    expect(origin.asked.length).to.be.below(10);
  });

  for (const { what, next } of [
    { what: 'a connection broke', next: (half: Half) => [half(300)] },
    { what: 'a segment has stopped', next: (half: Half) => [half()] },
    { what: 'a connection broke and the address has expired', next: (half: Half) => [half(300), saying(403)] },
  ])
    it(`goes on in the middle of a segment where ${what}`, async () => {
      await using origin = await HlsOrigin.start();
      await using rig = new HlsRig();
      const all = segments(3);
      const names = origin.putAll(all);
      const second = all[1] ?? Buffer.alloc(0);
      origin.put('/2.ts', inTurn(...next((breakMs) => beginning(second, 20_001, breakMs)), second));
      origin.put('/live.m3u8', listOf(1, names, [finished]));
      const played = await rig.play(`${origin.url}/live.m3u8`);
      expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
      expect([played.pieces.length, origin.connections, origin.most]).to.deep.equal([1, 2, 1]);
    });

  it('is played although each address of its playlist is good for one request', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(7);
    const names = origin.putAll(all, (n) => `edge/${n}.ts`).map((name) => name.replace('edge/', ''));
    const began = performance.now();
    const valid = new Set<string>();
    let tokens = 0;
    origin.put('/channel.m3u8', (response) => {
      valid.add(`/edge/live.m3u8?t=${++tokens}`);
      response.writeHead(302, { location: `/edge/live.m3u8?t=${tokens}` }).end();
    });
    origin.put('/edge/live.m3u8', (response, request) => {
      const shown = 4 + Math.floor((performance.now() - began) / 2_000);
      if (valid.delete(request.url ?? '')) response.end(listOf(1, names.slice(0, shown)));
      else response.writeHead(403).end();
    });
    const played = await rig.open(`${origin.url}/channel.m3u8`);
    await rig.until('the last is played', () => played.stamps.last === lastStampOf(all, 7));
    expect(played.stamps.breaks).to.deep.equal([]);
    expect(played.lost).to.equal(null);
  });

  it('bears a panel that is busy while it is asked for new addresses, and a key that comes late', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    origin.putAll(all);
    const key = Buffer.alloc(16, 5);
    const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16));
    origin.put('/3.ts', Buffer.concat([cipher.update(all[2] ?? key), cipher.final()]));
    origin.put('/key', inTurn(saying(503), key));
    origin.put('/2.ts', inTurn(saying(403), all[1] ?? key));
    const before = `#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x${'0'.repeat(32)}`;
    const list = listOf(1, ['1.ts', '2.ts', { uri: '3.ts', before }], [finished]);
    origin.put('/live.m3u8', inTurn(list, saying(502), list));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(played.pieces).to.have.length(1);
  });
});
