import { expect } from 'chai';
import { account, accountId, FakeSession, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

describe('use by others (C5 26)', () => {
  const stage = stagePool();

  it('takes connections of other programs off the limit', () => {
    stage.pool.setAccounts([account('a', 2)]);
    stage.pool.noteActiveConnections(accountId('a'), 1);
    expect(stage.view().external).to.equal(1);
    expect(stage.pool.tryAcquire(new FakeSession('1', ann).request(['a']))).to.not.equal(null);
    expect(stage.pool.tryAcquire(new FakeSession('2', bob).request(['a']))).to.equal(null);
  });

  it('does not take our own connections for those of others', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    const asked = performance.now();
    lease.end();
    await stage.clock.tickAsync(200);
    stage.pool.noteActiveConnections(accountId('a'), 1, asked);
    expect(stage.view().external).to.equal(0);
  });

  it('lets an attempt through after a while, and believes it when it works', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    stage.pool.noteActiveConnections(accountId('a'), 1);
    const waiting = stage.ask(new FakeSession('1', ann).request(['a']));
    await stage.clock.tickAsync(9_000);
    expect(waiting.lease).to.equal(undefined);
    await stage.clock.tickAsync(1_500);
    expect(waiting.lease?.state).to.equal('granted');
    waiting.lease?.report('accepted');
    expect(stage.view().external).to.equal(0);
  });

  it('lets one attempt at a time through', async () => {
    stage.pool.setAccounts([account('a', 3)]);
    stage.pool.noteActiveConnections(accountId('a'), 3);
    const waiting = ['1', '2', '3'].map((id) =>
      stage.ask(new FakeSession(id, ann).request(['a'], { deadlineMs: 60_000 })),
    );
    await stage.clock.tickAsync(11_000);
    expect(waiting.filter((one) => one.lease !== undefined)).to.have.length(1);
  });

  it('takes repeated refusals that no close of ours explains for use by others', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const { lease } = await stage.tune(new FakeSession('1', ann));
    expect(lease.report('refused')).to.equal(1_000);
    expect(lease.report('refused')).to.equal(null);
    expect(stage.view().external).to.equal(2);
  });

  it('still hands a slot over to the same viewer', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    await stage.tune(new FakeSession('1', ann));
    stage.pool.noteActiveConnections(accountId('a'), 3);
    const zap = stage.ask(new FakeSession('2', ann).request(['a']));
    await stage.clock.tickAsync(60);
    expect(zap.lease?.state).to.equal('granted');
  });

  it('is forgotten when nobody reports it any more', async () => {
    stage.pool.setAccounts([account('a', 5)]);
    stage.pool.noteActiveConnections(accountId('a'), 2);
    await stage.clock.tickAsync(300_000);
    expect(stage.view().external).to.equal(0);
  });
});
