import { expect } from 'chai';
import * as fc from 'fast-check';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import type { BreakerRules } from '../../src/sources/breaker.ts';
import { type BreakerProfile, Breakers, type BreakersOptions } from '../../src/sources/breakers.ts';
import type { GatePass, GateTarget } from '../../src/sources/host-gate.ts';
import { fakeTime } from '../support/fake-time.ts';

const rules: BreakerRules = { failures: 3, share: 0, openMs: 1_000, trials: 1 };
/** The library counts outcomes in the turns after them. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
};

describe('circuit breakers', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  const make = (more: Partial<BreakerRules> = {}, options: Partial<BreakersOptions> = {}): Breakers =>
    new Breakers({ rules: () => ({ ...rules, ...more }), ...options });
  const stateOf = (breakers: Breakers, id: string): string | undefined =>
    breakers.list().find((breaker) => breaker.id === id)?.state;

  /** Null when the gate refuses. */
  function enter(breakers: Breakers, host = 'a:80', profile: BreakerProfile = 'live', more: Partial<GateTarget> = {}) {
    try {
      return breakers.gate(profile).enter({ host, ...more });
    } catch (error) {
      if (error instanceof CoaxError) return null;
      throw error;
    }
  }
  async function fail(breakers: Breakers, times: number, host = 'a:80', profile: BreakerProfile = 'live') {
    for (let time = 0; time < times; time++) enter(breakers, host, profile)?.failed();
    await turns();
  }

  it('open after so many failures in a row, and answer at once with when to come again', async () => {
    const breakers = make();
    await fail(breakers, 2);
    enter(breakers)?.worked();
    await turns();
    await fail(breakers, 2);
    expect(stateOf(breakers, 'live:a:80')).to.equal('closed');
    await fail(breakers, 1);
    expect(stateOf(breakers, 'live:a:80')).to.equal('open');
    for (const [profile, code] of [
      ['live', 'UPSTREAM_BREAKER_OPEN'],
      ['list', 'SOURCE_BREAKER_OPEN'],
    ] as const) {
      await fail(breakers, 3, 'a:80', profile);
      expect(() => breakers.gate(profile).enter({ host: 'a:80' }))
        .to.throw(CoaxError)
        .that.includes({ code, retryAfterMs: 1_000 });
    }
  });

  it('open by the share of failures among the last requests, too', async () => {
    const breakers = make({ failures: 100, share: 0.5 });
    for (let round = 0; round < 5; round++) {
      enter(breakers)?.worked();
      await turns();
      await fail(breakers, 2);
    }
    expect(stateOf(breakers, 'live:a:80')).to.equal('open');
  });

  it('open only their own: neither another host or port, nor another use, nor another way to it', async () => {
    const breakers = make();
    await fail(breakers, 3);
    expect(enter(breakers)).to.equal(null);
    expect(enter(breakers, 'a:81')).not.to.equal(null);
    expect(enter(breakers, 'b:80')).not.to.equal(null);
    expect(enter(breakers, 'a:80', 'file')).not.to.equal(null);
    expect(enter(breakers, 'a:80', 'live', { via: 'proxy:1080' })).not.to.equal(null);
    expect(breakers.list().filter(({ state }) => state === 'open')).to.have.length(1);
  });

  for (const trials of [1, 2, 3]) {
    it(`let exactly ${trials} try after a while, and close when all of them worked`, async () => {
      const breakers = make({ trials });
      await fail(breakers, 3);
      clock.tick(1_000);
      const passes = Array.from({ length: 10 }, () => enter(breakers)).filter((pass) => pass !== null);
      expect(passes).to.have.length(trials);
      expect(stateOf(breakers, 'live:a:80')).to.equal('half-open');
      for (const pass of passes) pass.worked();
      await turns();
      expect(stateOf(breakers, 'live:a:80')).to.equal('closed');
    });
  }

  it('open again for as long when a trial fails', async () => {
    const breakers = make();
    await fail(breakers, 3);
    clock.tick(1_000);
    await fail(breakers, 1);
    expect(enter(breakers)).to.equal(null);
    clock.tick(999);
    expect(enter(breakers)).to.equal(null);
    clock.tick(1);
    expect(enter(breakers)).not.to.equal(null);
  });

  it('learn nothing from a request that was given up: it neither counts, nor closes, nor makes others wait', async () => {
    const breakers = make();
    await fail(breakers, 2);
    enter(breakers)?.dropped();
    await turns();
    await fail(breakers, 1);
    expect(stateOf(breakers, 'live:a:80')).to.equal('open');
    clock.tick(1_000);
    enter(breakers)?.dropped();
    await turns();
    expect(stateOf(breakers, 'live:a:80')).to.equal('open');
    expect(enter(breakers)).not.to.equal(null);
  });

  it('let whoever has no other way try at once, while nobody else is trying', async () => {
    const breakers = make();
    await fail(breakers, 3);
    const first = enter(breakers, 'a:80', 'live', { insists: true });
    expect(first).not.to.equal(null);
    expect(enter(breakers, 'a:80', 'live', { insists: true })).to.equal(null);
    first?.failed();
    await turns();
    const second = enter(breakers, 'a:80', 'live', { insists: true });
    second?.worked();
    await turns();
    expect(stateOf(breakers, 'live:a:80')).to.equal('closed');
  });

  it('are held open and closed by hand, and go on by themselves when told', async () => {
    const breakers = make();
    enter(breakers)?.worked();
    expect(breakers.set('live:a:80', 'open')).to.include({ state: 'open', forced: 'open' });
    expect(enter(breakers, 'a:80', 'live', { insists: true })).to.equal(null);
    clock.tick(3_600_000);
    expect(enter(breakers)).to.equal(null);
    expect(breakers.set('live:a:80', 'closed')).to.include({ state: 'closed', forced: 'closed' });
    await fail(breakers, 10);
    expect(enter(breakers)).not.to.equal(null);
    expect(breakers.set('live:a:80', 'auto')).to.include({ state: 'closed', forced: null });
    await fail(breakers, 3);
    expect(enter(breakers)).to.equal(null);
    expect(breakers.set('live:nobody:80', 'open')).to.equal(null);
  });

  it('are bounded in number, and keep those that were set by hand', () => {
    const breakers = make();
    enter(breakers, 'mine:80')?.worked();
    breakers.set('live:mine:80', 'open');
    for (let host = 0; host < 2_000; host++) enter(breakers, `h${host}:80`)?.worked();
    expect(breakers.list().length).to.be.at.most(501);
    expect(stateOf(breakers, 'live:mine:80')).to.equal('open');
  });

  it('take over new settings, and let all through when they are off', async () => {
    let now: BreakerRules | null = rules;
    const breakers = make({}, { rules: () => now });
    await fail(breakers, 3);
    now = { ...rules, failures: 5 };
    expect(enter(breakers)).not.to.equal(null);
    await fail(breakers, 5);
    expect(enter(breakers)).to.equal(null);
    now = null;
    expect(enter(breakers)).not.to.equal(null);
  });

  it('tell of each change once, with an id that is host and port', async () => {
    const told: string[] = [];
    const breakers = make({}, { onState: (_profile, id, state) => told.push(`${id} ${state}`) });
    await fail(breakers, 3);
    clock.tick(1_000);
    enter(breakers)?.worked();
    await turns();
    expect(told).to.deep.equal(['live:a:80 open', 'live:a:80 half-open', 'live:a:80 closed']);
  });

  it('never let more than the trials through a host that was found down, whatever happens in between', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('enter' as const), insists: fc.boolean() }),
      fc.record({ do: fc.constantFrom('worked' as const, 'failed' as const, 'dropped' as const), at: fc.nat(20) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (trials, steps) => {
        const breakers = make({ trials });
        const open: GatePass[] = [];
        let sinceHalfOpen = 0;
        for (const one of steps) {
          const before = stateOf(breakers, 'live:a:80') ?? 'closed';
          if (one.do === 'enter') {
            const pass = enter(breakers, 'a:80', 'live', { insists: one.insists });
            const after = stateOf(breakers, 'live:a:80');
            if (pass !== null) {
              open.push(pass);
              if (before !== 'half-open') sinceHalfOpen = 0;
              if (after === 'half-open') sinceHalfOpen += 1;
              expect(after).not.to.equal('open');
            } else expect(before).not.to.equal('closed');
            expect(sinceHalfOpen).to.be.at.most(trials);
          } else if (one.do === 'wait') clock.tick(one.ms);
          else open.splice(one.at % Math.max(1, open.length), 1)[0]?.[one.do]();
          await turns();
          if (stateOf(breakers, 'live:a:80') !== 'half-open') sinceHalfOpen = 0;
        }
        // However it went, a host that is back is let through in the end.
        for (const pass of open) pass.dropped();
        await turns();
        clock.tick(2_000);
        for (let round = 0; round < 3; round++) {
          enter(breakers)?.worked();
          await turns();
        }
        expect(stateOf(breakers, 'live:a:80')).to.equal('closed');
      }),
      { numRuns: 150 },
    );
  });
});
