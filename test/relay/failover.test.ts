import { expect } from 'chai';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import type { StreamId } from '../../src/model/ids.ts';
import type { SwitchReason } from '../../src/model/switch-reason.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { fakeTime } from '../support/fake-time.ts';
import { shiftTimes } from '../../src/mpegts/restamp.ts';
import { syntheticClip } from '../support/ts-builder.ts';
import { checkTs } from '../support/ts-check.ts';
import { type Player, World, type WorldOptions } from './world.ts';

/** Three streams, each on an account of its own with one connection. */
const three: WorldOptions = {
  streams: { c1: ['s1', 's2', 's3'] },
  accounts: { a2: 1, a3: 1 },
  accountsOf: { s2: ['a2'], s3: ['a3'] },
};

describe('A channel with several streams', () => {
  let clock: sinon.SinonFakeTimers;
  let switches: [SwitchReason, number][];
  beforeEach(() => {
    clock = fakeTime();
    switches = [];
  });
  afterEach(() => clock.restore());

  const observed = (options: WorldOptions): World =>
    new World({ ...options, observer: { ...blindObserver, switched: (...told) => switches.push(told) } });

  /** Time passes, and every open upstream but the silent ones sends, `frames` each 200 ms. */
  async function run(world: World, ms: number, silent: readonly string[] = []): Promise<void> {
    for (let at = 0; at < ms; at += 200) {
      for (const upstream of world.openUpstreams) if (!silent.includes(upstream.path)) upstream.send(5);
      // oxlint-disable-next-line no-await-in-loop -- time passes step by step
      await clock.tickAsync(200);
    }
  }

  async function watching(world: World, channel = 'c1', who = 'v1'): Promise<Player> {
    const player = world.open(channel, who);
    await clock.tickAsync(10);
    await run(world, 400);
    expect(player.isPiped).to.equal(true);
    return player;
  }

  const view = (world: World) => world.relays.snapshot()[0];
  const paths = (world: World): string => world.upstreams.map(({ path }) => path).join(' ');
  const next = (world: World, asked: string | null = null) => {
    const [session] = world.relays.snapshot();
    if (session === undefined) throw new Error('nothing plays');
    return world.relays.next(session.id, asked as StreamId | null);
  };
  const codeOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'none',
      (error: unknown) => (error as CoaxError).code,
    );

  function expectOneStream(player: Player): void {
    expect(checkTs(player.socket.bytes)).to.deep.include({ continuityErrors: [], timeJumps: [], aligned: true });
  }

  it('goes on with the next one when the first ends, stalls, or loses sync, within its deadline', async () => {
    for (const [reason, deadlineMs] of [
      ['ended', 0],
      ['stalled', 5_000],
      ['sync-lost', 3_000],
    ] as const) {
      switches = [];
      const world = observed(three);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const player = await watching(world);
      if (reason === 'ended') world.live?.end();
      const [first] = world.upstreams;
      for (let ms = 0; ms < deadlineMs + 1_600; ms += 200) {
        if (reason === 'sync-lost') first?.rubbish(1_000);
        // oxlint-disable-next-line no-await-in-loop
        await run(world, 200, ['s1']);
      }
      expect(paths(world), reason).to.equal('s1 s2');
      expect(first?.socket.destroyed).to.equal(true);
      expect(view(world)).to.include({ state: 'live', streamId: 's2', accountId: 'a2' });
      expect(view(world)?.failover).to.deep.include({ candidates: 3, candidate: 2, switches: 1 });
      expect(view(world)?.failover?.lastSwitch).to.include({ reason, from: 's1', to: 's2', toAccount: 'a2' });
      expect(switches.map(([why]) => why)).to.deep.equal([reason]);
      expect(switches[0]?.[1]).to.be.below(1_000);
      expectOneStream(player);
      player.reset();
      // oxlint-disable-next-line no-await-in-loop
      await clock.tickAsync(10_000);
      expect(clock.countTimers()).to.equal(0);
    }
  });

  it('gives the old connection back, and holds one lease', async () => {
    const world = observed(three);
    await watching(world);
    world.live?.end();
    await run(world, 400);
    expect(world.pool.leases().map(({ accountId, state }) => [accountId, state])).to.deep.equal([['a2', 'open']]);
  });

  it('opens the same one again at once when it ends after a long run, and the next when that fails', async () => {
    const world = observed(three);
    await watching(world);
    await run(world, 30_000);
    world.live?.end();
    await run(world, 400);
    expect(paths(world)).to.equal('s1 s1');
    expect(view(world)).to.deep.include({ streamId: 's1', reconnects: 1 });
    await run(world, 30_000);
    world.broken.set('s1', new CoaxError('UPSTREAM_NOT_FOUND'));
    world.live?.end();
    await run(world, 400);
    expect(paths(world)).to.equal('s1 s1 s1 s2');
    expect(switches.map(([reason]) => reason)).to.deep.equal(['ended']);
  });

  it('is over with a stream that has an end, and is not opened again', async () => {
    const world = new World({ streams: { c1: ['s1'] } });
    const player = await watching(world);
    await run(world, 40_000);
    world.live?.end(true);
    await run(world, 5_000);
    expect(paths(world)).to.equal('s1');
    expect(player.socket.writableEnded).to.equal(true);
    expect(world.relays.snapshot()).to.deep.equal([]);
  });

  it('goes on with the next stream after one that has an end', async () => {
    const world = observed(three);
    await watching(world);
    await run(world, 40_000);
    world.live?.end(true);
    await run(world, 1_000);
    expect(paths(world)).to.equal('s1 s2');
  });

  it('passes over streams that fail to open, each once, and comes back to the first after all', async () => {
    const world = observed(three);
    const player = await watching(world);
    world.broken.set('s2', new CoaxError('UPSTREAM_NOT_FOUND'));
    world.broken.set('s3', new CoaxError('UPSTREAM_BAD_CONTENT'));
    world.live?.end();
    await run(world, 1_000);
    expect(paths(world)).to.equal('s1 s2 s3 s1');
    expect(view(world)).to.include({ state: 'live', streamId: 's1' });
    expect(switches).to.deep.equal([]);
    expectOneStream(player);
    const health = (stream: string) => world.relays.healthOf(stream as StreamId);
    expect(health('s2')).to.deep.include({ state: 'resting', failures: 1 });
    expect(health('s2').lastFailure).to.include({ code: 'UPSTREAM_NOT_FOUND', reason: 'open-error', accountId: 'a2' });
    expect(health('s3').lastFailure).to.include({ reason: 'wrong-body' });
    player.reset();
    await clock.tickAsync(900_001);
    expect(health('s2')).to.deep.equal({ state: 'good', failures: 0 });
  });

  it('does not wait long for a stream that sends no picture while there is another', async () => {
    const world = observed(three);
    await watching(world);
    world.live?.end();
    await run(world, 5_600, ['s2']);
    expect(paths(world)).to.equal('s1 s2 s3');
    expect(view(world)?.streamId).to.equal('s3');
  });

  it('never goes to and fro and to again within 20 s', async () => {
    const world = observed({ ...three, streams: { c1: ['s1', 's2'] }, settings: { stallMs: 60_000 } });
    await watching(world);
    for (let n = 0; n < 3; n++) {
      world.live?.end();
      // oxlint-disable-next-line no-await-in-loop
      await run(world, 1_000);
    }
    // Again to s2 would be the third change between the two.
    expect(paths(world)).to.equal('s1 s2 s1 s1');
    await run(world, 18_000);
    world.live?.end();
    await run(world, 1_000);
    expect(paths(world)).to.equal('s1 s2 s1 s1 s2');
  });

  it('gives up after so many attempts in a minute, and tells the last error', async () => {
    const world = observed(three);
    const player = await watching(world);
    for (const stream of ['s1', 's2', 's3']) world.broken.set(stream, new CoaxError('UPSTREAM_UNREACHABLE'));
    world.live?.end();
    await run(world, 60_000);
    expect(player.socket.writableEnded).to.equal(true);
    expect(world.upstreams.length).to.be.within(5, 1 + 10);
    await clock.tickAsync(5_000);
    expect([world.relays.snapshot(), world.pool.leases(), clock.countTimers()]).to.deep.equal([[], [], 0]);
  });

  it('is opened at the stream that did not fail lately', async () => {
    const world = observed(three);
    world.broken.set('s1', new CoaxError('UPSTREAM_NOT_FOUND'));
    const first = await watching(world);
    expect(paths(world)).to.equal('s1 s2');
    first.reset();
    await run(world, 10_000);
    world.broken.delete('s1');
    (await watching(world, 'c1', 'v2')).reset();
    expect(paths(world)).to.equal('s1 s2 s2');
    await run(world, 20_000);
    await watching(world, 'c1', 'v3');
    expect(paths(world)).to.equal('s1 s2 s2 s1');
  });

  it('does not blame a stream for an account that is full', async () => {
    const world = observed(three);
    await watching(world);
    world.broken.set('s2', new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'));
    world.live?.end();
    await run(world, 8_000);
    expect(view(world)?.streamId).to.equal('s3');
    expect(world.relays.healthOf('s2' as StreamId)).to.deep.equal({ state: 'good', failures: 0 });
  });

  it('leaves a stream alone that another channel plays on the same account', async () => {
    const world = observed({ ...three, streams: { c1: ['s1', 's2', 's3'], c2: ['s2'] } });
    await watching(world, 'c2', 'v2');
    await watching(world, 'c1', 'v1');
    world.upstreams.find(({ path }) => path === 's1')?.end();
    await run(world, 600);
    expect(paths(world)).to.equal('s2 s1 s3');
  });

  it('uses another connection of the account for the same stream, where another channel has one', async () => {
    const world = observed({
      ...three,
      streams: { c1: ['s1', 's2'], c2: ['s2'] },
      accountsOf: { s2: ['a2', 'a3'] },
    });
    await watching(world, 'c2', 'v2');
    await watching(world, 'c1', 'v1');
    world.upstreams.find(({ path }) => path === 's1')?.end();
    await run(world, 600);
    expect(world.upstreams.map(({ path, account }) => path + account)).to.deep.equal(['s2a2', 's1a1', 's2a3']);
  });

  describe('whose provider sends the same again and again', () => {
    /** Two seconds, the second of them with larger pictures: no still picture is coded like this. */
    const clip = Buffer.concat(
      [200_000, 500_000].map((bitRate, n) =>
        syntheticClip(1_000, { bitRate, keyFrameMs: 500, startPts: (1 + n) * 90_000, firstStamp: n * 1_000 }),
      ),
    );

    /** The clip over and over on one stream; with `going`, in times that go on. */
    async function loop(world: World, stream: string, rounds: number, going: boolean): Promise<void> {
      for (let n = 0; n < rounds; n++) {
        const copy = Buffer.from(clip);
        for (let at = 0; at < copy.length; at += 188) shiftTimes(copy, at, going ? n * 180_000 : 0);
        for (const upstream of world.openUpstreams) if (upstream.path === stream) upstream.play(copy);
        // oxlint-disable-next-line no-await-in-loop -- time passes step by step
        await run(world, 2_000, [stream]);
      }
    }

    for (const [reason, going] of [
      ['slate', true],
      ['looping-times', false],
    ] as const)
      it(`goes on with the next stream, which begins while the old one still plays: ${reason}`, async () => {
        const world = observed(three);
        const player = world.open('c1', 'v1');
        await clock.tickAsync(10);
        await loop(world, 's1', 6, going);
        expect(paths(world)).to.equal('s1 s2');
        expect(view(world)).to.include({ state: 'live', streamId: 's2' });
        expect(switches).to.deep.equal([[reason, 0]]);
        expect(player.isPiped).to.equal(true);
        expect(world.relays.healthOf('s1' as StreamId)).to.deep.include({ state: 'resting', failures: 1 });
        expect(world.relays.healthOf('s1' as StreamId).restsUntil).to.be.above(Date.now() + 200_000);
      });

    it('stays with what there is where the channel has nothing else', async () => {
      const world = observed({});
      const player = world.open('c1', 'v1');
      await clock.tickAsync(10);
      await loop(world, 'c1', 8, true);
      expect(world.upstreams).to.have.length(1);
      expect(player.isPiped).to.equal(true);
      expect(view(world)).to.include({ state: 'live' });
    });

    it('does not look where it is turned off', async () => {
      const world = observed({ ...three, settings: { loopMs: 0 } });
      world.open('c1', 'v1');
      await clock.tickAsync(10);
      await loop(world, 's1', 8, true);
      expect(paths(world)).to.equal('s1');
    });
  });

  describe('that is switched by hand', () => {
    it('goes round its streams, and the old one plays on until the new one has a picture', async () => {
      const world = observed(three);
      const player = await watching(world);
      for (const to of ['s2', 's3', 's1']) {
        const old = world.live;
        const done = next(world);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await clock.tickAsync(50);
        expect(old?.socket.destroyed, 'not before the other has a picture').to.equal(false);
        expect(world.openUpstreams).to.have.length(2);
        world.openUpstreams.at(-1)?.send(10);
        expect(old?.socket.destroyed, 'in the same turn').to.equal(true);
        // oxlint-disable-next-line no-await-in-loop
        expect((await done)?.streamId).to.equal(to);
        // oxlint-disable-next-line no-await-in-loop
        await run(world, 400);
        expect(world.pool.leases()).to.have.length(1);
      }
      expect(switches).to.deep.equal([
        ['by-hand', 0],
        ['by-hand', 0],
        ['by-hand', 0],
      ]);
      expectOneStream(player);
      expect(view(world)?.failover).to.deep.include({ switches: 3, attempts: 0 });
    });

    it('closes the old one first where one connection is all there is', async () => {
      const world = observed({ streams: { c1: ['s1', 's2'] } });
      const player = await watching(world);
      const done = next(world);
      await run(world, 600);
      expect((await done)?.streamId).to.equal('s2');
      expect(world.pool.leases()).to.have.length(1);
      expect(paths(world)).to.equal('s1 s2');
      expectOneStream(player);
    });

    it('keeps the old one when the new one can not be opened', async () => {
      for (const options of [three, { streams: { c1: ['s1', 's2'] } }]) {
        const world = observed(options);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const player = await watching(world);
        world.broken.set('s2', new CoaxError('UPSTREAM_NOT_FOUND'));
        const code = codeOf(next(world, 's2'));
        // oxlint-disable-next-line no-await-in-loop
        await run(world, 2_000);
        // oxlint-disable-next-line no-await-in-loop
        expect(await code).to.equal('UPSTREAM_NOT_FOUND');
        expect(view(world)).to.include({ state: 'live', streamId: 's1' });
        expectOneStream(player);
      }
    });

    it('refuses where there is one stream only, where it plays already, and what it does not have', async () => {
      const single = observed({});
      await watching(single);
      expect(await codeOf(next(single))).to.equal('CONFLICT');
      const world = observed(three);
      await watching(world);
      expect(await codeOf(next(world, 's1'))).to.equal('CONFLICT');
      expect(await codeOf(next(world, 'nothing'))).to.equal('NOT_FOUND');
      const first = codeOf(next(world, 's3'));
      expect(await codeOf(next(world))).to.equal('CONFLICT');
      await run(world, 600);
      expect(await first).to.equal('none');
      expect(view(world)?.streamId).to.equal('s3');
    });

    it('goes on at once with the new one when the old one is lost meanwhile', async () => {
      const world = observed(three);
      await watching(world);
      const done = next(world, 's3');
      await clock.tickAsync(20);
      world.upstreams[0]?.end();
      await run(world, 600);
      expect((await done)?.streamId).to.equal('s3');
      expect(paths(world)).to.equal('s1 s3');
      expect(world.pool.leases()).to.have.length(1);
    });

    it('leaves nothing behind when everybody goes in the middle of it', async () => {
      const world = observed(three);
      const player = await watching(world);
      const code = codeOf(next(world));
      await clock.tickAsync(3);
      player.reset();
      for (const { id } of world.relays.snapshot()) world.relays.stop(id);
      await clock.tickAsync(5_000);
      expect(await code).to.equal('CANCELLED');
      expect([world.relays.snapshot(), world.openUpstreams, world.pool.leases()]).to.deep.equal([[], [], []]);
      expect(clock.countTimers()).to.equal(0);
    });
  });
});
