import { expect } from 'chai';
import fc from 'fast-check';
import { makeFile, StrictProvider, type Behaviour } from './strict-provider.ts';
import { Player, sleep, until, VodBench } from './vod-bench.ts';

const size = 5 * 1_048_576 + 123;
const film = makeFile(size, 42);

type Step =
  | { readonly do: 'open'; readonly viewer: number; readonly range: string }
  | { readonly do: 'close' | 'reset' | 'pause' | 'resume'; readonly nth: number }
  | { readonly do: 'wait'; readonly ms: number };

const offset = fc.nat(size - 1);
const range = fc.oneof(
  fc.constant('bytes=0-'),
  offset.map((start) => `bytes=${start}-`),
  offset.map((start) => `bytes=${start}-${start + 200_000}`),
  fc.integer({ min: 1, max: 300_000 }).map((length) => `bytes=-${length}`),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('open' as const), viewer: fc.nat(1), range }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('close' as const, 'reset' as const, 'pause' as const, 'resume' as const),
      nth: fc.nat(9),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40 }) }) },
);
const fault: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({
      dropAfter: fc.integer({ min: 0, max: 2_000_000 }),
      dropBy: fc.constantFrom('reset' as const, 'end' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ stallAfter: fc.integer({ min: 0, max: 1_000_000 }) }) },
  { weight: 1, arbitrary: fc.record({ delayMs: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ status: 500 }) },
);

/** What came is what stands in the file at the place the answer names; a response that ended well is whole. */
function check(player: Player): void {
  if (player.status !== 200 && player.status !== 206) return;
  const [, first = '0', last = String(size - 1)] =
    /^bytes (\d+)-(\d+)\//.exec(player.headers['content-range'] ?? '') ?? [];
  const expected = film.subarray(Number(first), Number(last) + 1);
  const body = player.body();
  expect(body.equals(expected.subarray(0, body.length))).to.equal(true);
  if (player.outcome === 'end') expect(body.length).to.equal(expected.length);
}

async function play(
  steps: readonly Step[],
  faults: readonly Behaviour[],
  limit: number,
  cache: boolean,
): Promise<void> {
  await using upstream = await new StrictProvider({ file: film, max: limit, etag: '"v1"' }).start();
  upstream.behave = (_, index) => faults[index] ?? {};
  await using vod = await new VodBench({
    provider: upstream,
    limits: [limit],
    waitMs: 300,
    coolingFloorMs: 20,
    settings: {
      pauseMs: 80,
      sessionIdleMs: 60,
      stallMs: 80,
      turnMs: 60,
      backOffMs: 5,
      ...(cache ? {} : { cacheBytes: 0 }),
    },
  }).start();
  const players: Player[] = [];
  for (const each of steps) {
    if (each.do === 'open') players.push(new Player(`${vod.url}/v${each.viewer}/film`, { range: each.range }));
    else if (each.do === 'wait') await sleep(each.ms);
    else players[each.nth % Math.max(1, players.length)]?.[each.do]();
    const { length: sessions } = vod.sessions.snapshot();
    expect(vod.pool.leases().length).to.be.at.most(Math.max(limit, sessions));
  }
  await sleep(30);
  for (const player of players) player.resume();
  await Promise.all(players.map((player) => player.over));
  for (const player of players) check(player);
  await until(() => upstream.active === 0 && vod.sessions.snapshot().length === 0 && vod.pool.leases().length === 0);
  expect(upstream.peak).to.be.at.most(limit);
  expect(upstream.refused).to.equal(0);
}

describe('VOD sessions under random interleavings', () => {
  it('send only right bytes, hold one socket each, and leave nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 16 }),
        fc.array(fault, { maxLength: 12 }),
        fc.integer({ min: 1, max: 2 }),
        fc.boolean(),
        play,
      ),
      { numRuns: Number(process.env['COAX_FC_RUNS'] ?? 12), endOnFailure: true },
    );
  }).timeout(120_000);
});
