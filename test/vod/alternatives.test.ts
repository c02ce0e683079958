import { expect } from 'chai';
import type { AccountId } from '../../src/model/ids.ts';
import { makeFile, StrictProvider } from './strict-provider.ts';
import { Player, until, VodBench } from './vod-bench.ts';

const mib = 1_048_576;
const own = makeFile(4 * mib, 1);
const other = makeFile(3 * mib, 7);
const [first, second, third] = ['account-0', 'account-1', 'account-2'] as AccountId[];

/** A film that accounts 0 and 1 have in one file, and account 2, of another source, in a file of its own. */
async function stage() {
  const home = await new StrictProvider({ file: own, max: 2, etag: '"own"' }).start();
  const away = await new StrictProvider({ file: other, max: 1, etag: '"other"' }).start();
  const vod = await new VodBench({
    limits: [1, 1, 1],
    settings: { cacheBytes: 0 },
    file: {
      accounts: [first, second, third].filter((account) => account !== undefined),
      fileOf: (account) => (account === third ? 'the other' : 'film'),
      request: (account) => ({
        kind: 'http',
        urls: [`${account === third ? away.url : home.url}/movie/user/secret/${account}/film.mkv`],
        headers: { 'user-agent': 'test' },
      }),
    },
  }).start();
  return {
    home,
    away,
    vod,
    url: `${vod.url}/anna/film`,
    async [Symbol.asyncDispose]() {
      await vod[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
      await away[Symbol.asyncDispose]();
    },
  };
}

describe('a film that several sources have', () => {
  it('is played from its own source while that has it', async () => {
    await using it = await stage();
    const player = await new Player(it.url).finished();
    expect(player.body().equals(own)).to.equal(true);
    expect(it.away.requests).to.have.length(0);
  });

  for (const [why, behaviour] of [
    ['it is not there any more', { status: 404, body: '<html>gone</html>' }],
    ['the login is refused', { status: 401, body: '<html>no</html>' }],
    ['a page comes in its place', { status: 200, body: '<html>expired</html>' }],
  ] as const) {
    it(`is played from another where ${why}`, async () => {
      await using it = await stage();
      it.home.behave = () => behaviour;
      const player = await new Player(it.url).finished();
      expect(player.status).to.equal(200);
      expect(player.body().equals(other)).to.equal(true);
      const again = await new Player(it.url, { range: 'bytes=1000-1999' }).finished();
      expect(again.body().equals(other.subarray(1_000, 2_000))).to.equal(true);
      await until(() => it.vod.pool.leases().every((lease) => lease.state !== 'open'));
    });
  }

  it('stays with the file it began with, on another account of the same source', async () => {
    await using it = await stage();
    it.home.behave = (request, index) =>
      index === 0 ? { dropAfter: mib } : /account-0/.test(request.path) ? { status: 403, body: 'no' } : {};
    const player = await new Player(it.url).finished();
    expect(player.outcome).to.equal('end');
    expect(player.body().equals(own)).to.equal(true);
    expect(it.away.requests).to.have.length(0);
  });

  it('ends rather than to go on with bytes of another file', async () => {
    await using it = await stage();
    it.home.behave = (_request, index) => (index === 0 ? { dropAfter: mib } : { status: 404, body: 'gone' });
    const player = await new Player(it.url).finished();
    expect(player.outcome).to.equal('cut');
    expect(player.body().equals(own.subarray(0, player.bytes))).to.equal(true);
    expect(it.away.requests).to.have.length(0);
  });
});
