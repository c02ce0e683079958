import { expect } from 'chai';
import { checkTs } from '../../support/ts-check.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type Answer, saying, Stage } from '../stage.ts';
import { finished, listOf, segments } from './hls-rig.ts';

/** Answers every segment of these, and keeps connections. */
function put(stage: Stage, all: readonly Buffer[], folder = ''): string[] {
  return all.map((bytes, n) => {
    stage.provider.answer(`${folder}/${n}.ts`, (response) => response.end(bytes));
    return `${n}.ts`;
  });
}

/** A live list that grows by a segment a second. */
function live(names: readonly string[], first = 3): Answer {
  const began = performance.now();
  return (response) => {
    const shown = first + Math.floor((performance.now() - began) / 1_000);
    response.end(listOf(1, names.slice(0, shown)));
  };
}

const whole = { aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 } as const;

describe('A channel that is HLS', function () {
  this.timeout(15_000);

  it('is read once for all who watch it, and left when the last one goes', async () => {
    await using stage = await Stage.start({ settings: { lingerMs: 0 } });
    stage.channel('news', '/live.m3u8');
    stage.provider.answer('/live.m3u8', live(put(stage, segments(20))));
    const clients = [await stage.tune('news', 'a'), await stage.tune('news', 'b')];
    for (const client of clients) expect(checkTs(await client.read(188 * 100))).to.include(whole);
    expect([stage.provider.connections, stage.provider.most]).to.deep.equal([1, 1]);
    for (const client of clients) client.close();
    await waitUntil('closed', () => stage.provider.sockets.size === 0);
    expect(stage.pool.leases().filter(({ state }) => state === 'open')).to.deep.equal([]);
  });

  it('is one stream for its players over discontinuities and missing segments', async () => {
    await using stage = await Stage.start();
    stage.channel('news', '/live.m3u8');
    const names = [
      ...put(stage, segments(2), '/a').map((name) => `a/${name}`),
      ...put(stage, segments(2, { startPts: 90_000 * 900 }), '/b').map((name) => `b/${name}`),
      'none.ts',
      ...put(stage, segments(2, { startPts: 90_000 * 50 }), '/c').map((name) => `c/${name}`),
    ];
    stage.provider.answer('/none.ts', saying(404, 'gone'));
    const items = names.map((uri) => (uri === 'b/0.ts' ? { uri, before: '#EXT-X-DISCONTINUITY' } : uri));
    stage.provider.answer('/live.m3u8', (response) => response.end(listOf(1, items, [finished])));
    const client = await stage.tune('news');
    const bytes = await client.read(
      Math.floor((segments(6).reduce((sum, { length }) => sum + length, 0) * 0.97) / 188) * 188,
    );
    const report = checkTs(bytes);
    expect(report).to.deep.include({ ...whole, continuityErrors: [], timeJumps: [] });
    expect(report.seconds).to.be.within(5.5, 6.2);
    expect(stage.provider.most).to.equal(1);
  });

  it('gives way to the next stream when its playlist goes stale', async () => {
    await using stage = await Stage.start({ settings: { stallMs: 500 } });
    stage.channel('news', '/live.m3u8', '/good.ts');
    stage.provider.answer('/live.m3u8', (response) => response.end(listOf(1, put(stage, segments(3)))));
    const client = await stage.tune('news');
    expect(checkTs(await client.read(188 * 100))).to.include(whole);
    await waitUntil('the other one plays', () => stage.relays.snapshot()[0]?.streamId === '/good.ts', 10_000);
    const bytes = await client.read(188 * 200);
    expect(checkTs(bytes).continuityErrors).to.deep.equal([]);
    expect(stage.provider.most).to.equal(1);
  });

  it('gives way to the next stream when its playlist never lists a segment', async () => {
    await using stage = await Stage.start({ settings: { stallMs: 500, startMs: 6_000 } });
    stage.channel('news', '/live.m3u8', '/good.ts');
    stage.provider.answer('/live.m3u8', (response) => response.end(listOf(1, [])));
    expect(checkTs(await (await stage.tune('news')).read(188 * 100))).to.include(whole);
    expect(stage.provider.most).to.equal(1);
  });

  it('is told an error when its playlist never lists a segment', async () => {
    await using stage = await Stage.start({ settings: { startMs: 1_000 } });
    stage.channel('news', '/live.m3u8');
    stage.provider.answer('/live.m3u8', (response) => response.end(listOf(1, [])));
    const { status, headers } = await (await stage.tune('news')).head();
    expect([status, headers['x-code']]).to.deep.equal([504, 'UPSTREAM_STALLED']);
    await waitUntil('closed', () => stage.provider.sockets.size === 0);
  });

  it('takes over from one that is a plain stream', async () => {
    await using stage = await Stage.start();
    stage.channel('news', '/dead.ts', '/live.m3u8');
    stage.provider.answer('/dead.ts', saying(404, 'gone'));
    stage.provider.answer('/live.m3u8', live(put(stage, segments(20))));
    expect(checkTs(await (await stage.tune('news')).read(188 * 100))).to.include(whole);
    expect(stage.provider.most).to.equal(1);
  });

  it('lets its viewer change to the next channel on an account with one connection', async () => {
    await using stage = await Stage.start({ coolingFloorMs: 20 });
    for (const name of ['one', 'two']) {
      stage.channel(name, `/${name}/live.m3u8`);
      stage.provider.answer(`/${name}/live.m3u8`, live(put(stage, segments(20), `/${name}`)));
    }
    const first = await stage.tune('one', 'me');
    await first.read(188 * 50);
    expect(checkTs(await (await stage.tune('two', 'me')).read(188 * 100))).to.include(whole);
    expect(stage.provider.most).to.equal(1);
    await waitUntil('the first player is ended', () => first.ended);
  });
});
