import { expect } from 'chai';
import { DroppingProxy } from '../support/raw-client.ts';
import { makeFile, StrictProvider, type ProviderOptions } from './strict-provider.ts';
import { Player, sleep, until, VodBench } from './vod-bench.ts';

const mib = 1_048_576;
const film = makeFile(20 * mib, 7);

async function provider(options: Partial<ProviderOptions> = {}) {
  return new StrictProvider({ file: film, max: 1, etag: '"v1"', ...options }).start();
}

describe('VOD sessions and a provider that fails', () => {
  for (const dropBy of ['reset', 'end'] as const) {
    it(`resume inside the response, byte by byte, when the provider cuts by ${dropBy}`, async () => {
      await using upstream = await provider();
      upstream.behave = (_, index) => (index < 4 ? { dropAfter: 3_000_001, dropBy } : {});
      await using vod = await new VodBench({ provider: upstream }).start();
      const player = await new Player(`${vod.url}/anna/film`).finished();
      expect([player.status, player.outcome]).to.deep.equal([200, 'end']);
      expect(player.body().equals(film)).to.equal(true);
      expect(upstream.requests).to.have.length(5);
      expect(upstream.requests[4]?.ifRange).to.equal('"v1"');
      expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
    });
  }

  it('resume when the provider stalls', async () => {
    await using upstream = await provider();
    upstream.behave = (_, index) => (index === 0 ? { stallAfter: 5_000_000 } : {});
    await using vod = await new VodBench({ provider: upstream, settings: { stallMs: 150 } }).start();
    const player = await new Player(`${vod.url}/anna/film`).finished();
    expect(player.body().equals(film)).to.equal(true);
    expect(upstream.requests.map(({ range }) => range)).to.deep.equal(['bytes=0-', 'bytes=5000000-']);
    expect(upstream.peak).to.equal(1);
  });

  it('give up after some cuts without progress and cut the response', async () => {
    await using upstream = await provider();
    upstream.behave = (_, index) => (index === 0 ? { dropAfter: 1_000_000 } : { dropAfter: 0 });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = new Player(`${vod.url}/anna/film`);
    await player.atLeast(1_000_000);
    expect(await player.over).to.equal('cut');
    expect(player.body().equals(film.subarray(0, player.bytes))).to.equal(true);
    expect(upstream.requests.length).to.be.within(4, 8);
  });

  for (const lengthError of [-500_000, 500_000]) {
    it(`deliver the right bytes when Content-Length is wrong by ${lengthError}`, async () => {
      await using upstream = await provider();
      upstream.behave = (_, index) => (index === 0 ? { lengthError } : {});
      await using vod = await new VodBench({ provider: upstream }).start();
      const player = await new Player(`${vod.url}/anna/film`, { range: 'bytes=1000-' }).finished();
      expect(player.status).to.equal(206);
      expect(player.body().equals(film.subarray(1_000))).to.equal(true);
      expect(upstream.peak).to.equal(1);
    });
  }

  it('refuse a part of the file that nobody asked for', async () => {
    await using upstream = await provider();
    upstream.behave = () => ({ rangeError: 4_096 });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = await new Player(`${vod.url}/anna/film`, { range: 'bytes=1000-' }).finished();
    expect([player.status, player.headers['x-code']]).to.deep.equal([502, 'UPSTREAM_BAD_CONTENT']);
  });

  it('skip to the offset when the provider ignores ranges, as far as that is sensible', async () => {
    await using upstream = await provider();
    upstream.behave = () => ({ ignoreRange: true });
    await using vod = await new VodBench({ provider: upstream }).start();
    const url = `${vod.url}/anna/film`;
    const whole = await new Player(url, { range: 'bytes=0-' }).finished();
    expect([whole.status, whole.headers['accept-ranges']]).to.deep.equal([200, 'none']);
    expect(whole.body().equals(film)).to.equal(true);
    const near = await new Player(url, { range: 'bytes=4000000-4000099' }).finished();
    expect(near.status).to.equal(206);
    expect(near.body().equals(film.subarray(4_000_000, 4_000_100))).to.equal(true);
    const far = await new Player(url, { range: 'bytes=15000000-15000099' }).finished();
    expect([far.status, far.headers['x-code']]).to.deep.equal([502, 'UPSTREAM_BAD_CONTENT']);
    expect(upstream.peak).to.equal(1);
  });

  it('resume at a provider that ignores ranges by skipping', async () => {
    await using upstream = await provider();
    upstream.behave = (_, index) => ({ ignoreRange: true, ...(index === 0 ? { dropAfter: 6_000_000 } : {}) });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = await new Player(`${vod.url}/anna/film`).finished();
    expect(player.body().equals(film)).to.equal(true);
  });

  it('pass on a file whose size the provider does not tell', async () => {
    await using upstream = await provider();
    upstream.behave = () => ({ ignoreRange: true, noLength: true });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = await new Player(`${vod.url}/anna/film`).finished();
    expect([player.status, player.outcome]).to.deep.equal([200, 'end']);
    expect(player.headers).to.not.have.property('content-length');
    expect(player.body().equals(film)).to.equal(true);
  });

  it('cut the response when a file without any length is reset: a part is never passed off as the whole', async () => {
    await using upstream = await provider();
    upstream.behave = () => ({ ignoreRange: true, noFraming: true, dropAfter: 3_000_000 });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = new Player(`${vod.url}/anna/film`);
    expect(await player.over).to.equal('cut');
    expect(player.status).to.equal(200);
    expect(player.body().equals(film.subarray(0, player.bytes))).to.equal(true);
    expect(upstream.requests.length).to.be.greaterThan(1);
  });

  it('resume a file without any length that was reset', async () => {
    await using upstream = await provider();
    upstream.behave = (_, index) => ({
      ignoreRange: true,
      noFraming: true,
      ...(index === 0 ? { dropAfter: 3_000_000 } : {}),
    });
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = await new Player(`${vod.url}/anna/film`).finished();
    expect([player.status, player.outcome]).to.deep.equal([200, 'end']);
    expect(player.body().equals(film)).to.equal(true);
  });

  it('cut the response when a resumed file without any length ends before the byte that was lost', async () => {
    await using upstream = await provider();
    // A reset may cost what had not been read yet: the second answer is far shorter than anything the first can have left.
    upstream.behave = (_, index) => ({
      ignoreRange: true,
      noFraming: true,
      ...(index === 0 ? { dropAfter: 3_000_000 } : { dropAfter: 20_000, dropBy: 'end' }),
    });
    await using vod = await new VodBench({ provider: upstream }).start();
    expect(await new Player(`${vod.url}/anna/film`).over).to.equal('cut');
  });

  it('cut the response rather than mix two versions of a file', async () => {
    await using upstream = await provider();
    const other = makeFile(20 * mib, 8);
    upstream.behave = (_, index) => (index === 0 ? { dropAfter: 6_000_000 } : {});
    await using vod = await new VodBench({ provider: upstream }).start();
    const player = new Player(`${vod.url}/anna/film`);
    await player.atLeast(100_000);
    upstream.file = other;
    upstream.etag = '"v2"';
    expect(await player.over).to.equal('cut');
    expect(player.bytes).to.be.greaterThan(0);
    expect(player.body().equals(film.subarray(0, player.bytes))).to.equal(true);
    const again = await new Player(`${vod.url}/anna/film`).finished();
    expect(again.body().equals(other)).to.equal(true);
  });

  it('forget the cached head of a file that has changed', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream }).start();
    const url = `${vod.url}/anna/film`;
    await new Player(url).finished();
    const other = makeFile(18 * mib, 9);
    upstream.file = other;
    upstream.etag = '"v2"';
    expect((await new Player(url, { range: 'bytes=9000000-9000009' }).finished()).body()).to.deep.equal(
      other.subarray(9_000_000, 9_000_010),
    );
    const head = await new Player(url, { range: 'bytes=0-999' }).finished();
    expect(head.body().equals(other.subarray(0, 1_000))).to.equal(true);
    expect(head.headers['content-range']).to.equal(`bytes 0-999/${other.length}`);
  });

  for (const [name, behaviour, status, code] of [
    [
      'a page with 200',
      { status: 200, body: '<html><body>Your line has expired</body></html>' },
      502,
      'UPSTREAM_REFUSED',
    ],
    ['nothing but 404', { status: 404 }, 502, 'UPSTREAM_NOT_FOUND'],
    ['500 for ever', { status: 500 }, 502, 'UPSTREAM_ERROR'],
    ['403 for no reason of ours', { status: 403, body: 'no' }, 502, 'UPSTREAM_REFUSED'],
  ] as const) {
    it(`answer with a reason when the provider sends ${name}`, async () => {
      await using upstream = await provider();
      upstream.behave = () => behaviour;
      await using vod = await new VodBench({ provider: upstream }).start();
      const player = await new Player(`${vod.url}/anna/film`).finished();
      expect([player.status, player.headers['x-code']]).to.deep.equal([status, code]);
      expect(player.body().toString()).to.not.include('secret');
      await until(() => upstream.active === 0);
      expect(upstream.peak).to.equal(1);
    });
  }

  it('try another account when one is refused', async () => {
    await using upstream = await provider({ max: 2 });
    upstream.behave = ({ path }) => (path.includes('account-0') ? { status: 403, body: 'no' } : {});
    await using vod = await new VodBench({ provider: upstream, limits: [1, 1] }).start();
    const player = await new Player(`${vod.url}/anna/film`, { range: 'bytes=0-99' }).finished();
    expect(player.status).to.equal(206);
    expect(player.body().equals(film.subarray(0, 100))).to.equal(true);
  });

  it('wait and ask again on the same lease when the provider still counts the last socket', async () => {
    await using upstream = await provider();
    upstream.behave = (_, index) => (index === 1 || index === 2 ? { status: 458, body: 'max connections' } : {});
    await using vod = await new VodBench({ provider: upstream, settings: { cacheBytes: 0 } }).start();
    const url = `${vod.url}/anna/film`;
    await new Player(url).finished();
    const player = await new Player(url, { range: 'bytes=5000000-5000099' }).finished();
    expect(player.status).to.equal(206);
    expect(player.body().equals(film.subarray(5_000_000, 5_000_100))).to.equal(true);
    expect(upstream.requests).to.have.length(4);
  });
});

describe('VOD sessions and a player that pauses', () => {
  it('give the slot back, and resume by range in the same response when it reads again', async () => {
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream, settings: { pauseMs: 200, cacheBytes: 0 } }).start();
    const player = new Player(`${vod.url}/anna/film`, { pauseAt: 1 });
    await player.atLeast(1);
    await until(() => vod.sessions.snapshot()[0]?.state === 'paused');
    await until(() => upstream.active === 0 && vod.pool.leases().length === 0);
    expect(vod.sessions.snapshot()[0]).to.not.have.property('leaseId');
    const other = await new Player(`${vod.url}/bert/film`, { range: 'bytes=7000000-7000099' }).finished();
    expect(other.status).to.equal(206);
    player.resume();
    await player.finished();
    expect(player.outcome).to.equal('end');
    expect(player.body().equals(film)).to.equal(true);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('read on for one that is slow, as long as the kernel tells that it takes something', async () => {
    let held = 4_000_000;
    let asked = 0;
    let isTaking = true;
    const sendQueueOf = async () => {
      asked += 1;
      if (isTaking) held -= 1_000;
      return held;
    };
    await using upstream = await provider();
    await using vod = await new VodBench({ provider: upstream, settings: { pauseMs: 100 }, sendQueueOf }).start();
    const player = new Player(`${vod.url}/anna/film`, { pauseAt: 1 });
    await player.atLeast(1);
    await until(() => asked > 4);
    expect(vod.sessions.snapshot()[0]?.state).to.equal('reading');
    isTaking = false;
    await until(() => vod.sessions.snapshot()[0]?.state === 'paused' && upstream.active === 0);
  });

  it('give the slot back when it has vanished without a word', async () => {
    await using upstream = await provider({ bytesPerSecond: 8 * mib });
    await using vod = await new VodBench({ provider: upstream, settings: { pauseMs: 200, cacheBytes: 0 } }).start();
    await using proxy = new DroppingProxy(Number(new URL(vod.url).port));
    const gone = new Player(`http://127.0.0.1:${await proxy.start()}/anna/film`);
    await gone.atLeast(1);
    proxy.drop();
    await until(() => upstream.active === 0 && vod.pool.leases().length === 0);
    expect(vod.sessions.snapshot()[0]?.state).to.equal('paused');
    gone.close();
  });

  it('read ahead of it only so far', async () => {
    await using upstream = await provider({ file: makeFile(64 * mib, 3) });
    await using vod = await new VodBench({ provider: upstream, settings: { cacheBytes: 0 } }).start();
    const player = new Player(`${vod.url}/anna/film`, { paused: true });
    await player.head;
    player.pause();
    const buffered = () => vod.sessions.snapshot()[0]?.bufferedBytes ?? 0;
    await until(() => buffered() >= mib);
    await sleep(300);
    // A client that took a lot at once may be worth more, but never more than 4 MiB.
    expect(buffered()).to.be.within(mib, 4.25 * mib);
    player.close();
    await until(() => upstream.active === 0);
  });
});

describe('VOD sessions and two players behind one address', () => {
  async function both(limit: number): Promise<{ upstream: StrictProvider; sessions: number; ok: boolean[] }> {
    const file = makeFile(18 * mib, 5);
    await using upstream = await provider({ file, max: limit, bytesPerSecond: 25 * mib });
    await using vod = await new VodBench({ provider: upstream, limits: [limit], settings: { cacheBytes: 0 } }).start();
    const one = new Player(`${vod.url}/anna/film`, { range: 'bytes=0-' });
    await one.atLeast(1);
    const two = new Player(`${vod.url}/anna/film`, { range: `bytes=${6 * mib}-` });
    let sessions = 0;
    const timer = setInterval(() => {
      sessions = Math.max(sessions, vod.sessions.snapshot().length);
    }, 50);
    await Promise.all([one.finished(), two.finished()]);
    clearInterval(timer);
    return { upstream, sessions, ok: [one.body().equals(file), two.body().equals(file.subarray(6 * mib))] };
  }

  it('serve them in turns on one connection', async () => {
    const { upstream, sessions, ok } = await both(1);
    expect(ok).to.deep.equal([true, true]);
    expect(sessions).to.equal(1);
    expect([upstream.peak, upstream.refused]).to.deep.equal([1, 0]);
  });

  it('give the older a session of its own when there is a second connection', async () => {
    const { upstream, sessions, ok } = await both(2);
    expect(ok).to.deep.equal([true, true]);
    expect(sessions).to.equal(2);
    expect([upstream.peak, upstream.refused]).to.deep.equal([2, 0]);
  });
});
