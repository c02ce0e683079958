import { expect } from 'chai';
import type { Lease, LeaseParty } from '../../src/accounts/lease.ts';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import type { CoaxError } from '../../src/errors.ts';
import type { Viewer } from '../../src/model/viewer.ts';
import { account, accountId, FakeSession, FakeSocket, viewer } from './fake-session.ts';
import { stagePool } from './pool-stage.ts';

const ann = viewer('ann');
const bob = viewer('bob');

/** Viewers who wait for one lease; whoever came more than `waitMs` ago is turned away. */
class Party implements LeaseParty {
  readonly waiting: { readonly viewer: Viewer; readonly since: number }[] = [];
  readonly turnedAway: { readonly viewer: Viewer; readonly error: CoaxError }[] = [];

  join(who: Viewer): void {
    this.waiting.push({ viewer: who, since: performance.now() });
  }

  leave(who: Viewer): void {
    this.waiting.splice(
      this.waiting.findIndex((one) => one.viewer === who),
      1,
    );
  }

  viewers(): readonly Viewer[] {
    return this.waiting.map((one) => one.viewer);
  }

  expire(waitMs: number, error: CoaxError): number {
    const now = performance.now();
    const left = this.waiting.filter(({ since }) => since + waitMs > now);
    if (left.length === 0) return 0;
    for (const one of this.waiting.splice(0, this.waiting.length, ...left))
      if (!left.includes(one)) this.turnedAway.push({ viewer: one.viewer, error });
    return Math.min(...left.map(({ since }) => since + waitMs - now));
  }
}

describe('viewers who wait together', () => {
  const stage = stagePool();

  async function bobWaits() {
    stage.pool.setAccounts([account('a', 1)]);
    const playing = new FakeSession('1', ann);
    await stage.tune(playing);
    const party = new Party();
    party.join(bob);
    const relay = new FakeSession('2', bob);
    const waiting = stage.ask(relay.request(['a'], { party }));
    await stage.clock.tickAsync(500);
    expect(playing.asked).to.deep.equal([]);
    return { playing, party, relay, waiting };
  }

  it("get the slot of one who joins later, also when the first has given up: that one's stream gives way", async () => {
    const { playing, party, relay, waiting } = await bobWaits();
    party.join(ann);
    stage.pool.retry(relay);
    expect(playing.asked).to.deep.equal(['taken-over']);
    party.leave(bob);
    await stage.clock.tickAsync(60);
    expect(waiting.lease?.viewer).to.equal(ann);
  });

  it('are found at the next look when nobody tells that somebody has joined', async () => {
    const { playing, party } = await bobWaits();
    party.join(ann);
    await stage.clock.tickAsync(600);
    expect(playing.asked).to.deep.equal(['taken-over']);
  });

  it('have a deadline each', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    await stage.tune(new FakeSession('1', ann));
    const party = new Party();
    party.join(bob);
    const waiting = stage.ask(new FakeSession('2', bob).request(['a'], { party }));
    await stage.clock.tickAsync(10_500);
    const cid = viewer('cid');
    party.join(cid);
    await stage.clock.tickAsync(1_500);
    expect(party.turnedAway.map((one) => [one.viewer, one.error.code])).to.deep.equal([[bob, 'NO_CAPACITY']]);
    expect(party.turnedAway[0]?.error.retryAfterMs).to.be.within(1_000, 5_000);
    await stage.clock.tickAsync(10_499);
    expect(waiting).to.deep.equal({});
    await stage.clock.tickAsync(1);
    expect(waiting.code).to.equal('NO_CAPACITY');
    expect(stage.pool.waiting).to.equal(0);
  });
});

describe('a viewer who zaps on', () => {
  const stage = stagePool();

  it('does not wait any more for the channels in between: only the newest request is served', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const playing = new FakeSession('0', ann);
    await stage.tune(playing, ['a'], new FakeSocket(200));
    const zaps: ReturnType<typeof stage.ask>[] = [];
    for (let i = 1; i <= 18; i++) {
      zaps.push(stage.ask(new FakeSession(`${i}`, ann).request(['a'], { zaps: true })));
      await stage.clock.tickAsync(10);
    }
    expect(zaps.slice(0, -1).map(({ code }) => code)).to.deep.equal(Array(17).fill('TAKEN_OVER'));
    await stage.clock.tickAsync(200);
    expect(zaps.at(-1)?.lease?.state).to.equal('granted');
    expect(playing.asked).to.deep.equal(['taken-over']);
    expect(stage.events.filter(({ kind }) => kind === 'granted')).to.have.length(2);
  });

  it('does not drop what others wait for with them, what they record, or what another account could serve', async () => {
    stage.pool.setAccounts([account('a', 1), account('b', 1)]);
    await stage.tune(new FakeSession('0', viewer('cid')), ['a']);
    await stage.tune(new FakeSession('0b', viewer('dan')), ['b']);
    const party = new Party();
    party.join(ann);
    party.join(bob);
    const kept = [
      stage.ask(new FakeSession('1', ann).request(['a'], { zaps: true, party })),
      stage.ask(new FakeSession('2', ann).request(['a'], { purpose: 'recording' })),
      stage.ask(new FakeSession('3', ann).request(['a'])),
      stage.ask(new FakeSession('4', ann).request(['b'], { zaps: true })),
      stage.ask(new FakeSession('5', bob).request(['a'], { zaps: true })),
    ];
    stage.ask(new FakeSession('6', ann).request(['a'], { zaps: true }));
    await stage.clock.tickAsync(0);
    expect(kept.map(({ code }) => code)).to.deep.equal(Array(5).fill(undefined));
  });

  it('keeps what they wait for when the next channel has a free slot', async () => {
    stage.pool.setAccounts([account('a', 1), account('b', 1)]);
    await stage.tune(new FakeSession('0', bob), ['a']);
    const waiting = stage.ask(new FakeSession('1', ann).request(['a'], { zaps: true }));
    const free = stage.ask(new FakeSession('2', ann).request(['a', 'b'], { zaps: true }));
    await stage.clock.tickAsync(0);
    expect([waiting.code, free.lease?.accountId]).to.deep.equal([undefined, 'b']);
  });

  it('gives up several of their own streams after the limit was lowered, and none where that makes no room', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const own = [new FakeSession('1', ann), new FakeSession('2', ann)];
    for (const session of own) await stage.tune(session);
    stage.pool.setAccounts([account('a', 1)]);
    const zap = stage.ask(new FakeSession('3', ann).request(['a']));
    await stage.clock.tickAsync(60);
    expect(own.map(({ asked }) => asked)).to.deep.equal([['taken-over'], ['taken-over']]);
    expect(zap.lease?.state).to.equal('granted');
    stage.pool.setAccounts([account('a', 2)]);
    const other = await stage.tune(new FakeSession('4', bob));
    stage.pool.setAccounts([account('a', 1)]);
    const mine = zap.lease;
    stage.ask(new FakeSession('5', ann).request(['a'], { deadlineMs: 1_000 }));
    await stage.clock.tickAsync(2_000);
    expect([mine?.state, other.lease.state]).to.deep.equal(['granted', 'open']);
  });
});

describe('a usable limit below the one told (C5 26)', () => {
  const stage = stagePool();

  /** Ann plays on `a`, whose limit is told as 2, and gets a second lease. */
  async function overlap() {
    stage.pool.setAccounts([account('a', 2)]);
    const old = new FakeSession('1', ann);
    await stage.tune(old);
    const session = new FakeSession('2', ann);
    const lease = await stage.pool.acquire(session.request(['a']));
    session.lease = lease;
    lease.connecting();
    lease.attach(new FakeSocket());
    return { old, session, lease };
  }

  for (const outcome of ['refused', 'doubtful'] as const) {
    it(`hands the viewer's own connection over when the provider says so (${outcome}), and remembers it`, async () => {
      const { old, lease } = await overlap();
      const waitMs = lease.report(outcome);
      expect(old.asked).to.deep.equal(['taken-over']);
      await Promise.all([lease.closeSocket(), stage.clock.tickAsync(waitMs ?? Number.NaN)]);
      expect(old.lease?.state).to.equal('released');
      lease.connecting();
      lease.attach(new FakeSocket());
      lease.report('accepted');
      expect(stage.view().external).to.equal(1);
      // The next zap does so without a refusal.
      stage.ask(new FakeSession('3', ann).request(['a']));
      expect(lease.state).to.equal('closing');
    });

    it(`is not forgotten for what the provider counts (${outcome})`, async () => {
      const { lease } = await overlap();
      const waitMs = lease.report(outcome);
      await Promise.all([lease.closeSocket(), stage.clock.tickAsync(waitMs ?? Number.NaN)]);
      lease.connecting();
      lease.attach(new FakeSocket());
      lease.report('accepted');
      stage.pool.noteActiveConnections(accountId('a'), 1);
      expect(stage.view().external).to.equal(1);
      await stage.clock.tickAsync(300_000);
      expect(stage.view().external).to.equal(0);
    });
  }

  it('is found wrong when more connections are taken', async () => {
    const { lease } = await overlap();
    const waitMs = lease.report('refused');
    await Promise.all([lease.closeSocket(), stage.clock.tickAsync(waitMs ?? Number.NaN)]);
    lease.connecting();
    lease.attach(new FakeSocket());
    lease.report('accepted');
    const other = stage.ask(new FakeSession('3', bob).request(['a']));
    await stage.clock.tickAsync(10_500);
    other.lease?.connecting();
    other.lease?.attach(new FakeSocket());
    other.lease?.report('accepted');
    expect(stage.view().external).to.equal(0);
  });

  it("does not take another viewer's connection, and tells that the provider should be asked", async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const other = new FakeSession('1', bob);
    await stage.tune(other);
    const lease = await stage.pool.acquire(new FakeSession('2', ann).request(['a']));
    lease.connecting();
    expect(lease.report('doubtful')).to.equal(null);
    expect(other.asked).to.deep.equal([]);
    expect(stage.events.at(-1)).to.deep.equal({ kind: 'provider-refused', accountId: 'a', afterOwnClose: false });
  });

  it('does not count a lease that was only refused as a connection the provider reports', async () => {
    stage.pool.setAccounts([account('a', 2)]);
    const lease = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
    lease.connecting();
    lease.report('refused');
    stage.pool.noteActiveConnections(accountId('a'), 2);
    expect(stage.view().external).to.equal(2);
  });

  it('hands nothing over for a doubtful answer for a while, when that was in vain', async () => {
    const { lease } = await overlap();
    let waitMs = lease.report('doubtful');
    while (waitMs !== null) {
      await Promise.all([lease.closeSocket(), stage.clock.tickAsync(waitMs)]);
      lease.connecting();
      lease.attach(new FakeSocket());
      waitMs = lease.report('doubtful');
    }
    lease.end();
    await stage.clock.tickAsync(60_000);
    expect(stage.view()).to.deep.include({ external: 0, coolingMs: 50 });
    const again = await overlap();
    expect(again.lease.report('doubtful')).to.equal(null);
    expect(again.old.asked).to.deep.equal([]);
  });
});

describe('a login that others fill', () => {
  const stage = stagePool();

  it('is told apart from one that is refused for other reasons', async () => {
    stage.pool.setAccounts([account('a', 1)]);
    const free = await stage.pool.acquire(new FakeSession('1', ann).request(['a']));
    expect(free.usedByOthers).to.equal(false);
    free.end();
    stage.pool.noteActiveConnections(accountId('a'), 1, performance.now() + 10_000);
    const trial = stage.ask(new FakeSession('2', ann).request(['a']));
    await stage.clock.tickAsync(11_000);
    expect(trial.lease?.usedByOthers).to.equal(true);
  });
});

describe('the first moments of the process', () => {
  const stage = stagePool();

  it('take a refusal for connections of the run before, until the login has served or the grace is over', async () => {
    const pool = new LeasePool({ waitMs: 12_000, coolingFloorMs: 50, coolingCapMs: 30_000, startGraceMs: 30_000 });
    pool.setAccounts([account('a', 1)]);
    const lease = await pool.acquire(new FakeSession('1', ann).request(['a']));
    lease.connecting();
    expect(lease.report('doubtful', true), 'a connection that was reset').to.equal(null);
    lease.end();
    await stage.clock.tickAsync(0);
    const again = await pool.acquire(new FakeSession('1', ann).request(['a']));
    await graceOf(pool, again);
  });

  async function graceOf(pool: LeasePool, lease: Lease): Promise<void> {
    const waits: (number | null)[] = [];
    for (let i = 0; i < 5; i++) {
      lease.connecting();
      const waitMs = lease.report('doubtful');
      waits.push(waitMs);
      // The provider counts the former run's connection.
      pool.noteActiveConnections(accountId('a'), 1);
      await stage.clock.tickAsync(waitMs ?? 0);
    }
    expect(waits).to.deep.equal([500, 1_000, 1_500, 2_000, 2_000]);
    lease.connecting();
    lease.report('accepted');
    lease.connecting();
    expect(lease.report('doubtful')).to.equal(null);
    lease.end();
    await stage.clock.tickAsync(30_000);
    pool.noteActiveConnections(accountId('a'), 0);
    const late = await pool.acquire(new FakeSession('2', ann).request(['a']));
    late.connecting();
    expect(late.report('doubtful')).to.equal(null);
    late.end();
    await pool.stop();
  }
});
