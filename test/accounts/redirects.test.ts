import { expect } from 'chai';
import * as fc from 'fast-check';
import type sinon from 'sinon';
import { LeasePool } from '../../src/accounts/lease-pool.ts';
import { Redirects, type RedirectWish } from '../../src/accounts/redirects.ts';
import { CoaxError } from '../../src/errors.ts';
import { silentLog } from '../../src/log/log.ts';
import type { AccountId, OutputId, SessionId, SourceId } from '../../src/model/ids.ts';
import { fakeTime } from '../support/fake-time.ts';
import { account, FakeSession, viewer } from './fake-session.ts';

describe('players that were sent to the provider', () => {
  let clock: sinon.SinonFakeTimers;
  let pool: LeasePool;
  let redirects: Redirects;
  let asked: number[];
  const a = 'a' as AccountId;

  beforeEach(() => {
    clock = fakeTime();
    pool = new LeasePool({ waitMs: 100, coolingFloorMs: 0, coolingCapMs: 30_000 });
    pool.setAccounts([account('a', 2)]);
    asked = [];
    redirects = new Redirects({ pool, lookAt: () => void asked.push(Math.round(performance.now())), log: silentLog });
  });
  afterEach(() => {
    redirects.end();
    expect(pool.leases()).to.have.length(0);
    clock.restore();
  });

  const open = (name: string, subject: string, more: Partial<RedirectWish> = {}): Promise<AccountId> =>
    redirects.open({
      kind: 'live',
      title: subject,
      subject,
      sourceId: 's' as SourceId,
      accounts: [a],
      viewer: viewer(name),
      outputId: 'o' as OutputId,
      signal: new AbortController().signal,
      ...more,
    });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };
  const codeOf = async (opening: Promise<unknown>): Promise<string> => {
    const error = opening.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await turns();
    clock.tick(150);
    const thrown = await error;
    return thrown instanceof CoaxError ? thrown.code : 'none';
  };

  it('hold a connection each, within the limit', async () => {
    await open('ann', 'c1');
    await open('bob', 'c2');
    expect(pool.snapshot()[0]?.leases).to.have.length(2);
    expect(await codeOf(open('cyd', 'c3'))).to.equal('NO_CAPACITY');
    expect(redirects.snapshot().map(({ state, title }) => `${title} ${state}`)).to.deep.equal([
      'c1 redirected',
      'c2 redirected',
    ]);
  });

  it('count beside those whose bytes go through Coax', async () => {
    expect(pool.tryAcquire(new FakeSession('1', viewer('ann')).request(['a']))).not.to.equal(null);
    await open('bob', 'c2');
    expect(pool.tryAcquire(new FakeSession('2', viewer('cyd')).request(['a']))).to.equal(null);
    for (const lease of pool.leases()) lease.end();
  });

  it('are one session when the same viewer asks for the same again: ranges, and players that try twice', async () => {
    for (let range = 0; range < 5; range++) await open('ann', 'film', { kind: 'vod' });
    expect(redirects.snapshot()).to.have.length(1);
    expect(pool.leases()).to.have.length(1);
  });

  it('give their connection to the same viewer’s next channel', async () => {
    pool.setAccounts([account('a', 1)]);
    await open('ann', 'c1');
    await open('ann', 'c2');
    expect(redirects.snapshot().map(({ title }) => title)).to.deep.equal(['c2']);
  });

  it('have the provider asked at once, and then less and less often', async () => {
    await open('ann', 'c1');
    const start = performance.now();
    clock.tick(130_000);
    expect(asked.map((at) => Math.round(at - start))).to.deep.equal([0, 3_000, 9_000, 21_000, 45_000, 93_000]);
  });

  it('end when the provider counts fewer, twice in a row, and whoever came last is believed to watch', async () => {
    await open('ann', 'c1');
    clock.tick(100);
    await open('bob', 'c2');
    clock.tick(5_000);
    redirects.note(a, 2, performance.now());
    clock.tick(60_000);
    redirects.note(a, 1, performance.now());
    expect(redirects.snapshot()).to.have.length(2);
    redirects.note(a, 1, performance.now());
    expect(redirects.snapshot().map(({ title }) => title)).to.deep.equal(['c2']);
    redirects.note(a, 0, performance.now());
    redirects.note(a, 0, performance.now());
    expect(redirects.snapshot()).to.have.length(0);
    expect(pool.leases()).to.have.length(0);
  });

  it('that never went there are not waited for longer than a short while', async () => {
    await open('ann', 'c1');
    clock.tick(10_000);
    redirects.note(a, 0, performance.now());
    redirects.note(a, 0, performance.now());
    expect(redirects.snapshot()).to.have.length(1);
    clock.tick(40_000);
    redirects.note(a, 0, performance.now());
    expect(redirects.snapshot()).to.have.length(0);
  });

  it('are not ended by an answer that was asked for before they went', async () => {
    await open('ann', 'c1');
    clock.tick(5_000);
    redirects.note(a, 1, performance.now());
    await open('ann', 'c1');
    redirects.note(a, 0, performance.now());
    redirects.note(a, 0, performance.now());
    expect(redirects.snapshot()).to.have.length(1);
  });

  it('end after ten minutes at a provider that tells nothing', async () => {
    await open('ann', 'c1');
    clock.tick(500_000);
    expect(redirects.snapshot()).to.have.length(1);
    clock.tick(200_000);
    expect(redirects.snapshot()).to.have.length(0);
  });

  it('give the connection back when an admin stops them, when the client gives up before, and when the pool wants it', async () => {
    await open('ann', 'c1');
    expect(redirects.stop(redirects.snapshot()[0]?.id ?? ('' as SessionId))).to.equal(true);
    expect(redirects.stop('redirect-1' as SessionId)).to.equal(false);
    await open('ann', 'c1');
    await open('bob', 'c2');
    const gone = new AbortController();
    const waiting = open('cyd', 'c3', { signal: gone.signal }).catch((error: unknown) => error);
    await turns();
    gone.abort();
    expect(await waiting).to.be.instanceOf(CoaxError);
    expect(redirects.snapshot()).to.have.length(2);
    pool.setAccounts([]);
    expect(redirects.snapshot()).to.have.length(0);
  });

  it('never exceed the limit and never leave a lease or a seat behind, whatever happens in between', async () => {
    const who = fc.constantFrom('ann', 'bob', 'cyd');
    const step = fc.oneof(
      fc.record({ do: fc.constant('open' as const), who, what: fc.constantFrom('c1', 'c2', 'c3') }),
      fc.record({ do: fc.constant('give up' as const), at: fc.nat(5) }),
      fc.record({ do: fc.constant('told' as const), active: fc.nat(3) }),
      fc.record({ do: fc.constant('stop' as const), at: fc.nat(5) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 2 }), async (steps, limit) => {
        pool.setAccounts([account('a', limit)]);
        const given: AbortController[] = [];
        for (const one of steps) {
          if (one.do === 'open') {
            const controller = new AbortController();
            given.push(controller);
            // Once it was sent away, nothing of the client is left that could end.
            void open(one.who, one.what, { signal: controller.signal }).then(
              () => given.splice(given.indexOf(controller), 1),
              () => {},
            );
          } else if (one.do === 'give up') given[one.at]?.abort();
          else if (one.do === 'told') redirects.note(a, one.active, performance.now());
          else if (one.do === 'stop') redirects.stop(redirects.snapshot()[one.at]?.id ?? ('none' as SessionId));
          else clock.tick(one.ms);
          await turns();
          expect(pool.leases().length).to.be.at.most(limit);
          const held = redirects.snapshot().flatMap(({ leaseId }) => leaseId ?? []);
          expect([...held].sort()).to.deep.equal(
            pool
              .leases()
              .map(({ id }) => id as string)
              .sort(),
          );
        }
        redirects.end();
        clock.tick(200);
        await turns();
        expect(pool.leases()).to.have.length(0);
        expect(redirects.snapshot()).to.have.length(0);
      }),
      { numRuns: 100 },
    );
  });
});
