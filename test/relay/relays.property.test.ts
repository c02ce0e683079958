import { expect } from 'chai';
import fc from 'fast-check';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { checkTs } from '../support/ts-check.ts';
import { countPieces } from './piece-check.ts';
import { expectNothingLeft } from './nothing-left.ts';
import { World } from './world.ts';
import { fakeTime } from '../support/fake-time.ts';

const numRuns = Number(process.env['RUNS'] ?? 80);
/** How long the fake provider takes to answer, and some. */
const openMs = 6;

type Step =
  | { readonly do: 'open'; readonly channel: string; readonly who: string }
  | { readonly do: 'reset' | 'leave' | 'pause' | 'resume'; readonly n: number }
  | { readonly do: 'send'; readonly frames: number }
  | { readonly do: 'lap'; readonly n: number }
  | { readonly do: 'end' }
  | { readonly do: 'fail' }
  | { readonly do: 'refuse'; readonly outcome: 'refused' | 'doubtful' }
  | { readonly do: 'stop' }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      channel: fc.constantFrom('c1', 'c2'),
      who: fc.constantFrom('v1', 'v2', 'v3'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('reset', 'leave', 'pause', 'resume'), n: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), frames: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lap' as const), n: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'end' }, { do: 'fail' }, { do: 'stop' }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('refuse' as const), outcome: fc.constantFrom('refused', 'doubtful') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 6, 60, 300, 300, 2_000, 11_000),
    }),
  },
);

/** One player reads nothing while more comes than the ring holds, and then reads on. The others keep up. */
async function lap(world: World, n: number): Promise<void> {
  const slow = world.players.filter((player) => player.isPiped)[n % Math.max(1, world.players.length)];
  if (slow === undefined) return;
  slow.socket.reading = false;
  for (let part = 0; part < 12; part++) {
    for (const upstream of world.openUpstreams) upstream.send(8);
    // oxlint-disable-next-line no-await-in-loop -- readers take what came
    await Promise.resolve().then(() => Promise.resolve());
  }
  slow.socket.reading = true;
  slow.socket.flush();
}

function act(world: World, now: Step): void {
  if (now.do === 'open') world.open(now.channel, now.who);
  else if (now.do === 'send') for (const upstream of world.openUpstreams) upstream.send(now.frames);
  else if (now.do === 'end') world.live?.end();
  else if (now.do === 'fail') world.failures.push(new CoaxError('UPSTREAM_ERROR'));
  else if (now.do === 'refuse')
    world.failures.push(new CapacityRefusal(new CoaxError('UPSTREAM_REFUSED'), now.outcome));
  else if (now.do === 'stop') for (const { id } of world.relays.snapshot().slice(0, 1)) world.relays.stop(id);
  else if (now.do !== 'wait' && now.do !== 'lap') {
    const player = world.players[now.n % Math.max(1, world.players.length)];
    if (now.do === 'reset') player?.reset();
    else if (now.do === 'leave') {
      player?.consumer?.leave();
      player?.gone.abort();
    } else if (player !== undefined) {
      player.socket.reading = now.do === 'resume';
      if (now.do === 'resume') player.socket.flush();
    }
  }
}

function checkNow(world: World): void {
  const leases = world.pool.leases();
  const sessions = world.relays.snapshot();
  expect(leases.length, 'leases').to.be.at.most(world.limit);
  expect(world.openUpstreams.length, 'upstreams').to.be.at.most(leases.length);
  const consumers = sessions.flatMap((session) => session.consumers).length;
  const piped = world.players.filter((player) => player.isPiped).length;
  const waiting = world.players.filter((player) => player.isWaiting && !player.gone.signal.aborted).length;
  expect(consumers, 'consumers').to.be.within(piped, piped + waiting);
  const streams = sessions.filter(({ state }) => state !== 'closing').flatMap(({ streamId }) => streamId ?? []);
  expect(new Set(streams).size, 'one relay for each stream').to.equal(streams.length);
}

describe('Relays under random use', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  for (const limit of [1, 2]) {
    it(`keep to ${limit} connection(s), give whole pieces of the upstream, and leave nothing behind`, async function () {
      const seen = { skipped: 0, reopened: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
          clock.reset();
          let skips = 0;
          const world = new World({
            limit,
            observer: { ...blindObserver, skipped: () => (skips += 1) },
            settings: { clientBufferBytes: 20_000, ringBytes: 50_000, backlogMs: 200 },
          });
          for (const now of steps) {
            act(world, now);
            // oxlint-disable-next-line no-await-in-loop
            if (now.do === 'lap') await lap(world, now.n);
            checkNow(world);
            // oxlint-disable-next-line no-await-in-loop -- the steps come one after the other
            await clock.tickAsync(now.do === 'wait' ? now.ms : now.do === 'open' ? openMs : 0);
            checkNow(world);
          }
          const records = world.upstreams.map(({ record }) => Buffer.concat(record));
          for (const player of world.players) {
            const { bytes } = player.socket;
            const pieces = countPieces(bytes, records);
            if (bytes.length === 0) continue;
            expect(pieces).to.be.at.least(1);
            // Whatever was opened anew: without a skip it is one stream.
            if (skips === 0) expect(checkTs(bytes)).to.deep.include({ continuityErrors: [], timeJumps: [] });
          }
          if (skips > 0) seen.skipped++;
          if (world.relays.snapshot().some(({ reconnects }) => reconnects > 0)) seen.reopened++;
          await expectNothingLeft(world, clock);
        }),
        { numRuns },
      );
      // The steps did lead to what is to be checked.
      if (numRuns >= 80) for (const [what, runs] of Object.entries(seen)) expect(runs, what).to.be.above(0);
    });
  }
});
