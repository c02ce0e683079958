import { expect } from 'chai';
import { account, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('cooling (C5 19)', () => {
  const stage = stagePool();

  it('does not slow an account that has room', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    lease.end();
    await stage.clock.tickAsync(0);
    expect(stage.view().cooling).to.equal(1);
    expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
  });

  it('does not hold a slot of an unlimited account', async () => {
    stage.pool.setAccounts([account('a', null)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    lease.end();
    await stage.clock.tickAsync(0);
    expect(lease.state).to.equal('released');
  });

  /** Zaps between two channels at a provider that counts a closed connection for `lingerMs`. Returns the refusals of each zap. */
  async function zaps(lingerMs: number, times: number, outcome: 'refused' | 'doubtful' = 'refused') {
    const refusals: number[] = [];
    let last = (await stage.tune(new FakeSession('0', ann))).lease;
    for (let i = 1; i <= times; i++) {
      await stage.clock.tickAsync(60_000);
      const session = new FakeSession(`${i}`, ann);
      last.end();
      const closedAt = performance.now();
      const next = stage.ask(session.request(['a'], { deadlineMs: 60_000 }));
      while (next.lease === undefined) await stage.clock.tickAsync(25);
      let count = 0;
      for (;;) {
        next.lease.connecting();
        next.lease.attach(new FakeSocket());
        if (performance.now() - closedAt >= lingerMs) break;
        count += 1;
        const waitMs = next.lease.report(outcome);
        if (waitMs === null) return [...refusals, Number.NaN];
        await Promise.all([next.lease.closeSocket(), stage.clock.tickAsync(waitMs)]);
      }
      next.lease.report('accepted');
      refusals.push(count);
      last = next.lease;
    }
    last.end();
    await stage.clock.tickAsync(60_000);
    return refusals;
  }

  for (const [lingerMs, most] of [
    [100, 1],
    [2_000, 4],
    [20_000, 8],
  ] as const) {
    it(`learns a provider that counts a closed connection for ${lingerMs} ms`, async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const [first, ...later] = await zaps(lingerMs, 12);
      expect(first).to.be.within(1, most);
      // One more while it looks for the shortest time that works.
      expect(later.reduce((sum, count) => sum + count, 0)).to.be.at.most(1);
      expect(stage.view().coolingMs).to.be.within(lingerMs, lingerMs * 2.5);
    });
  }

  it('learns from doubtful answers too, while they come soon after a close', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    expect((await zaps(3_000, 3, 'doubtful')).slice(1)).to.deep.equal([0, 0]);
  });

  it('closes in on what the provider needs, and keeps off what it refused', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const [, ...later] = await zaps(3_000, 20);
    expect(later.reduce((sum, count) => sum + count, 0)).to.be.at.most(1);
    expect(stage.view().coolingMs).to.be.within(3_000, 3_600);
  });

  it('is not refused again and again by a provider that says so with a doubtful answer', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const [, ...later] = await zaps(1_040, 40, 'doubtful');
    expect(later.reduce((sum, count) => sum + count, 0)).to.be.at.most(1);
  });

  it('believes doubtful answers up to the cap where streams have played and nothing shows that it is quicker', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    expect(await zaps(24_000, 1, 'doubtful')).to.not.deep.equal([Number.NaN]);
  });

  it('gives doubtful answers up sooner at a provider that lets go at once', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    await zaps(0, 2);
    const from = performance.now();
    expect((await zaps(60_000, 1, 'doubtful')).at(-1)).to.deep.equal(Number.NaN);
    expect(performance.now() - from).to.be.below(60_000 + 20_000);
  });

  it('gives doubtful answers up after a while, and forgets what they taught', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    expect(await zaps(60_000, 1, 'doubtful')).to.deep.equal([Number.NaN]);
    expect(stage.view().coolingMs).to.equal(50);
  });

  it('learns nothing from a 403 that no close of ours explains', async () => {
    stage.pool.setAccounts([account('a', 3)]);
    (await stage.tune(new FakeSession('1', ann))).lease.end();
    await stage.clock.tickAsync(500);
    const { lease } = await stage.tune(new FakeSession('2', ann));
    expect(lease.report('doubtful')).to.equal(null);
    expect(stage.view().coolingMs).to.equal(50);
  });

  it('forgets slowly when the provider lets go sooner', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    await zaps(1_000, 2);
    const before = stage.view().coolingMs;
    await stage.clock.tickAsync(2 * 3_600_000);
    await zaps(0, 100);
    expect(stage.view().coolingMs).to.be.lessThan(before / 5);
  });

  it('does not count the socket of a redirect', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
    lease.connecting();
    lease.attach(new FakeSocket());
    await Promise.all([lease.closeSocket(false), stage.clock.tickAsync(0)]);
    expect(lease.reopenDelayMs).to.equal(0);
    lease.end();
    expect(lease.state).to.equal('released');
  });

  it('does not count a refused socket that has closed by itself', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
    lease.connecting();
    const socket = new FakeSocket();
    lease.attach(socket);
    socket.close();
    lease.report('doubtful');
    lease.end();
    expect(lease.state).to.equal('released');
  });

  it('does not count a socket that carried an error page, and learns nothing from its close', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
    lease.connecting();
    lease.attach(new FakeSocket());
    lease.noStream?.();
    await Promise.all([lease.closeSocket(), stage.clock.tickAsync(0)]);
    lease.connecting();
    lease.attach(new FakeSocket());
    expect(lease.report('doubtful')).to.equal(null);
    lease.end();
    await stage.clock.tickAsync(0);
    expect(lease.state).to.equal('released');
  });

  it('tells how long a reconnect on the same lease has to wait', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    await Promise.all([lease.closeSocket(), stage.clock.tickAsync(20)]);
    expect(lease.reopenDelayMs).to.equal(30);
    await stage.clock.tickAsync(30);
    expect(lease.reopenDelayMs).to.equal(0);
  });

  it('is not moved by a jump of the wall clock (C5 25)', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    lease.end();
    await stage.clock.tickAsync(0);
    stage.clock.setSystemTime(Date.now() + 86_400_000);
    expect(lease.state).to.equal('cooling');
    await stage.clock.tickAsync(50);
    expect(lease.state).to.equal('released');
  });
});
