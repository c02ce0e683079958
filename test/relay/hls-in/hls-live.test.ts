import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import { checkTs } from '../../support/ts-check.ts';
import { type Answer, HlsOrigin, inTurn, saying } from './hls-origin.ts';
import { finished, HlsRig, lastStampOf, listOf, segments } from './hls-rig.ts';

/** Puts segments at /1.ts, /2.ts and so on, and gives their names. */
function put(origin: HlsOrigin, all: readonly Buffer[], name = (n: number): string => `${n}.ts`): string[] {
  return all.map((bytes, index) => {
    origin.put(`/${name(index + 1)}`, bytes);
    return name(index + 1);
  });
}

describe('A live HLS stream', () => {
  it('begins three target durations before the end and goes on with what is listed, on one connection', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(9);
    const names = put(origin, all);
    let shown = 5;
    origin.put('/live.m3u8', (response) => response.end(listOf(shown - 4, names.slice(shown - 5, shown))));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    for (shown = 6; shown <= 9; shown++) {
      // oxlint-disable-next-line no-await-in-loop -- one segment after the other
      await rig.until(`segment ${shown} is played`, () => played.stamps.last === lastStampOf(all, shown));
    }
    expect(played.stamps).to.deep.include({ breaks: [], first: lastStampOf(all, 2) + 1 });
    expect(checkTs(played.bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
    expect([origin.connections, origin.most, played.pieces.length]).to.deep.equal([1, 1, 1]);
  });

  it('asks for the playlist once a target duration when it changes, and after half of one when it does not', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(12);
    const names = put(origin, all);
    const started = performance.now();
    const shown = (): number => 5 + Math.floor((performance.now() - started) / 1_000);
    origin.put('/live.m3u8', (response) => response.end(listOf(1, names.slice(0, shown()))));
    await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('five seconds', () => performance.now() - started > 5_000);
    const lists = origin.paths.filter((path) => path === '/live.m3u8').length;
    expect(lists).to.be.within(5, 8);
  });

  it('gives the first bytes before the first segment is complete', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const [first = Buffer.alloc(0)] = segments(1);
    origin.put('/live.m3u8', listOf(1, ['1.ts']));
    origin.put('/1.ts', (response) => {
      response.writeHead(200, { 'content-length': first.length });
      response.write(first.subarray(0, 188 * 60));
    });
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('the half of it is there', () => played.length >= 188 * 59);
    expect(played.stamps.first).to.equal(0);
  });

  it('ends with UPSTREAM_STALLED when its playlist goes stale, and is alive until then', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.put('/live.m3u8', listOf(1, put(origin, segments(3))));
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
      const names = put(origin, all);
      for (const [index, name] of names.slice(2).entries()) {
        const bytes = all[index + 2] ?? Buffer.alloc(0);
        origin.put(`/${name}`, (response) => {
          response.writeHead(200, { 'content-length': bytes.length });
          response.write(bytes.subarray(0, 188 * 60));
        });
      }
      const list = listOf(1, names).replace('DURATION:1', `DURATION:${targetSec}`);
      origin.put('/live.m3u8', list.replace('#EXTINF', '#EXT-X-START:TIME-OFFSET=0\n#EXTINF'));
      const played = await rig.open(`${origin.url}/live.m3u8`);
      const began = performance.now();
      await rig.until('it is lost', () => played.lost !== null, 90_000);
      expect(played.lost?.code).to.equal('UPSTREAM_STALLED');
      expect(performance.now() - began).to.be.below(mostMs);
    });
  }

  it('joins nothing over a segment that was missed, one that is a gap, and a discontinuity', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const names = put(origin, segments(9));
    const gap = { uri: 'none.ts', before: '#EXT-X-GAP' };
    origin.put(
      '/live.m3u8',
      inTurn(
        listOf(1, names.slice(0, 2)),
        listOf(4, names.slice(3, 5)),
        listOf(4, [...names.slice(3, 5), gap, ...names.slice(6, 7), { uri: '8.ts', before: '#EXT-X-DISCONTINUITY' }]),
        listOf(8, ['8.ts', '9.ts'], ['#EXT-X-DISCONTINUITY-SEQUENCE:1', finished]),
      ),
    );
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(origin.paths).to.not.include('/none.ts');
    expect(played.pieces).to.have.length(4);
    expect(played.stamps.breaks).to.have.length(2);
    expect(played.lost).to.deep.include({ code: 'UPSTREAM_ENDED', details: { complete: true } });
  });

  it('leaves out a segment that is not there, after it has asked the first address once more', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(4);
    const names = put(origin, all);
    origin.put('/2.ts', saying(404));
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.stamps.breaks).to.deep.equal([`${lastStampOf(all, 1)}>${lastStampOf(all, 2) + 1}`]);
    expect(played.pieces).to.have.length(2);
    expect(origin.paths.filter((path) => path === '/2.ts')).to.have.length(2);
    expect(origin.paths.filter((path) => path === '/live.m3u8')).to.have.length(2);
  });

  it('ends when one segment after the other is not there', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    put(origin, segments(1));
    origin.put('/live.m3u8', listOf(1, ['1.ts', ...Array.from({ length: 40 }, (_, n) => `x${n}.ts`)], [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is lost', () => played.lost !== null);
    expect(played.lost?.code).to.equal('UPSTREAM_NOT_FOUND');
    expect(origin.asked.length).to.be.below(20);
  });

  it('is opened at its first address again when a token has expired, without losing or repeating a picture', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(8);
    put(origin, all);
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
    const names = put(origin, segments(3));
    origin.put('/live.m3u8', inTurn(listOf(1, names), saying(403)));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is lost', () => played.lost !== null);
    expect(played.lost?.code).to.equal('UPSTREAM_REFUSED');
    expect(origin.asked.length).to.be.below(10);
  });

  it('goes on where a connection broke, in the middle of a segment', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    const names = put(origin, all);
    const second = all[1] ?? Buffer.alloc(0);
    origin.put(
      '/2.ts',
      inTurn((response) => {
        response.writeHead(200, { 'content-length': second.length });
        response.write(second.subarray(0, 20_001));
        setTimeout(() => response.socket?.resetAndDestroy(), 300);
      }, second),
    );
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect([played.pieces.length, origin.most]).to.deep.equal([1, 1]);
  });

  it('goes on when its server begins to number anew', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(6);
    const names = put(origin, all);
    origin.put('/live.m3u8', inTurn(listOf(500, names.slice(0, 3)), listOf(0, names.slice(3, 6), [finished])));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(played.pieces).to.have.length(2);
  });

  it('takes an old copy of the playlist for what it is', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(5);
    const names = put(origin, all);
    const old = listOf(1, names.slice(0, 3));
    origin.put('/live.m3u8', inTurn(listOf(1, names.slice(0, 4)), old, old, listOf(2, names.slice(1), [finished])));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.stamps).to.deep.include({ breaks: [], last: lastStampOf(all, 5) });
    expect(played.pieces).to.have.length(1);
  });

  it('is cut where times jump although nobody says so', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const names = put(origin, [...segments(2), ...segments(2, { startPts: 90_000 * 5_000, firstStamp: 5_000 })]);
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.pieces).to.have.length(2);
  });

  it('counts its packets on although each segment begins to count anew', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const single = (n: number) => segments(1, { startPts: 90_000 * (n + 1), firstStamp: 1_000 * n });
    origin.put('/live.m3u8', listOf(1, put(origin, [...single(0), ...single(1), ...single(2)]), [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(checkTs(played.bytes)).to.deep.include({
      continuityErrors: [],
      timeJumps: [],
      packets: played.length / 188,
    });
    expect(played.pieces).to.have.length(1);
  });

  it('does not play again what was played before it was opened anew on the same lease', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(6);
    const names = put(origin, all);
    let shown = 3;
    origin.put('/live.m3u8', (response) => response.end(listOf(1, names.slice(0, shown))));
    const first = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('all is played', () => first.stamps.last === lastStampOf(all, 3));
    await rig.until('it waits', () => origin.paths.filter((path) => path === '/live.m3u8').length > 1);
    first.upstream.destroy();
    await first.upstream.closed;
    shown = 5;
    const second = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('all is played', () => second.stamps.last === lastStampOf(all, 5));
    expect(second.stamps.first).to.equal(lastStampOf(all, 3) + 1);
  });

  it('closes its connection in the turn in which it is given up', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    origin.put('/live.m3u8', listOf(1, put(origin, segments(3))));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    played.upstream.destroy();
    expect(rig.lease?.state).to.equal('open');
    await played.upstream.closed;
    expect(rig.lease?.state).to.equal('granted');
    await rig.until('closed', () => origin.open === 0);
    const { length } = played;
    await rig.step(3_000);
    expect(played.length).to.equal(length);
  });

  it('reads ahead while it is held, gives nothing, and goes on', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(4);
    origin.put('/live.m3u8', listOf(1, put(origin, all), [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    played.upstream.hold?.(5_000);
    const { length } = played;
    await rig.until('all is fetched', () => origin.paths.includes('/4.ts'));
    await rig.step(1_000);
    expect([played.length, played.lost]).to.deep.equal([length, null]);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.length).to.equal(Buffer.concat(all).length);
  });

  it('is played although each address of its playlist is good for one request', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(7);
    const names = put(origin, all, (n) => `edge/${n}.ts`).map((name) => name.replace('edge/', ''));
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

  it('goes on where a segment has stopped in the middle', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    const names = put(origin, all);
    const second = all[1] ?? Buffer.alloc(0);
    const half: Answer = (response) => {
      response.writeHead(200, { 'content-length': second.length });
      response.write(second.subarray(0, 20_001));
    };
    origin.put('/2.ts', inTurn(half, second));
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect([origin.connections, origin.most]).to.deep.equal([2, 1]);
  });

  it('bears a panel that is busy while it is asked for new addresses, and a key that comes late', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    put(origin, all);
    const key = Buffer.alloc(16, 5);
    const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16));
    origin.put('/3.ts', Buffer.concat([cipher.update(all[2] ?? key), cipher.final()]));
    origin.put('/key', inTurn(saying(503), key));
    origin.put('/2.ts', inTurn(saying(403), all[1] ?? key));
    const before = `#EXT-X-KEY:METHOD=AES-128,URI="key",IV=0x${'0'.repeat(32)}`;
    const list = listOf(1, ['1.ts', '2.ts', { uri: '3.ts', before }], [finished]);
    origin.put('/live.m3u8', inTurn(list, saying(502), list));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(played.pieces).to.have.length(1);
  });

  it('goes on in the middle of a segment whose address has expired when its connection broke', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    const names = put(origin, all);
    const second = all[1] ?? Buffer.alloc(0);
    const half: Answer = (response) => {
      response.writeHead(200, { 'content-length': second.length });
      response.write(second.subarray(0, 20_001));
      setTimeout(() => response.socket?.resetAndDestroy(), 300);
    };
    origin.put('/2.ts', inTurn(half, saying(403), second));
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(played.pieces).to.have.length(1);
  });

  it('needs one connection at a time of a server that keeps none', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(4);
    const closing =
      (body: Buffer | string): Answer =>
      (response) =>
        void response.writeHead(200, { connection: 'close' }).end(body);
    all.forEach((bytes, n) => origin.put(`/${n}.ts`, closing(bytes)));
    origin.put('/live.m3u8', closing(listOf(1, ['0.ts', '1.ts', '2.ts', '3.ts'], [finished])));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect([origin.connections, origin.most]).to.deep.equal([5, 1]);
  });

  it('holds one connection although its panel redirects each segment to another host', async () => {
    await using panel = await HlsOrigin.start();
    await using edge = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(3);
    let most = 0;
    const counted =
      (answer: Answer): Answer =>
      (response, request) => {
        most = Math.max(most, panel.open + edge.open);
        answer(response, request);
      };
    const names = put(edge, all);
    for (const [n, name] of names.entries()) {
      panel.put(
        `/${name}`,
        counted((response) => response.writeHead(302, { location: `${edge.url}/${name}` }).end()),
      );
      edge.put(
        `/${name}`,
        counted((response) => response.end(all[n])),
      );
    }
    panel.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.open(`${panel.url}/live.m3u8`);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(most).to.equal(1);
  });

  it('waits for the first segment of a list that has none yet', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(1);
    origin.put('/live.m3u8', inTurn(listOf(1, []), listOf(1, []), listOf(1, put(origin, all))));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    expect(played.stamps.first).to.equal(0);
  });

  it('reads no more ahead than fits while it is held', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(12, { bitRate: 24_000_000 });
    origin.put('/live.m3u8', listOf(1, put(origin, all), [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    played.upstream.hold?.(30_000);
    for (let n = 0; n < 100; n++) {
      // oxlint-disable-next-line no-await-in-loop -- step by step
      await rig.step(100);
    }
    // Three megabytes each, sixteen at most, and what the sockets hold.
    expect(origin.paths.filter((path) => path.endsWith('.ts')).length).to.be.within(5, 8);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
  });
});
