import { expect } from 'chai';
import { account, accountId, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('taking slots over', () => {
  const stage = stagePool();

  it('asks an idle holder before it makes anyone wait (C5 2, 16)', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const lingering = new FakeSession('1', ann);
    await stage.tune(lingering);
    lingering.idle = true;
    const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
    expect(lingering.asked).to.deep.equal(['idle']);
    await stage.clock.tickAsync(60);
    expect(waiting.lease?.state).to.equal('granted');
  });

  it("hands the viewer's own slot over on a zap, once the old socket has closed (C5 3)", async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const old = new FakeSession('1', ann);
    const { lease, socket } = await stage.tune(old, ['a'], new FakeSocket(null));
    const next = stage.ask(new FakeSession('2', ann).request(['a']));
    expect(old.asked).to.deep.equal(['taken-over']);
    expect(lease.state).to.equal('closing');
    await stage.clock.tickAsync(1_000);
    expect(next.lease).to.equal(undefined);
    socket.close();
    await stage.clock.tickAsync(50);
    expect(next.lease?.state).to.equal('granted');
    expect(stage.events.filter((event) => event.kind === 'granted').at(-1)).to.include({ way: 'hand-over' });
  });

  it('asks the session the viewer opened last', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const first = new FakeSession('1', ann);
    const second = new FakeSession('2', ann);
    await stage.tune(first);
    await stage.tune(second);
    stage.ask(new FakeSession('3', ann).request(['a']));
    expect([first.asked, second.asked]).to.deep.equal([[], ['taken-over']]);
  });

  it('does not take a slot from other viewers, nor one that is shared', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const other = new FakeSession('1', bob);
    const shared = new FakeSession('2', ann, bob);
    await stage.tune(other);
    await stage.tune(shared);
    stage.ask(new FakeSession('3', ann).request(['a']));
    expect([...other.asked, ...shared.asked]).to.deep.equal([]);
  });

  it('never ends a recording for a zap (C5 23)', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const recorder = new FakeSession('1', ann);
    recorder.lease = await stage.pool.acquire(recorder.request(['a'], { purpose: 'recording' }));
    stage.ask(new FakeSession('2', ann).request(['a']));
    expect(recorder.asked).to.deep.equal([]);
  });

  for (const purpose of ['pretune', 'probe'] as const) {
    it(`never ends what the viewer watches for a ${purpose}`, async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const watching = new FakeSession('1', ann);
      await stage.tune(watching);
      stage.ask(new FakeSession('2', ann).request(['a'], { purpose }));
      expect(watching.asked).to.deep.equal([]);
    });
  }

  it('never asks a session to yield to itself', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const session = new FakeSession('1', ann);
    await stage.tune(session);
    session.idle = true;
    stage.ask(session.request(['a']));
    stage.ask(new FakeSession('1', ann).request(['a']));
    expect(session.asked).to.deep.equal([]);
  });

  it('keeps a slot that is being handed over for the one it was asked for', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const old = new FakeSession('1', ann);
    const { socket } = await stage.tune(old, ['a'], new FakeSocket(null));
    const zap = stage.ask(new FakeSession('2', ann).request(['a']));
    const thief = stage.ask(new FakeSession('3', bob).request(['a'], { purpose: 'recording' }));
    socket.close();
    await stage.clock.tickAsync(50);
    expect(zap.lease?.state).to.equal('granted');
    expect(thief.lease).to.equal(undefined);
  });

  it('asks only as many holders as there are waiters', async () => {
    stage.pool.setAccounts([account('a', 3)]);
    const idle = ['1', '2', '3'].map((id) => new FakeSession(id, bob));
    for (const session of idle) await stage.tune(session, ['a'], new FakeSocket(null));
    for (const session of idle) session.idle = true;
    stage.ask(new FakeSession('4', ann).request(['a']));
    stage.ask(new FakeSession('5', ann).request(['a']));
    await stage.clock.tickAsync(600);
    expect(idle.flatMap((session) => session.asked)).to.deep.equal(['idle', 'idle']);
  });

  it('waits for a slot that is on its way instead of asking for another', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const idle = new FakeSession('1', bob);
    await stage.tune(idle);
    idle.idle = true;
    const { lease } = await stage.tune(new FakeSession('2', bob));
    lease.end();
    const waiting = stage.ask(new FakeSession('3', ann).request(['a']));
    await stage.clock.tickAsync(60);
    expect(idle.asked).to.deep.equal([]);
    expect(waiting.lease?.state).to.equal('granted');
  });

  it('gives the slot to the next in line when the one it was asked for goes away', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const { socket } = await stage.tune(new FakeSession('1', ann), ['a'], new FakeSocket(null));
    const leaving = new AbortController();
    const zap = stage.ask(new FakeSession('2', ann).request(['a'], { signal: leaving.signal }));
    const next = stage.ask(new FakeSession('3', bob).request(['a']));
    leaving.abort();
    socket.close();
    await stage.clock.tickAsync(50);
    expect(zap.code).to.equal('CANCELLED');
    expect(next.lease?.state).to.equal('granted');
  });

  it('takes the slot from a holder that does not answer, after two seconds', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const deaf = new FakeSession('1', ann);
    deaf.stubborn = true;
    await stage.tune(deaf);
    const zap = stage.ask(new FakeSession('2', ann).request(['a']));
    await stage.clock.tickAsync(2_060);
    expect(zap.lease?.state).to.equal('granted');
    expect(stage.kinds()).to.include('forced');
  });

  it('finds a holder that became idle while somebody waits', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const session = new FakeSession('1', ann);
    await stage.tune(session);
    const waiting = stage.ask(new FakeSession('2', bob).request(['a']));
    expect(stage.pool.hasWaiters(accountId('a'))).to.equal(true);
    session.idle = true;
    await stage.clock.tickAsync(600);
    expect(waiting.lease?.state).to.equal('granted');
    expect(stage.pool.hasWaiters(accountId('a'))).to.equal(false);
  });
});
