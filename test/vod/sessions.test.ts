import { expect } from 'chai';
import { connect } from 'node:net';
import { makeFile, StrictProvider } from './strict-provider.ts';
import { Player, sleep, until, VodBench } from './vod-bench.ts';

const mib = 1_048_576;
const film = makeFile(12 * mib);

async function provider(options: { max?: number; file?: Buffer; etag?: string; bytesPerSecond?: number } = {}) {
  return new StrictProvider({ file: film, max: 1, etag: '"v1"', ...options }).start();
}

describe('VOD sessions', () => {
  it('serve a whole file byte by byte', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = await new Player(`${vod.url}/anna/film`).finished();
    expect(player.status).to.equal(200);
    expect(player.headers).to.include({
      'content-length': String(film.length),
      'accept-ranges': 'bytes',
      'content-type': 'video/x-matroska',
    });
    expect(player.headers.etag).to.match(/^"[\w-]+"$/);
    expect(player.body().equals(film)).to.equal(true);
    expect(vod.learned).to.deep.equal([['film', { size: film.length, contentType: 'video/x-matroska' }]]);
  });

  for (const [range, start, end] of [
    ['bytes=0-', 0, film.length],
    ['bytes=0-0', 0, 1],
    ['bytes=5000000-5000099', 5_000_000, 5_000_100],
    ['bytes=5000000-', 5_000_000, film.length],
    ['bytes=-983', film.length - 983, film.length],
    [`bytes=${film.length - 1}-${film.length + 500}`, film.length - 1, film.length],
  ] as const) {
    it(`answer ${range} with exactly these bytes`, async () => {
      await using upstream = await provider();
      await using vod = await new VodBench({ provider: upstream }).start();
      const player = await new Player(`${vod.url}/anna/film`, { range }).finished();
      expect(player.status).to.equal(206);
      expect(player.headers['content-range']).to.equal(`bytes ${start}-${end - 1}/${film.length}`);
      expect(player.headers['content-length']).to.equal(String(end - start));
      expect(player.body().equals(film.subarray(start, end))).to.equal(true);
      expect(upstream.requests).to.have.length(1);
    });
  }

  it('answer 416 with the size for a range beyond the end', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    for (const range of [`bytes=${film.length}-`, 'bytes=-0']) {
      const player = await new Player(`${vod.url}/anna/film`, { range }).finished();
      expect(player.status).to.equal(416);
      expect(player.headers['content-range']).to.equal(`bytes */${film.length}`);
    }
  });

  it('honour If-Range with their own ETag and ignore the range with another', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const first = await new Player(`${vod.url}/anna/film`, { range: 'bytes=0-9' }).finished();
    const etag = first.headers.etag ?? '';
    const range = 'bytes=1000-1009';
    const same = await new Player(`${vod.url}/anna/film`, { range, headers: { 'if-range': etag } }).finished();
    expect(same.status).to.equal(206);
    const other = await new Player(`${vod.url}/anna/film`, { range, headers: { 'if-range': '"x"' } }).finished();
    expect(other.status).to.equal(200);
    expect(other.body().equals(film)).to.equal(true);
  });

  it('answer HEAD without the provider, with the size only when it is known', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const blind = await new Player(`${vod.url}/anna/film`, { method: 'HEAD' }).finished();
    expect(blind.status).to.equal(200);
    expect(blind.headers['accept-ranges']).to.equal('bytes');
    expect(blind.headers).to.not.have.property('content-length');
    expect(upstream.requests).to.have.length(0);
    await new Player(`${vod.url}/anna/film`, { range: 'bytes=0-9' }).finished();
    const knowing = await new Player(`${vod.url}/anna/film`, { method: 'HEAD', range: 'bytes=5-6' }).finished();
    expect(knowing.status).to.equal(200);
    expect(knowing.headers['content-length']).to.equal(String(film.length));
    expect(upstream.requests).to.have.length(1);
  });

  it('let a probe of three ranges and the playback after it through one connection, the last range from the cache', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const url = `${vod.url}/anna/film`;
    const head = new Player(url, { range: 'bytes=0-' });
    await head.atLeast(4 * 65_536);
    const tail = new Player(url, { range: `bytes=${film.length - 983}-` });
    await tail.finished();
    head.close();
    const near = new Player(url, { range: 'bytes=5724-' });
    await near.atLeast(100_000);
    near.close();
    const play = await new Player(url, { range: 'bytes=0-' }).finished();
    expect(tail.body().equals(film.subarray(film.length - 983))).to.equal(true);
    expect(near.body().equals(film.subarray(5_724, 5_724 + near.bytes))).to.equal(true);
    expect(play.body().equals(film)).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('serve a request the cache holds wholly without a connection', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const url = `${vod.url}/anna/film`;
    await new Player(url).finished();
    const again = await new Player(url, { range: 'bytes=100-1999999' }).finished();
    const tail = await new Player(url, { range: 'bytes=-1000000' }).finished();
    expect(again.body().equals(film.subarray(100, 2_000_000))).to.equal(true);
    expect(tail.body().equals(film.subarray(-1_000_000))).to.equal(true);
    expect(upstream.requests).to.have.length(1);
  });

  it('seek as ffmpeg does, the new range opened before the old is closed, and the provider refuses nothing', async () => {
    await using upstream = await provider({ bytesPerSecond: 20 * mib });
    await using vod = await new VodBench({ provider: upstream, settings: { cacheBytes: 0 } }).start();
    const url = `${vod.url}/anna/film`;
    let before = new Player(url, { range: 'bytes=0-' });
    await before.atLeast(1);
    for (const start of [3_000_000, 9_000_000, 6_000_000]) {
      const next = new Player(url, { range: `bytes=${start}-` });
      await next.atLeast(50_000);
      before.close();
      expect(next.body().equals(film.subarray(start, start + next.bytes))).to.equal(true);
      before = next;
    }
    before.close();
    await until(() => upstream.active === 0);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('resume the older response by range when the newer one has ended', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream, settings: { cacheBytes: 0 } }).start();
    const url = `${vod.url}/anna/film`;
    const older = new Player(url, { range: 'bytes=0-', pauseAt: 1 });
    await older.atLeast(1);
    const newer = await new Player(url, { range: 'bytes=8000000-8999999' }).finished();
    older.resume();
    await older.finished();
    expect(newer.body().equals(film.subarray(8_000_000, 9_000_000))).to.equal(true);
    expect(older.outcome).to.equal('end');
    expect(older.body().equals(film)).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('open few connections in a seek storm and serve its last range', async () => {
    await using upstream = await provider({ bytesPerSecond: 20 * mib });
    await using vod = await new VodBench({ provider: upstream, settings: { cacheBytes: 0 } }).start();
    const players: Player[] = [];
    const begun = performance.now();
    for (let seek = 0; seek < 25; seek += 1) {
      players.at(-1)?.close();
      players.push(new Player(`${vod.url}/anna/film`, { range: `bytes=${seek * 400_000}-` }));
      await sleep(15);
    }
    const last = players.at(-1);
    const stormMs = performance.now() - begun;
    await last?.atLeast(100_000);
    last?.close();
    expect(last?.body().equals(film.subarray(24 * 400_000, 24 * 400_000 + (last?.bytes ?? 0)))).to.equal(true);
    // Seeks that a busy machine made far apart are no storm: each 120 ms may have one request.
    expect(upstream.requests.length).to.be.lessThan(Math.max(10, 5 + stormMs / 120));
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  for (const [how, leave] of [
    ['closes', (player: Player) => player.close()],
    ['resets the connection', (player: Player) => player.reset()],
  ] as const) {
    it(`close the upstream at once when the player ${how}`, async () => {
      await using upstream = await provider({ bytesPerSecond: 2 * mib });
      await using vod = await new VodBench({ provider: upstream, settings: { sessionIdleMs: 1_000 } }).start();
      const player = new Player(`${vod.url}/anna/film`);
      await player.atLeast(1);
      leave(player);
      await until(() => upstream.active === 0);
      expect(vod.sessions.snapshot().map(({ state }) => state)).to.deep.equal(['idle']);
      await until(() => vod.sessions.snapshot().length === 0);
      expect(vod.pool.leases()).to.have.length(0);
    });
  }

  it('close the upstream at once when the player leaves before the provider has answered', async () => {
    await using upstream = await provider();
    upstream.behave = () => ({ delayMs: 60_000 });
    const settings = { sessionIdleMs: 100, connectMs: 60_000 };
    await using vod = await new VodBench({ provider: upstream, settings }).start();
    const player = new Player(`${vod.url}/anna/film`);
    await until(() => upstream.active === 1);
    player.close();
    await until(() => upstream.active === 0);
    await until(() => vod.pool.leases().length === 0 && vod.sessions.snapshot().length === 0);
  });

  it('take the slot from a connection that never reads and never closes', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream, settings: { pauseMs: 150, cacheBytes: 0 } }).start();
    const half = connect(Number(new URL(vod.url).port), '127.0.0.1');
    half.on('error', () => {});
    half.pause();
    half.write('GET /anna/film HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => upstream.active === 1);
    await until(() => upstream.active === 0 && vod.pool.leases().length === 0);
    const bert = await new Player(`${vod.url}/bert/film`, { range: 'bytes=100-199' }).finished();
    expect(bert.body().equals(film.subarray(100, 200))).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
    half.destroy();
  });

  it('give the slot of an ended playback to another viewer at once', async () => {
    await using upstream = await provider({ bytesPerSecond: 4 * mib });
    await using vod = await new VodBench({ provider: upstream, settings: { sessionIdleMs: 60_000 } }).start();
    const anna = new Player(`${vod.url}/anna/film`);
    await anna.atLeast(1);
    const bert = new Player(`${vod.url}/bert/film`, { range: 'bytes=6000000-6000999' });
    await sleep(50);
    expect(bert.status).to.equal(0);
    anna.close();
    await bert.finished();
    expect(bert.body().equals(film.subarray(6_000_000, 6_001_000))).to.equal(true);
    const carl = await new Player(`${vod.url}/carl/film`, { range: 'bytes=7000000-7000999' }).finished();
    expect(carl.body().equals(film.subarray(7_000_000, 7_001_000))).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('answer 503 when no connection comes free in time', async () => {
    await using upstream = await provider({ bytesPerSecond: 1 * mib });
    await using vod = await new VodBench({ provider: upstream, waitMs: 100 }).start();
    const anna = new Player(`${vod.url}/anna/film`);
    await anna.atLeast(1);
    const bert = await new Player(`${vod.url}/bert/other`).finished();
    expect([bert.status, bert.headers['x-code']]).to.deep.equal([503, 'NO_CAPACITY']);
    anna.close();
  });

  it('hand the slot over to the next film of the same viewer', async () => {
    await using upstream = await provider({ bytesPerSecond: 4 * mib });
    await using vod = await new VodBench({ provider: upstream }).start();
    const one = new Player(`${vod.url}/anna/one`);
    await one.atLeast(1);
    const two = new Player(`${vod.url}/anna/two`, { range: 'bytes=100-199' });
    await two.finished();
    expect(two.body().equals(film.subarray(100, 200))).to.equal(true);
    expect(await one.over).to.equal('cut');
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('begin a film again when its paused player reads after the viewer has watched another', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream, settings: { pauseMs: 100, cacheBytes: 0 } }).start();
    const one = new Player(`${vod.url}/anna/one`, { pauseAt: 1 });
    await one.atLeast(1);
    await until(() => vod.pool.leases().length === 0);
    await new Player(`${vod.url}/anna/two`).finished();
    one.resume();
    expect(await one.over).to.equal('end');
    expect(one.body().equals(film)).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('serve two viewers on two accounts side by side', async () => {
    await using upstream = await provider({ max: 2 });
    await using vod = await new VodBench({ provider: upstream, limits: [1, 1] }).start();
    const both = await Promise.all(
      ['anna', 'bert'].map((viewer) => new Player(`${vod.url}/${viewer}/film`).finished()),
    );
    expect(both.map((player) => player.body().equals(film))).to.deep.equal([true, true]);
    expect(upstream.refused).to.equal(0);
    expect(new Set(upstream.requests.map(({ path }) => path.split('/')[4])).size).to.equal(2);
  });

  it('list what runs from the live objects, and stop it', async () => {
    await using upstream = await provider({ bytesPerSecond: 2 * mib });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = new Player(`${vod.url}/anna/film`);
    await player.atLeast(100_000);
    const [view] = vod.sessions.snapshot();
    expect(view).to.include({ kind: 'vod', state: 'reading', title: 'A film', itemId: 'film', accountId: 'account-0' });
    expect(view?.consumers).to.have.length(1);
    expect(view?.bytesOut).to.be.greaterThan(50_000);
    expect(vod.sessions.stop(view!.id)).to.equal(true);
    expect(await player.over).to.equal('cut');
    expect(vod.sessions.snapshot()).to.deep.equal([]);
    await until(() => upstream.active === 0 && vod.pool.leases().length === 0);
    expect(vod.sessions.stop(view!.id)).to.equal(false);
  });
});
