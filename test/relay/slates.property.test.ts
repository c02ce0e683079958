import { expect } from 'chai';
import fc from 'fast-check';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { checkTs } from '../support/ts-check.ts';
import { expectNothingLeft } from './nothing-left.ts';
import { type Player, World } from './world.ts';
import { fakeTime } from '../support/fake-time.ts';

const numRuns = Number(process.env['RUNS'] ?? 60);
const startMs = 1_000;
const slateMs = 8_000;

type Step =
  | { readonly do: 'open'; readonly channel: string; readonly who: string; readonly slates: boolean }
  | { readonly do: 'reset'; readonly n: number }
  | { readonly do: 'send'; readonly frames: number }
  | { readonly do: 'end' | 'stop' | 'full' }
  | { readonly do: 'fail'; readonly times: number }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      channel: fc.constantFrom('c1', 'c2', 'c3'),
      who: fc.constantFrom('v1', 'v2', 'v3', 'v4'),
      slates: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reset' as const), n: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), frames: fc.integer({ min: 10, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'stop' as const, 'full' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), times: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(6, 60, 250, 1_200, 4_500) }),
  },
);

describe('Slates under random use', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => {
    clock.restore();
  });

  it('keep to the limit, are one stream with the channel, are never seen by who did not ask, and leave nothing', async function () {
    this.timeout(60_000);
    const seen = { slates: 0, 'after a slate': 0, 'beside a slate': 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40, size: 'max' }), async (steps) => {
        clock.reset();
        const asking = new Set<Player>();
        const world = new World({ settings: { slateMs, startMs, backlogMs: 200, stallMs: 60_000 } });
        for (const now of steps) {
          if (now.do === 'open') {
            const player = world.open(now.channel, now.who, { slates: now.slates });
            if (now.slates) asking.add(player);
          } else if (now.do === 'reset') world.players[now.n % Math.max(1, world.players.length)]?.reset();
          else if (now.do === 'send') world.live?.send(now.frames);
          else if (now.do === 'end') world.live?.end();
          else if (now.do === 'stop') for (const { id } of world.relays.snapshot().slice(0, 1)) world.relays.stop(id);
          else if (now.do === 'full')
            world.failures.push(new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'));
          else if (now.do === 'fail')
            world.failures.push(...Array.from({ length: now.times }, () => new CoaxError('UPSTREAM_NOT_FOUND')));
          // oxlint-disable-next-line no-await-in-loop -- the steps come one after the other
          await clock.tickAsync(now.do === 'wait' ? now.ms : 6);
          const leases = world.pool.leases();
          const sessions = world.relays.snapshot();
          expect(leases.length, 'leases').to.be.at.most(world.limit);
          expect(world.openUpstreams.length, 'upstreams').to.be.at.most(leases.length);
          const consumers = sessions.flatMap((session) => session.consumers).length;
          const piped = world.players.filter((player) => player.isPiped).length;
          const waiting = world.players.filter((player) => player.isWaiting && !player.gone.signal.aborted).length;
          expect(consumers, 'consumers').to.be.within(piped, piped + waiting);
          for (const { state, reason } of sessions) expect(reason !== undefined).to.equal(state === 'slate');
          if (sessions.some(({ state }) => state === 'slate')) seen.slates++;
          if (sessions.some(({ state, consumers: all }) => state === 'slate' && all.length > 1))
            seen['beside a slate']++;
          for (const player of asking)
            expect(player.code).to.be.oneOf([null, 'CANCELLED', 'TAKEN_OVER', 'STREAM_STOPPED']);
        }
        const own = Buffer.concat(world.upstreams.flatMap(({ record }) => record));
        for (const player of world.players) {
          const { bytes } = player.socket;
          if (bytes.length === 0) continue;
          const report = checkTs(bytes);
          expect(report).to.deep.include({ aligned: true, firstPat: 0, firstPmt: 1, firstKey: 2 });
          expect(report).to.deep.include({ continuityErrors: [], timeJumps: [] });
          const hasSlate = bytes.includes(slateMark);
          expect(own.includes(slateMark)).to.equal(false);
          if (!asking.has(player)) expect(hasSlate, 'a slate for somebody who did not ask').to.equal(false);
          else if (hasSlate && bytes.includes(channelMark)) seen['after a slate']++;
        }
        await expectNothingLeft(world, clock, 20_000);
      }),
      { numRuns },
    );
    // The steps did lead to what is to be checked.
    if (numRuns >= 60) for (const [what, runs] of Object.entries(seen)) expect(runs, what).to.be.above(0);
  });
});

/** The silence of a slate, and the filling of the synthetic channel's sound. */
const slateMark = Buffer.from('211004608c1c', 'hex');
const channelMark = Buffer.alloc(16, 0x21);
