import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { Lease, LeaseRequest } from '../../src/accounts/lease.ts';
import type { LeaseEvent } from '../../src/accounts/lease-events.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { CoaxError } from '../../src/errors.ts';
import { account, accountId, FakeSession, FakeSocket, viewer } from './fake-session.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('the lease pool', () => {
  let clock: SinonFakeTimers;
  let events: LeaseEvent[];
  let pool: LeasePool;

  beforeEach(() => {
    clock = useFakeTimers();
    events = [];
    pool = new LeasePool({
      waitMs: 12_000,
      coolingFloorMs: 50,
      coolingCapMs: 30_000,
      observe: (event) => events.push(event),
    });
  });
  afterEach(() => clock.restore());

  const kinds = () => events.map((event) => event.kind);
  const view = (id = 'a') => pool.snapshot().find((one) => one.id === id)!;

  /** Takes a lease and opens a socket on it. */
  async function tune(session: FakeSession, on: readonly string[] = ['a'], socket = new FakeSocket()) {
    const lease = await pool.acquire(session.request(on));
    session.lease = lease;
    lease.connecting();
    lease.attach(socket);
    lease.report('accepted');
    return { lease, socket };
  }

  /** Starts a request; `result` tells what has come of it. */
  function ask(request: LeaseRequest) {
    const result: { lease?: Lease; code?: string; error?: CoaxError } = {};
    pool.acquire(request).then(
      (lease) => {
        result.lease = lease;
        (request.holder as FakeSession).lease = lease;
      },
      (error: CoaxError) => {
        result.code = error.code;
        result.error = error;
      },
    );
    return result;
  }

  it('grants up to the limit in the turn of the request', () => {
    pool.setAccounts([account('a', 2)]);
    expect(pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
    expect(pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
    expect(pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.equal(null);
  });

  for (const limit of [null, 0]) {
    it(`takes a limit of ${limit} as none, and still counts leases`, () => {
      pool.setAccounts([account('a', limit)]);
      for (let i = 0; i < 50; i++) pool.tryAcquire(new FakeSession(`s${i}`, ann).request(['a']));
      expect(view().leases).to.have.length(50);
      expect(view().limit).to.equal(null);
    });
  }

  it('counts accounts with the same login against the smallest limit any of them names', () => {
    pool.setAccounts([account('a', 5, 'login'), account('b', 1, 'login'), account('c', null, 'login')]);
    expect(pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
    expect(pool.tryAcquire(new FakeSession('2', bob).request(['b', 'c']))).to.equal(null);
  });

  it('takes the first candidate that has a free slot', async () => {
    pool.setAccounts([account('a', 1), account('b', 1)]);
    await tune(new FakeSession('1', ann), ['a', 'b']);
    const second = await tune(new FakeSession('2', bob), ['a', 'b']);
    expect(second.lease.accountId).to.equal('b');
  });

  it('rejects with NO_CAPACITY at the deadline and forgets the waiter', async () => {
    pool.setAccounts([account('a', 1)]);
    await tune(new FakeSession('1', ann));
    const waiting = ask(new FakeSession('2', bob).request(['a'], { deadlineMs: 3_000 }));
    await clock.tickAsync(2_999);
    expect(waiting).to.deep.equal({});
    await clock.tickAsync(1);
    expect(waiting.code).to.equal('NO_CAPACITY');
    expect(pool.waiting).to.equal(0);
    expect(view().refusals.timeout).to.equal(1);
  });

  it('refuses at once what no account can serve', async () => {
    const waiting = ask(new FakeSession('1', ann).request(['gone']));
    await clock.tickAsync(0);
    expect(waiting.code).to.equal('NO_CAPACITY');
  });

  it('serves waiters by purpose, and first come first served within one', async () => {
    pool.setAccounts([account('a', 1)]);
    const { lease } = await tune(new FakeSession('1', ann));
    const vod = ask(new FakeSession('2', bob).request(['a'], { purpose: 'vod' }));
    const live = ask(new FakeSession('3', bob).request(['a']));
    const later = ask(new FakeSession('4', bob).request(['a']));
    const recording = ask(new FakeSession('5', bob).request(['a'], { purpose: 'recording' }));
    lease.end();
    for (const next of [recording, live, later, vod]) {
      await clock.tickAsync(100);
      expect(next.lease).to.not.equal(undefined);
      expect(
        [recording, live, later, vod].filter((one) => one.lease !== undefined && one.lease.state !== 'released'),
      ).to.have.length(1);
      next.lease?.end();
    }
  });

  it('gives a request no slot that somebody already waits for', async () => {
    pool.setAccounts([account('a', 1)]);
    const { lease } = await tune(new FakeSession('1', ann));
    const waiting = ask(new FakeSession('2', bob).request(['a']));
    lease.end();
    await clock.tickAsync(50);
    expect(pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.equal(null);
    expect(waiting.lease?.state).to.equal('granted');
  });

  describe('taking slots over', () => {
    it('asks an idle holder before it makes anyone wait (C5 2, 16)', async () => {
      pool.setAccounts([account('a', 1)]);
      const lingering = new FakeSession('1', ann);
      await tune(lingering);
      lingering.idle = true;
      const waiting = ask(new FakeSession('2', bob).request(['a']));
      expect(lingering.asked).to.deep.equal(['idle']);
      await clock.tickAsync(60);
      expect(waiting.lease?.state).to.equal('granted');
    });

    it("hands the viewer's own slot over on a zap, once the old socket has closed (C5 3)", async () => {
      pool.setAccounts([account('a', 1)]);
      const old = new FakeSession('1', ann);
      const { lease, socket } = await tune(old, ['a'], new FakeSocket(null));
      const next = ask(new FakeSession('2', ann).request(['a']));
      expect(old.asked).to.deep.equal(['taken-over']);
      expect(lease.state).to.equal('closing');
      await clock.tickAsync(1_000);
      expect(next.lease).to.equal(undefined);
      socket.close();
      await clock.tickAsync(50);
      expect(next.lease?.state).to.equal('granted');
      expect(events.filter((event) => event.kind === 'granted').at(-1)).to.include({ way: 'hand-over' });
    });

    it('asks the session the viewer opened last', async () => {
      pool.setAccounts([account('a', 2)]);
      const first = new FakeSession('1', ann);
      const second = new FakeSession('2', ann);
      await tune(first);
      await tune(second);
      ask(new FakeSession('3', ann).request(['a']));
      expect([first.asked, second.asked]).to.deep.equal([[], ['taken-over']]);
    });

    it('does not take a slot from other viewers, nor one that is shared', async () => {
      pool.setAccounts([account('a', 2)]);
      const other = new FakeSession('1', bob);
      const shared = new FakeSession('2', ann, bob);
      await tune(other);
      await tune(shared);
      ask(new FakeSession('3', ann).request(['a']));
      expect([...other.asked, ...shared.asked]).to.deep.equal([]);
    });

    it('never ends a recording for a zap (C5 23)', async () => {
      pool.setAccounts([account('a', 1)]);
      const recorder = new FakeSession('1', ann);
      recorder.lease = await pool.acquire(recorder.request(['a'], { purpose: 'recording' }));
      ask(new FakeSession('2', ann).request(['a']));
      expect(recorder.asked).to.deep.equal([]);
    });

    for (const purpose of ['pretune', 'probe'] as const) {
      it(`never ends what the viewer watches for a ${purpose}`, async () => {
        pool.setAccounts([account('a', 1)]);
        const watching = new FakeSession('1', ann);
        await tune(watching);
        ask(new FakeSession('2', ann).request(['a'], { purpose }));
        expect(watching.asked).to.deep.equal([]);
      });
    }

    it('never asks a session to yield to itself', async () => {
      pool.setAccounts([account('a', 1)]);
      const session = new FakeSession('1', ann);
      await tune(session);
      session.idle = true;
      ask(session.request(['a']));
      ask(new FakeSession('1', ann).request(['a']));
      expect(session.asked).to.deep.equal([]);
    });

    it('keeps a slot that is being handed over for the one it was asked for', async () => {
      pool.setAccounts([account('a', 1)]);
      const old = new FakeSession('1', ann);
      const { socket } = await tune(old, ['a'], new FakeSocket(null));
      const zap = ask(new FakeSession('2', ann).request(['a']));
      const thief = ask(new FakeSession('3', bob).request(['a'], { purpose: 'recording' }));
      socket.close();
      await clock.tickAsync(50);
      expect(zap.lease?.state).to.equal('granted');
      expect(thief.lease).to.equal(undefined);
    });

    it('asks only as many holders as there are waiters', async () => {
      pool.setAccounts([account('a', 3)]);
      const idle = ['1', '2', '3'].map((id) => new FakeSession(id, bob));
      for (const session of idle) await tune(session, ['a'], new FakeSocket(null));
      for (const session of idle) session.idle = true;
      ask(new FakeSession('4', ann).request(['a']));
      ask(new FakeSession('5', ann).request(['a']));
      await clock.tickAsync(600);
      expect(idle.flatMap((session) => session.asked)).to.deep.equal(['idle', 'idle']);
    });

    it('waits for a slot that is on its way instead of asking for another', async () => {
      pool.setAccounts([account('a', 2)]);
      const idle = new FakeSession('1', bob);
      await tune(idle);
      idle.idle = true;
      const { lease } = await tune(new FakeSession('2', bob));
      lease.end();
      const waiting = ask(new FakeSession('3', ann).request(['a']));
      await clock.tickAsync(60);
      expect(idle.asked).to.deep.equal([]);
      expect(waiting.lease?.state).to.equal('granted');
    });

    it('gives the slot to the next in line when the one it was asked for goes away', async () => {
      pool.setAccounts([account('a', 1)]);
      const { socket } = await tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      const leaving = new AbortController();
      const zap = ask(new FakeSession('2', ann).request(['a'], { signal: leaving.signal }));
      const next = ask(new FakeSession('3', bob).request(['a']));
      leaving.abort();
      socket.close();
      await clock.tickAsync(50);
      expect(zap.code).to.equal('CANCELLED');
      expect(next.lease?.state).to.equal('granted');
    });

    it('takes the slot from a holder that does not answer, after two seconds', async () => {
      pool.setAccounts([account('a', 1)]);
      const deaf = new FakeSession('1', ann);
      deaf.stubborn = true;
      await tune(deaf);
      const zap = ask(new FakeSession('2', ann).request(['a']));
      await clock.tickAsync(2_060);
      expect(zap.lease?.state).to.equal('granted');
      expect(kinds()).to.include('forced');
    });

    it('finds a holder that became idle while somebody waits', async () => {
      pool.setAccounts([account('a', 1)]);
      const session = new FakeSession('1', ann);
      await tune(session);
      const waiting = ask(new FakeSession('2', bob).request(['a']));
      expect(pool.hasWaiters(accountId('a'))).to.equal(true);
      session.idle = true;
      await clock.tickAsync(600);
      expect(waiting.lease?.state).to.equal('granted');
      expect(pool.hasWaiters(accountId('a'))).to.equal(false);
    });
  });

  describe('aborts', () => {
    it('removes a waiter at once (C5 8)', async () => {
      pool.setAccounts([account('a', 1)]);
      await tune(new FakeSession('1', ann));
      const gone = new AbortController();
      const waiting = ask(new FakeSession('2', bob).request(['a'], { signal: gone.signal }));
      gone.abort();
      expect(pool.waiting).to.equal(0);
      await clock.tickAsync(0);
      expect(waiting.code).to.equal('CANCELLED');
      expect(view().refusals.aborted).to.equal(1);
    });

    it('gives a grant back in the same turn when it meets an abort (C5 8)', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      const gone = new AbortController();
      const waiting = ask(new FakeSession('2', bob).request(['a'], { signal: gone.signal }));
      lease.end();
      socket.close();
      clock.tick(50);
      gone.abort();
      expect(view().leases).to.deep.equal([]);
      await clock.tickAsync(0);
      expect(waiting.lease?.state).to.equal('released');
    });

    it('refuses a request that is aborted already', async () => {
      pool.setAccounts([account('a', 1)]);
      const waiting = ask(new FakeSession('1', ann).request(['a'], { signal: AbortSignal.abort() }));
      await clock.tickAsync(0);
      expect(waiting.code).to.equal('CANCELLED');
      expect(view().leases).to.deep.equal([]);
    });
  });

  describe('the end of a lease', () => {
    it('comes at once when no socket was ever opened (C5 7)', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.end();
      expect(lease.state).to.equal('released');
    });

    it('comes only after the socket has closed and cooled (C5 9, 10)', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      lease.end();
      expect([lease.state, socket.destroyed]).to.deep.equal(['closing', true]);
      await clock.tickAsync(500);
      expect(lease.state).to.equal('closing');
      socket.close();
      expect(lease.state).to.equal('cooling');
      await clock.tickAsync(50);
      expect(lease.state).to.equal('released');
    });

    it('is forced two seconds after destroy when no close comes, and counted', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      lease.end();
      await clock.tickAsync(1_999);
      expect(lease.state).to.equal('closing');
      await clock.tickAsync(51);
      expect(lease.state).to.equal('released');
      expect(events.filter((event) => event.kind === 'forced')).to.deep.equal([
        { kind: 'forced', accountId: 'a', what: 'close' },
      ]);
    });

    it('may be asked for any number of times', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann));
      for (let i = 0; i < 3; i++) lease.end();
      await clock.tickAsync(60);
      lease.end();
      expect(events.filter((event) => event.kind === 'released')).to.have.length(1);
    });

    it('destroys a socket that comes late (C5 9)', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.connecting();
      lease.end();
      const late = new FakeSocket(null);
      lease.attach(late);
      expect(late.destroyed).to.equal(true);
      expect(pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.equal(null);
      late.close();
      expect(pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
    });

    it('resolves `released`', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann));
      let over = false;
      void lease.released.then(() => (over = true));
      lease.end();
      await clock.tickAsync(49);
      expect(over).to.equal(false);
      await clock.tickAsync(2);
      expect(over).to.equal(true);
    });
  });

  describe('a lease', () => {
    it('holds one socket at a time', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann));
      const second = new FakeSocket();
      expect(() => lease.attach(second)).to.throw(CoaxError);
      expect(second.destroyed).to.equal(true);
      expect(() => lease.connecting()).to.throw(CoaxError);
    });

    it('lives on for the next socket when one is closed (C5 4)', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
      let closed = false;
      void lease.closeSocket().then(() => (closed = true));
      expect(lease.state).to.equal('closing');
      await clock.tickAsync(10);
      expect(closed).to.equal(false);
      socket.close();
      await clock.tickAsync(0);
      expect([closed, lease.state]).to.deep.equal([true, 'granted']);
      lease.connecting();
      lease.attach(new FakeSocket());
      expect(lease.state).to.equal('open');
    });

    it('goes back to granted when the provider ends the stream', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease, socket } = await tune(new FakeSession('1', ann));
      socket.close();
      expect(lease.state).to.equal('granted');
    });

    it('refuses to connect after its end', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.end();
      expect(() => lease.connecting())
        .to.throw(CoaxError)
        .with.property('code', 'CANCELLED');
    });
  });

  describe('cooling (C5 19)', () => {
    it('does not slow an account that has room', async () => {
      pool.setAccounts([account('a', 2)]);
      const { lease } = await tune(new FakeSession('1', ann));
      lease.end();
      await clock.tickAsync(0);
      expect(view().cooling).to.equal(1);
      expect(pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.not.equal(null);
    });

    it('does not hold a slot of an unlimited account', async () => {
      pool.setAccounts([account('a', null)]);
      const { lease } = await tune(new FakeSession('1', ann));
      lease.end();
      await clock.tickAsync(0);
      expect(lease.state).to.equal('released');
    });

    /** Zaps between two channels at a provider that counts a closed connection for `lingerMs`. Returns the refusals of each zap. */
    async function zaps(lingerMs: number, times: number, outcome: 'refused' | 'doubtful' = 'refused') {
      const refusals: number[] = [];
      let last = (await tune(new FakeSession('0', ann))).lease;
      for (let i = 1; i <= times; i++) {
        await clock.tickAsync(60_000);
        const session = new FakeSession(`${i}`, ann);
        last.end();
        const closedAt = performance.now();
        const next = ask(session.request(['a'], { deadlineMs: 60_000 }));
        while (next.lease === undefined) await clock.tickAsync(25);
        let count = 0;
        for (;;) {
          next.lease.connecting();
          next.lease.attach(new FakeSocket());
          if (performance.now() - closedAt >= lingerMs) break;
          count += 1;
          const waitMs = next.lease.report(outcome);
          if (waitMs === null) return [...refusals, Number.NaN];
          await Promise.all([next.lease.closeSocket(), clock.tickAsync(waitMs)]);
        }
        next.lease.report('accepted');
        refusals.push(count);
        last = next.lease;
      }
      last.end();
      await clock.tickAsync(60_000);
      return refusals;
    }

    for (const [lingerMs, most] of [
      [100, 1],
      [2_000, 4],
      [20_000, 8],
    ] as const) {
      it(`learns a provider that counts a closed connection for ${lingerMs} ms`, async () => {
        pool.setAccounts([account('a', 1)]);
        const [first, ...later] = await zaps(lingerMs, 12);
        expect(first).to.be.within(1, most);
        // One more while it looks for the shortest time that works.
        expect(later.reduce((sum, count) => sum + count, 0)).to.be.at.most(1);
        expect(view().coolingMs).to.be.within(lingerMs, lingerMs * 2.5);
      });
    }

    it('learns from doubtful answers too, while they come soon after a close', async () => {
      pool.setAccounts([account('a', 1)]);
      expect((await zaps(3_000, 3, 'doubtful')).slice(1)).to.deep.equal([0, 0]);
    });

    it('gives doubtful answers up after a while, and forgets what they taught', async () => {
      pool.setAccounts([account('a', 1)]);
      expect(await zaps(60_000, 1, 'doubtful')).to.deep.equal([Number.NaN]);
      expect(view().coolingMs).to.equal(50);
    });

    it('learns nothing from a 403 that no close of ours explains', async () => {
      pool.setAccounts([account('a', 3)]);
      (await tune(new FakeSession('1', ann))).lease.end();
      await clock.tickAsync(500);
      const { lease } = await tune(new FakeSession('2', ann));
      expect(lease.report('doubtful')).to.equal(null);
      expect(view().coolingMs).to.equal(50);
    });

    it('forgets slowly when the provider lets go sooner', async () => {
      pool.setAccounts([account('a', 1)]);
      await zaps(1_000, 2);
      const before = view().coolingMs;
      await clock.tickAsync(2 * 3_600_000);
      await zaps(0, 100);
      expect(view().coolingMs).to.be.lessThan(before / 5);
    });

    it('does not count the socket of a redirect', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.connecting();
      lease.attach(new FakeSocket());
      await Promise.all([lease.closeSocket(false), clock.tickAsync(0)]);
      expect(lease.reopenDelayMs).to.equal(0);
      lease.end();
      expect(lease.state).to.equal('released');
    });

    it('does not count a refused socket that has closed by itself', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.connecting();
      const socket = new FakeSocket();
      lease.attach(socket);
      socket.close();
      lease.report('doubtful');
      lease.end();
      expect(lease.state).to.equal('released');
    });

    it('does not count a socket that carried an error page, and learns nothing from its close', async () => {
      pool.setAccounts([account('a', 1)]);
      const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
      lease.connecting();
      lease.attach(new FakeSocket());
      lease.noStream?.();
      await Promise.all([lease.closeSocket(), clock.tickAsync(0)]);
      lease.connecting();
      lease.attach(new FakeSocket());
      expect(lease.report('doubtful')).to.equal(null);
      lease.end();
      await clock.tickAsync(0);
      expect(lease.state).to.equal('released');
    });

    it('tells how long a reconnect on the same lease has to wait', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann));
      await Promise.all([lease.closeSocket(), clock.tickAsync(20)]);
      expect(lease.reopenDelayMs).to.equal(30);
      await clock.tickAsync(30);
      expect(lease.reopenDelayMs).to.equal(0);
    });

    it('is not moved by a jump of the wall clock (C5 25)', async () => {
      pool.setAccounts([account('a', 1)]);
      const { lease } = await tune(new FakeSession('1', ann));
      lease.end();
      await clock.tickAsync(0);
      clock.setSystemTime(Date.now() + 86_400_000);
      expect(lease.state).to.equal('cooling');
      await clock.tickAsync(50);
      expect(lease.state).to.equal('released');
    });
  });

  describe('use by others (C5 26)', () => {
    it('takes connections of other programs off the limit', () => {
      pool.setAccounts([account('a', 2)]);
      pool.noteActiveConnections(accountId('a'), 1);
      expect(view().external).to.equal(1);
      expect(pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
      expect(pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.equal(null);
    });

    it('does not take our own connections for those of others', async () => {
      pool.setAccounts([account('a', 2)]);
      const { lease } = await tune(new FakeSession('1', ann));
      const asked = performance.now();
      lease.end();
      await clock.tickAsync(200);
      pool.noteActiveConnections(accountId('a'), 1, asked);
      expect(view().external).to.equal(0);
    });

    it('lets an attempt through after a while, and believes it when it works', async () => {
      pool.setAccounts([account('a', 1)]);
      pool.noteActiveConnections(accountId('a'), 1);
      const waiting = ask(new FakeSession('1', ann).request(['a']));
      await clock.tickAsync(9_000);
      expect(waiting.lease).to.equal(undefined);
      await clock.tickAsync(1_500);
      expect(waiting.lease?.state).to.equal('granted');
      waiting.lease?.report('accepted');
      expect(view().external).to.equal(0);
    });

    it('lets one attempt at a time through', async () => {
      pool.setAccounts([account('a', 3)]);
      pool.noteActiveConnections(accountId('a'), 3);
      const waiting = ['1', '2', '3'].map((id) => ask(new FakeSession(id, ann).request(['a'], { deadlineMs: 60_000 })));
      await clock.tickAsync(11_000);
      expect(waiting.filter((one) => one.lease !== undefined)).to.have.length(1);
    });

    it('takes repeated refusals that no close of ours explains for use by others', async () => {
      pool.setAccounts([account('a', 2)]);
      const { lease } = await tune(new FakeSession('1', ann));
      expect(lease.report('refused')).to.equal(1_000);
      expect(lease.report('refused')).to.equal(null);
      expect(view().external).to.equal(2);
    });

    it('still hands a slot over to the same viewer', async () => {
      pool.setAccounts([account('a', 1)]);
      await tune(new FakeSession('1', ann));
      pool.noteActiveConnections(accountId('a'), 3);
      const zap = ask(new FakeSession('2', ann).request(['a']));
      await clock.tickAsync(60);
      expect(zap.lease?.state).to.equal('granted');
    });

    it('is forgotten when nobody reports it any more', async () => {
      pool.setAccounts([account('a', 5)]);
      pool.noteActiveConnections(accountId('a'), 2);
      await clock.tickAsync(300_000);
      expect(view().external).to.equal(0);
    });
  });

  describe('changes of accounts (C5 20)', () => {
    it('lets leases go on beyond a lowered limit, says so, and grants nothing new', async () => {
      pool.setAccounts([account('a', 2)]);
      const first = await tune(new FakeSession('1', ann));
      const second = await tune(new FakeSession('2', bob));
      pool.setAccounts([account('a', 1)]);
      expect([first.lease.state, second.lease.state, view().overLimit]).to.deep.equal(['open', 'open', true]);
      first.lease.end();
      await clock.tickAsync(60);
      expect(pool.tryAcquire(new FakeSession('3', ann).request(['a']))).to.equal(null);
      expect(view().overLimit).to.equal(false);
    });

    it('serves waiters at once when the limit is raised', async () => {
      pool.setAccounts([account('a', 1)]);
      await tune(new FakeSession('1', ann));
      const waiting = ask(new FakeSession('2', bob).request(['a']));
      pool.setAccounts([account('a', 2)]);
      await clock.tickAsync(0);
      expect(waiting.lease?.state).to.equal('granted');
    });

    it('asks holders on a removed account to stop, shows them until they have, and refuses who waits for it', async () => {
      pool.setAccounts([account('a', 1)]);
      const session = new FakeSession('1', ann);
      await tune(session, ['a'], new FakeSocket(null));
      const waiting = ask(new FakeSession('2', bob).request(['a']));
      pool.setAccounts([]);
      expect(session.asked).to.deep.equal(['stopped']);
      expect(view()).to.include({ removed: true });
      await clock.tickAsync(0);
      expect(waiting.code).to.equal('NO_CAPACITY');
      await clock.tickAsync(2_100);
      expect(pool.snapshot()).to.deep.equal([]);
    });

    it('counts leases on the login they were opened with when the login of an account changes', async () => {
      pool.setAccounts([account('a', 1, 'old')]);
      const session = new FakeSession('1', ann);
      await tune(session);
      pool.setAccounts([account('a', 1, 'new'), account('b', 1, 'old')]);
      expect(session.asked).to.deep.equal([]);
      expect(view().leases).to.have.length(1);
      expect(pool.tryAcquire(new FakeSession('2', bob).request(['b']))).to.equal(null);
      expect(pool.tryAcquire(new FakeSession('3', bob).request(['a']))).to.not.equal(null);
    });
  });

  it('moves a session from one account to another with both counted until the first has closed (C5 22)', async () => {
    pool.setAccounts([account('a', 1), account('b', 1)]);
    const session = new FakeSession('1', ann);
    const first = await tune(session, ['a'], new FakeSocket(null));
    const second = await pool.acquire(session.request(['b']));
    first.lease.end();
    expect([view('a').leases.length, view('b').leases.length]).to.deep.equal([1, 1]);
    first.socket.close();
    await clock.tickAsync(50);
    expect([view('a').leases.length, view('b').leases.length]).to.deep.equal([0, 1]);
    expect(second.state).to.equal('granted');
  });

  it('gives the last slot to exactly one of many who ask in the same turn (C5 28)', async () => {
    pool.setAccounts([account('a', 1)]);
    const asked = Array.from({ length: 20 }, (_, i) => ask(new FakeSession(`s${i}`, viewer(`v${i}`)).request(['a'])));
    await clock.tickAsync(0);
    expect(asked.filter((one) => one.lease !== undefined)).to.have.length(1);
    await clock.tickAsync(12_000);
    expect(asked.filter((one) => one.code === 'NO_CAPACITY')).to.have.length(19);
  });

  it('shows what it holds in words for people', async () => {
    pool.setAccounts([account('a', 2)]);
    const { lease } = await tune(new FakeSession('1', ann));
    expect(view().leases).to.deep.equal([
      { id: lease.id, state: 'open', purpose: 'live', viewer: 'ann', since: lease.since },
    ]);
  });

  it('stops: asks holders, refuses waiters and later requests, and is over when all sockets have closed (C5 24)', async () => {
    pool.setAccounts([account('a', 1)]);
    const session = new FakeSession('1', ann);
    await tune(session, ['a'], new FakeSocket(300));
    const waiting = ask(new FakeSession('2', bob).request(['a']));
    const stopped = pool.stop();
    await clock.tickAsync(300);
    await stopped;
    expect(session.asked).to.deep.equal(['stopped']);
    expect(waiting.code).to.equal('SHUTTING_DOWN');
    expect(pool.leases()).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
    const late = ask(new FakeSession('3', ann).request(['a']));
    await clock.tickAsync(0);
    expect(late.code).to.equal('SHUTTING_DOWN');
  });
});
