import { expect } from 'chai';
import { account, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('the lease pool', () => {
  const stage = stagePool();

  it('grants up to the limit in the turn of the request', () => {
    stage.pool.setAccounts([account('a', 2)]);
    expect(stage.pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
    expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
    expect(stage.pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.equal(null);
  });

  for (const limit of [null, 0]) {
    it(`takes a limit of ${limit} as none, and still counts leases`, () => {
      stage.pool.setAccounts([account('a', limit)]);
      for (let i = 0; i < 50; i++) stage.pool.tryAcquire(new FakeSession(`s${i}`, ann).request(['a']));
      expect(stage.view().leases).to.have.length(50);
      expect(stage.view().limit).to.equal(null);
    });
  }

  it('counts accounts with the same login against the smallest limit any of them names', () => {
    stage.pool.setAccounts([account('a', 5, 'login'), account('b', 1, 'login'), account('c', null, 'login')]);
    expect(stage.pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
    expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['b', 'c']))).to.equal(null);
  });

  it('takes the first candidate that has a free slot', async () => {
    stage.pool.setAccounts([account('a', 1), account('b', 1)]);
    await stage.tune(new FakeSession('1', ann), ['a', 'b']);
    const second = await stage.tune(new FakeSession('2', bob), ['a', 'b']);
    expect(second.lease.accountId).to.equal('b');
  });

  it('rejects with NO_CAPACITY at the deadline and forgets the waiter', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    await stage.tune(new FakeSession('1', ann));
    const waiting = stage.ask(new FakeSession('2', bob).request(['a'], { deadlineMs: 3_000 }));
    await stage.clock.tickAsync(2_999);
    expect(waiting).to.deep.equal({});
    await stage.clock.tickAsync(1);
    expect(waiting.code).to.equal('NO_CAPACITY');
    expect(stage.pool.waiting).to.equal(0);
    expect(stage.view().refusals.timeout).to.equal(1);
  });

  it('knows who waits without hope: nobody was asked to give way, and nothing closes or cools', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const first = new FakeSession('1', ann);
    const { lease } = await stage.tune(first);
    const stranger = new FakeSession('2', bob);
    expect(stage.pool.isHopeless(stranger), 'who does not wait').to.equal(false);
    stage.ask(stranger.request(['a']));
    expect(stage.pool.isHopeless(stranger)).to.equal(true);
    const second = new FakeSession('3', bob);
    stage.ask(second.request(['a']));
    lease.end();
    expect(stage.pool.isHopeless(stranger), 'the slot is on its way').to.equal(false);
    expect(stage.pool.isHopeless(second), 'to the one before').to.equal(true);
  });

  it('says when to come back: never sooner than in a second, nor later than in five when nothing is known', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    const waiting = stage.ask(new FakeSession('2', bob).request(['a'], { deadlineMs: 3_000 }));
    await stage.clock.tickAsync(3_000);
    expect(waiting.error?.retryAfterMs).to.equal(5_000);
    lease.end();
    await stage.clock.tickAsync(0);
    const late = stage.ask(new FakeSession('3', bob).request(['a'], { deadlineMs: 10 }));
    await stage.clock.tickAsync(10);
    expect(late.error?.retryAfterMs).to.equal(1_000);
  });

  it('refuses at once what no account can serve', async () => {
    const waiting = stage.ask(new FakeSession('1', ann).request(['gone']));
    await stage.clock.tickAsync(0);
    expect(waiting.code).to.equal('NO_CAPACITY');
  });

  it('serves waiters by purpose, and first come first served within one', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    const vod = stage.ask(new FakeSession('2', bob).request(['a'], { purpose: 'vod' }));
    const live = stage.ask(new FakeSession('3', bob).request(['a']));
    const later = stage.ask(new FakeSession('4', bob).request(['a']));
    const recording = stage.ask(new FakeSession('5', bob).request(['a'], { purpose: 'recording' }));
    lease.end();
    for (const next of [recording, live, later, vod]) {
      await stage.clock.tickAsync(100);
      expect(next.lease).to.not.equal(undefined);
      expect(
        [recording, live, later, vod].filter((one) => one.lease !== undefined && one.lease.state !== 'released'),
      ).to.have.length(1);
      next.lease?.end();
    }
  });

  it('gives a request no slot that somebody already waits for', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
    lease.end();
    await stage.clock.tickAsync(50);
    expect(stage.pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.equal(null);
    expect(waiting.lease?.state).to.equal('granted');
  });

  describe('aborts', () => {
    it('removes a waiter at once (C5 8)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      await stage.tune(new FakeSession('1', ann));
      const gone = new AbortController();
      const waiting = stage.ask(new FakeSession('2', bob).request(['a'], { signal: gone.signal }));
      gone.abort();
      expect(stage.pool.waiting).to.equal(0);
      await stage.clock.tickAsync(0);
      expect(waiting.code).to.equal('CANCELLED');
      expect(stage.view().refusals.aborted).to.equal(1);
    });

    it('gives a grant back in the same turn when it meets an abort (C5 8)', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await stage.tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      const gone = new AbortController();
      const waiting = stage.ask(new FakeSession('2', bob).request(['a'], { signal: gone.signal }));
      lease.end();
      socket.close();
      stage.clock.tick(50);
      gone.abort();
      expect(stage.view().leases).to.deep.equal([]);
      await stage.clock.tickAsync(0);
      expect(waiting.lease?.state).to.equal('released');
    });

    it('refuses a request that is aborted already', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const waiting = stage.ask(new FakeSession('1', ann).request(['a'], { signal: AbortSignal.abort() }));
      await stage.clock.tickAsync(0);
      expect(waiting.code).to.equal('CANCELLED');
      expect(stage.view().leases).to.deep.equal([]);
    });
  });

  it('moves a session from one account to another with both counted until the first has closed (C5 22)', async () => {
    stage.pool.setAccounts([account('a', 1), account('b', 1)]);
    const session = new FakeSession('1', ann);
    const first = await stage.tune(session, ['a'], new FakeSocket(null));
    const second = await stage.pool.acquire(session.request(['b']));
    first.lease.end();
    expect([stage.view('a').leases.length, stage.view('b').leases.length]).to.deep.equal([1, 1]);
    first.socket.close();
    await stage.clock.tickAsync(50);
    expect([stage.view('a').leases.length, stage.view('b').leases.length]).to.deep.equal([0, 1]);
    expect(second.state).to.equal('granted');
  });

  it('gives the last slot to exactly one of many who ask in the same turn (C5 28)', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const asked = Array.from({ length: 20 }, (_, i) =>
      stage.ask(new FakeSession(`s${i}`, viewer(`v${i}`)).request(['a'])),
    );
    await stage.clock.tickAsync(0);
    expect(asked.filter((one) => one.lease !== undefined)).to.have.length(1);
    await stage.clock.tickAsync(12_000);
    expect(asked.filter((one) => one.code === 'NO_CAPACITY')).to.have.length(19);
  });

  it('shows what it holds in words for people', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    expect(stage.view().leases).to.deep.equal([
      { id: lease.id, state: 'open', purpose: 'live', viewer: 'ann', since: lease.since },
    ]);
  });

  it('stops: asks holders, refuses waiters and later requests, and is over when all sockets have closed (C5 24)', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const session = new FakeSession('1', ann);
    await stage.tune(session, ['a'], new FakeSocket(300));
    const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
    const stopped = stage.pool.stop();
    await stage.clock.tickAsync(300);
    await stopped;
    expect(session.asked).to.deep.equal(['stopped']);
    expect(waiting.code).to.equal('SHUTTING_DOWN');
    expect(stage.pool.leases()).to.deep.equal([]);
    expect(stage.clock.countTimers()).to.equal(0);
    const late = stage.ask(new FakeSession('3', ann).request(['a']));
    await stage.clock.tickAsync(0);
    expect(late.code).to.equal('SHUTTING_DOWN');
  });

  describe('changes of accounts (C5 20)', () => {
    it('lets leases go on beyond a lowered limit, says so, and grants nothing new', async () => {
      stage.pool.setAccounts([account('a', 2)]);
      const first = await stage.tune(new FakeSession('1', ann));
      const second = await stage.tune(new FakeSession('2', bob));
      stage.pool.setAccounts([account('a', 1)]);
      expect([first.lease.state, second.lease.state, stage.view().overLimit]).to.deep.equal(['open', 'open', true]);
      first.lease.end();
      await stage.clock.tickAsync(60);
      expect(stage.pool.tryAcquire(new FakeSession('3', ann).request(['a']))).to.equal(null);
      expect(stage.view().overLimit).to.equal(false);
    });

    it('serves waiters at once when the limit is raised', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      await stage.tune(new FakeSession('1', ann));
      const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
      stage.pool.setAccounts([account('a', 2)]);
      await stage.clock.tickAsync(0);
      expect(waiting.lease?.state).to.equal('granted');
    });

    it('asks holders on a removed account to stop, shows them until they have, and refuses who waits for it', async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const session = new FakeSession('1', ann);
      await stage.tune(session, ['a'], new FakeSocket(null));
      const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
      stage.pool.setAccounts([]);
      expect(session.asked).to.deep.equal(['stopped']);
      expect(stage.view()).to.include({ removed: true });
      await stage.clock.tickAsync(0);
      expect(waiting.code).to.equal('NO_CAPACITY');
      await stage.clock.tickAsync(2_100);
      expect(stage.pool.snapshot()).to.deep.equal([]);
    });

    it('counts leases on the login they were opened with when the login of an account changes', async () => {
      stage.pool.setAccounts([account('a', 1, 'old')]);
      const session = new FakeSession('1', ann);
      await stage.tune(session);
      stage.pool.setAccounts([account('a', 1, 'new'), account('b', 1, 'old')]);
      expect(session.asked).to.deep.equal([]);
      expect(stage.view().leases).to.have.length(1);
      expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['b']))).to.equal(null);
      expect(stage.pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.not.equal(null);
    });
  });
});
