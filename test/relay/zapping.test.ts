import { expect } from 'chai';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import type { AccountId } from '../../src/model/ids.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { World } from './world.ts';
import { fakeTime } from '../support/fake-time.ts';

describe('Viewers who zap and wait', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  const refusal = (outcome: 'refused' | 'doubtful') =>
    new CapacityRefusal(
      new CoaxError(outcome === 'refused' ? 'UPSTREAM_CAPACITY' : 'UPSTREAM_REFUSED', 'The provider answers 403'),
      outcome,
    );

  async function play(world: World, channel: string, who: string) {
    const player = world.open(channel, who);
    await clock.tickAsync(10);
    await media(world);
    return player;
  }

  async function media(world: World): Promise<void> {
    world.live?.send(10);
    await clock.tickAsync(0);
  }

  it('get the channel that another waits for already, by giving up their own', async () => {
    const world = new World();
    const playing = await play(world, 'c1', 'v2');
    const first = world.open('c2', 'v1');
    await clock.tickAsync(1_000);
    const zap = world.open('c2', 'v2');
    await clock.tickAsync(100);
    await media(world);
    expect([first.isPiped, zap.isPiped, playing.isPiped]).to.deep.equal([true, true, false]);
    expect(world.upstreams.map(({ path }) => path)).to.deep.equal(['c1', 'c2']);
  });

  it('get it also when the other one gives up', async () => {
    const world = new World();
    await play(world, 'c1', 'v2');
    const first = world.open('c2', 'v1');
    await clock.tickAsync(500);
    const zap = world.open('c2', 'v2');
    first.reset();
    await clock.tickAsync(100);
    await media(world);
    expect(zap.isPiped).to.equal(true);
    expect(world.pool.leases().map(({ viewer }) => viewer.label)).to.deep.equal(['v2']);
  });

  it('have a time of their own to wait, whoever waited before them', async () => {
    const world = new World();
    const playing = await play(world, 'c1', 'v1');
    const first = world.open('c2', 'v2');
    await clock.tickAsync(2_500);
    const second = world.open('c2', 'v3');
    await clock.tickAsync(500);
    expect([first.code, second.code]).to.deep.equal(['NO_CAPACITY', null]);
    await clock.tickAsync(2_400);
    expect(second.code).to.equal(null);
    playing.reset();
    await clock.tickAsync(95);
    await media(world);
    expect([second.code, second.isPiped]).to.deep.equal([null, true]);
    const third = world.open('c3', 'v4');
    await clock.tickAsync(3_000);
    expect(third.code).to.equal('NO_CAPACITY');
  });

  for (const outcome of ['refused', 'doubtful'] as const)
    it(`give their own connection up when the provider takes fewer than it tells (${outcome})`, async () => {
      const world = new World({ limit: 2 });
      const playing = await play(world, 'c1', 'v1');
      world.failures.push(refusal(outcome));
      const zap = world.open('c2', 'v1');
      await clock.tickAsync(400);
      await media(world);
      expect([zap.code, zap.isPiped, playing.isPiped]).to.deep.equal([null, true, false]);
      expect(world.upstreams.map(({ path }) => path)).to.deep.equal(['c1', 'c2', 'c2']);
    });

  it('wait in the queue when the provider is full with what another viewer watches', async () => {
    const world = new World({ limit: 2 });
    const playing = await play(world, 'c1', 'v1');
    world.failures.push(refusal('refused'), refusal('refused'));
    const waiting = world.open('c2', 'v2');
    await clock.tickAsync(4_000);
    expect([waiting.code, playing.isPiped]).to.deep.equal([null, true]);
    playing.reset();
    await clock.tickAsync(100);
    await media(world);
    expect(waiting.isPiped).to.equal(true);
  });

  it('are told that the provider is full when it still counts what was closed at the end of their time', async () => {
    const world = new World({ settings: { startMs: 1_000 } });
    await play(world, 'c1', 'v1');
    for (let i = 0; i < 20; i++) world.failures.push(refusal('doubtful'));
    const zap = world.open('c2', 'v1');
    await clock.tickAsync(1_100);
    expect(zap.code).to.equal('UPSTREAM_CAPACITY');
    expect(world.upstreams.length).to.be.below(8);
  });

  it('make a last try when the learned wait is longer than the time that is left', async () => {
    const world = new World({ settings: { startMs: 4_700 }, coolingCapMs: 30_000 });
    await play(world, 'c1', 'v1');
    for (let i = 0; i < 5; i++) world.failures.push(refusal('doubtful'));
    const zap = world.open('c2', 'v1');
    await clock.tickAsync(3_700);
    await media(world);
    expect([zap.code, zap.isPiped]).to.deep.equal([null, true]);
  });

  it('are told that the provider is full when others fill it, whatever words it uses', async () => {
    const world = new World();
    world.pool.noteActiveConnections('a1' as AccountId, 1);
    await clock.tickAsync(10_000);
    world.failures.push(refusal('doubtful'));
    const player = world.open('c1', 'v1');
    await clock.tickAsync(10);
    expect(player.code).to.equal('UPSTREAM_CAPACITY');
  });

  it('open only the last of a burst of channels', async () => {
    const world = new World();
    await play(world, 'c0', 'v1');
    const zaps = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'].map((channel) => world.open(channel, 'v1'));
    await clock.tickAsync(100);
    await media(world);
    expect(zaps.map(({ code }) => code)).to.deep.equal([...Array(5).fill('TAKEN_OVER'), null]);
    expect(zaps.at(-1)?.isPiped).to.equal(true);
    expect(world.upstreams.map(({ path }) => path)).to.deep.equal(['c0', 'c6']);
  });
});
