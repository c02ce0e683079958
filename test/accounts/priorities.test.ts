import { expect } from 'chai';
import type { LeasePurpose } from '../../src/accounts/lease.ts';
import { account, FakeSession, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

/** A session whose purpose changes while it holds its lease, as that of a relay does. */
class ChangingSession extends FakeSession {
  now: LeasePurpose = 'live';
  purpose(): LeasePurpose {
    return this.now;
  }
}

describe('priorities', () => {
  const stage = stagePool();

  /** A session that holds the only connection for this. */
  async function holding(purpose: LeasePurpose, who = ann, idle = false): Promise<FakeSession> {
    const session = new FakeSession(`holder-${purpose}`, who);
    session.lease = await stage.pool.acquire(session.request(['a'], { purpose }));
    session.idle = idle;
    return session;
  }

  const rows: readonly (readonly [asks: LeasePurpose, holds: LeasePurpose, idle: boolean, takes: boolean])[] = [
    ['recording', 'recording', false, false],
    ['recording', 'recording', true, false],
    ['recording', 'live', false, false],
    ['recording', 'live', true, true],
    ['recording', 'vod', false, false],
    ['recording', 'catchup', true, true],
    ['recording', 'probe', false, true],
    ['live', 'recording', false, false],
    ['live', 'recording', true, false],
    ['live', 'live', false, false],
    ['live', 'live', true, true],
    ['live', 'catchup', false, false],
    ['live', 'catchup', true, true],
    ['live', 'probe', false, true],
    ['vod', 'live', false, false],
    ['vod', 'live', true, true],
    ['vod', 'probe', false, true],
    ['catchup', 'vod', false, false],
    ['catchup', 'probe', false, true],
    ['probe', 'probe', false, false],
    ['probe', 'live', false, false],
    ['probe', 'live', true, true],
  ];
  for (const [asks, holds, idle, takes] of rows)
    it(`a ${asks} ${takes ? 'takes' : 'does not take'} the slot of a ${idle ? 'idle ' : ''}${holds} of somebody else`, async () => {
      stage.pool.setAccounts([account('a', 1)]);
      const holder = await holding(holds, ann, idle);
      const asked = stage.ask(new FakeSession('asks', bob).request(['a'], { purpose: asks }));
      await stage.clock.tickAsync(100);
      expect(holder.asked.length > 0).to.equal(takes);
      expect(asked.lease !== undefined).to.equal(takes);
    });

  it('what was opened ahead gives way to everybody but a probe', async () => {
    for (const asks of ['recording', 'live', 'vod', 'catchup'] as const) {
      stage.pool.setAccounts([account('a', 2)]);
      const ahead = new FakeSession(`ahead-${asks}`, ann);
      ahead.idle = true;
      ahead.lease = await stage.pool.acquire(ahead.request(['a'], { purpose: 'pretune' }));
      stage.pool.setAccounts([account('a', 1)]);
      const probe = stage.ask(
        new FakeSession(`probe-${asks}`, bob).request(['a'], { purpose: 'probe', deadlineMs: 10 }),
      );
      await stage.clock.tickAsync(20);
      expect([ahead.asked, probe.code]).to.deep.equal([[], 'NO_CAPACITY']);
      const asked = stage.ask(new FakeSession(`asks-${asks}`, bob).request(['a'], { purpose: asks }));
      await stage.clock.tickAsync(100);
      expect(ahead.asked).to.deep.equal(['idle']);
      asked.lease?.end();
    }
  });

  it('serves who waits by importance, then by age', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const holder = await holding('recording');
    const order: string[] = [];
    for (const [n, purpose] of (['probe', 'catchup', 'vod', 'live', 'recording', 'live', 'probe'] as const).entries()) {
      const session = new FakeSession(`w${n}`, viewer(`v${n}`));
      void stage.pool.acquire(session.request(['a'], { purpose })).then((lease) => {
        order.push(`${purpose} ${n}`);
        lease.end();
      });
    }
    holder.lease?.end();
    await stage.clock.tickAsync(1_000);
    // A film and catch-up are equals.
    expect(order).to.deep.equal(['recording 4', 'live 3', 'live 5', 'catchup 1', 'vod 2', 'probe 0', 'probe 6']);
  });

  it('a stream that a recording joins while it waits or runs is a recording from then on', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const holder = new ChangingSession('changes', ann);
    holder.lease = await stage.pool.acquire(holder.request(['a']));
    expect(holder.lease.purpose).to.equal('live');
    const first = stage.ask(new FakeSession('first', bob).request(['a']));
    const second = new ChangingSession('second', viewer('cat'));
    const joined = stage.ask(second.request(['a']));
    second.now = 'recording';
    holder.now = 'recording';
    holder.idle = true;
    await stage.clock.tickAsync(1_000);
    expect(holder.asked, 'never a recording').to.deep.equal([]);
    expect(stage.view().leases[0]?.purpose).to.equal('recording');
    holder.now = 'live';
    await stage.clock.tickAsync(1_000);
    expect([joined.lease?.purpose, first.lease]).to.deep.equal(['recording', undefined]);
  });

  it('a recording does not take the channel its own device watches: it is not the next channel of somebody', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const watching = await holding('live', ann);
    stage.ask(new FakeSession('records', ann).request(['a'], { purpose: 'recording', zaps: true }));
    expect(watching.asked).to.deep.equal([]);
  });

  it('two recordings of one device that wait do not replace each other', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const busy = await holding('recording', bob);
    const asks = ['r1', 'r2'].map((name) =>
      stage.ask(new FakeSession(name, ann).request(['a'], { purpose: 'recording', zaps: true })),
    );
    expect(asks.map(({ code }) => code)).to.deep.equal([undefined, undefined]);
    busy.lease?.end();
    await stage.clock.tickAsync(100);
    expect(asks[0]?.lease?.state).to.equal('granted');
  });
});

describe('recordings that may take the connection of a viewer', () => {
  const stage = stagePool({ recordingsPreempt: () => true });

  it('take that of the least important, then of the last to come, and say what for', async () => {
    stage.pool.setAccounts([account('a', 4)]);
    const sessions: FakeSession[] = [];
    for (const [n, purpose] of (['recording', 'live', 'live', 'catchup'] as const).entries()) {
      const session = new FakeSession(`s${n}`, viewer(`v${n}`));
      session.lease = await stage.pool.acquire(session.request(['a'], { purpose }));
      sessions.push(session);
    }
    for (let n = 0; n < 4; n++) {
      stage.ask(new FakeSession(`r${n}`, viewer(`r${n}`)).request(['a'], { purpose: 'recording' }));
      await stage.clock.tickAsync(100);
    }
    expect(sessions.map(({ by }) => by)).to.deep.equal([[], ['recording'], ['recording'], ['recording']]);
    const order = sessions.map(({ askedAt }) => askedAt);
    expect(order[3]).to.be.below(order[2]!);
    expect(order[2]).to.be.below(order[1]!);
  });

  it('ask nobody who watches while an idle holder is there', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const watching = new FakeSession('w', ann);
    watching.lease = await stage.pool.acquire(watching.request(['a']));
    const idle = new FakeSession('i', bob);
    idle.lease = await stage.pool.acquire(idle.request(['a']));
    idle.idle = true;
    stage.ask(new FakeSession('r', viewer('r')).request(['a'], { purpose: 'recording' }));
    expect([watching.asked, idle.asked]).to.deep.equal([[], ['idle']]);
  });
});

describe('what is opened ahead', () => {
  const stage = stagePool({ spare: () => 2 });
  const ahead = (name: string) => stage.ask(new FakeSession(name, viewer(name)).request(['a'], { purpose: 'pretune' }));

  it('never waits, and leaves as many connections free as it is told, those that others use counted', async () => {
    stage.pool.setAccounts([account('a', 5)]);
    stage.pool.noteActiveConnections('a' as never, 1);
    const asked = [ahead('p1'), ahead('p2'), ahead('p3')];
    await stage.clock.tickAsync(0);
    expect(asked.map(({ code, lease }) => code ?? lease?.state)).to.deep.equal(['granted', 'granted', 'NO_CAPACITY']);
    expect(stage.pool.hasSpare(['a' as never])).to.equal(false);
  });

  it('gets nothing of a login for which somebody waits', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const holder = new FakeSession('h', ann);
    holder.lease = await stage.pool.acquire(holder.request(['a']));
    stage.ask(new FakeSession('w', bob).request(['a']));
    stage.pool.noteActiveConnections('a' as never, 0);
    const asked = ahead('p');
    await stage.clock.tickAsync(0);
    expect(asked.code).to.equal('NO_CAPACITY');
  });
});
