import { expect } from 'chai';
import type sinon from 'sinon';
import type { World } from './world.ts';

/** All players leave: after a while nothing may be left of them, of the world's sessions, or of what these opened. */
export async function expectNothingLeft(world: World, clock: sinon.SinonFakeTimers, whileMs = 60_000): Promise<void> {
  for (const player of world.players) player.reset();
  await clock.tickAsync(whileMs);
  expect(world.relays.snapshot(), 'sessions left').to.deep.equal([]);
  expect(world.openUpstreams, 'upstreams left').to.deep.equal([]);
  expect(world.pool.leases(), 'leases left').to.deep.equal([]);
  expect(world.pool.waiting, 'requests left').to.equal(0);
  expect(
    world.players.filter((player) => player.isWaiting),
    'players left waiting',
  ).to.deep.equal([]);
  expect(clock.countTimers(), 'timers left').to.equal(0);
}
