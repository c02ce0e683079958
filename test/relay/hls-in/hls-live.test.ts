import { expect } from 'chai';
import { checkTs } from '../../support/ts-check.ts';
import { type Answer, beginning, HlsOrigin, inTurn } from './hls-origin.ts';
import { finished, HlsRig, lastStampOf, listOf, segments } from './hls-rig.ts';

describe('A live HLS stream', () => {
  it('begins three target durations before the end and goes on with what is listed, on one connection', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(9);
    const names = origin.putAll(all);
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
    const names = origin.putAll(all);
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
    origin.put('/1.ts', beginning(first, 188 * 60));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    await rig.until('the half of it is there', () => played.length >= 188 * 59);
    expect(played.stamps.first).to.equal(0);
  });

  it('joins nothing over a segment that was missed, one that is a gap, and a discontinuity', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const names = origin.putAll(segments(9));
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
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(origin.paths).to.not.include('/none.ts');
    expect(played.pieces).to.have.length(4);
    expect(played.stamps.breaks).to.have.length(2);
    expect(played.lost).to.deep.include({ code: 'UPSTREAM_ENDED', details: { complete: true } });
  });

  it('goes on when its server begins to number anew', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(6);
    const names = origin.putAll(all);
    origin.put('/live.m3u8', inTurn(listOf(500, names.slice(0, 3)), listOf(0, names.slice(3, 6), [finished])));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(played.pieces).to.have.length(2);
  });

  it('takes an old copy of the playlist for what it is', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(5);
    const names = origin.putAll(all);
    const old = listOf(1, names.slice(0, 3));
    origin.put('/live.m3u8', inTurn(listOf(1, names.slice(0, 4)), old, old, listOf(2, names.slice(1), [finished])));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.stamps).to.deep.include({ breaks: [], last: lastStampOf(all, 5) });
    expect(played.pieces).to.have.length(1);
  });

  it('is cut where times jump although nobody says so', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const names = origin.putAll([...segments(2), ...segments(2, { startPts: 90_000 * 5_000, firstStamp: 5_000 })]);
    origin.put('/live.m3u8', listOf(1, names, [finished]));
    const played = await rig.play(`${origin.url}/live.m3u8`);
    expect(played.pieces).to.have.length(2);
  });

  it('counts its packets on although each segment begins to count anew', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const single = (n: number) => segments(1, { startPts: 90_000 * (n + 1), firstStamp: 1_000 * n });
    origin.put('/live.m3u8', listOf(1, origin.putAll([...single(0), ...single(1), ...single(2)]), [finished]));
    const played = await rig.play(`${origin.url}/live.m3u8`);
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
    const names = origin.putAll(all);
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
    origin.put('/live.m3u8', listOf(1, origin.putAll(segments(3))));
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
    origin.put('/live.m3u8', listOf(1, origin.putAll(all), [finished]));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    played.upstream.hold?.(5_000);
    const { length } = played;
    await rig.until('all is fetched', () => origin.paths.includes('/4.ts'));
    await rig.step(1_000);
    expect([played.length, played.lost]).to.deep.equal([length, null]);
    await rig.until('it is over', () => played.lost !== null);
    expect(played.length).to.equal(Buffer.concat(all).length);
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
    const played = await rig.play(`${origin.url}/live.m3u8`);
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
    const names = edge.putAll(all);
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
    const played = await rig.play(`${panel.url}/live.m3u8`);
    expect(played.bytes.equals(Buffer.concat(all))).to.equal(true);
    expect(most).to.equal(1);
  });

  it('waits for the first segment of a list that has none yet', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(1);
    origin.put('/live.m3u8', inTurn(listOf(1, []), listOf(1, []), listOf(1, origin.putAll(all))));
    const played = await rig.open(`${origin.url}/live.m3u8`);
    expect(played.stamps.first).to.equal(0);
  });

  it('reads no more ahead than fits while it is held', async () => {
    await using origin = await HlsOrigin.start();
    await using rig = new HlsRig();
    const all = segments(12, { bitRate: 24_000_000 });
    origin.put('/live.m3u8', listOf(1, origin.putAll(all), [finished]));
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
