import { expect } from 'chai';
import type sinon from 'sinon';
import { silentLog } from '../../../src/log/log.ts';
import type { AccountId } from '../../../src/model/ids.ts';
import { Front } from '../../../src/relay/front.ts';
import { Pretune } from '../../../src/relay/pretune/pretune.ts';
import { fakeTime } from '../../support/fake-time.ts';
import { type Player, World, type WorldOptions } from '../world.ts';

/** Channels in zapping order. */
const order = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];

describe('Channels opened ahead', () => {
  let clock: sinon.SinonFakeTimers;
  let world: World;
  let pretune: Pretune;
  let seen: string[];
  let enabled: boolean;
  beforeEach(() => {
    clock = fakeTime();
    seen = [];
    enabled = true;
  });
  afterEach(() => {
    pretune.stop();
    clock.restore();
  });

  function build(options: WorldOptions, neighbours = 2): void {
    world = new World({ settings: { lingerMs: 0, stallMs: 600_000 }, ...options });
    pretune = new Pretune({
      relays: world.relays,
      settings: () => ({ enabled, neighbours }),
      neighbours: (_output, channel, count) => {
        const at = order.indexOf(channel);
        const channels = (names: readonly string[]) => names.slice(0, count).map((name) => world.channel(name));
        return { before: channels(order.slice(0, at).reverse()), after: channels(order.slice(at + 1)) };
      },
      hasSpare: (accounts, more) => world.pool.hasSpare(accounts, more),
      observe: (what) => seen.push(what),
      log: silentLog,
    });
    world.door = new Front({
      relays: world.relays,
      seats: world.pool.seats,
      began: (request) => pretune.began(request),
    });
  }

  /** Opens a channel and lets everything that is open send. */
  async function tune(name: string, who = 'v1', how: Parameters<World['open']>[2] = {}): Promise<Player> {
    const player = world.open(name, who, how);
    await settle();
    return player;
  }

  async function settle(): Promise<void> {
    for (let n = 0; n < 3; n++) {
      await clock.tickAsync(10);
      for (const upstream of world.openUpstreams) upstream.send(10);
    }
    await clock.tickAsync(0);
  }

  const open = () =>
    world.openUpstreams
      .filter(({ socket }) => !socket.destroyed)
      .map(({ path }) => path)
      .sort();

  it('are those on each side, then those onwards, as far as connections are to spare', async () => {
    build({ limit: 4 });
    const first = await tune('c3');
    expect(open()).to.deep.equal(['c2', 'c3', 'c4']);
    first.reset();
    await tune('c4');
    // What is let go cools before something else is opened.
    await clock.tickAsync(1_100);
    await settle();
    expect(open(), 'onwards').to.deep.equal(['c4', 'c5', 'c6']);
    expect(seen.filter((what) => what !== 'opened')).to.deep.equal(['hit']);
  });

  it('are there at once for who zaps to one, without another connection', async () => {
    build({ limit: 4 });
    await tune('c3');
    const before = world.upstreams.length;
    const player = world.open('c4', 'v1');
    await clock.tickAsync(0);
    expect(player.isPiped).to.equal(true);
    expect(player.socket.bytes.length).to.be.above(0);
    expect(world.upstreams.length).to.equal(before);
    expect(world.pool.leases().find((lease) => lease.purpose === 'live')).to.not.equal(undefined);
  });

  it('never take the last connection', async () => {
    build({ limit: 2 });
    await tune('c3');
    expect(open()).to.deep.equal(['c3']);
    expect(seen).to.deep.equal([]);
  });

  it('give way at once to who needs their connection', async () => {
    build({ limit: 3 }, 1);
    await tune('c1');
    expect(open()).to.deep.equal(['c1', 'c2']);
    await tune('c5', 'v2');
    await tune('c6', 'v3');
    await clock.tickAsync(100);
    await settle();
    expect(open()).to.deep.equal(['c1', 'c5', 'c6']);
  });

  it('leave as soon as others use the login, and come again when there is room', async () => {
    build({ limit: 4 }, 1);
    await tune('c1');
    expect(open()).to.deep.equal(['c1', 'c2']);
    world.pool.noteActiveConnections('a1' as AccountId, 4, performance.now() + 60_000);
    await clock.tickAsync(5_100);
    expect(open()).to.deep.equal(['c1']);
    world.pool.noteActiveConnections('a1' as AccountId, 1, performance.now() + 60_000);
    await clock.tickAsync(5_100);
    await settle();
    expect(open()).to.deep.equal(['c1', 'c2']);
  });

  it('end when the viewer has gone, not in the moment between two channels', async () => {
    build({ limit: 4 });
    const first = await tune('c3');
    first.reset();
    await clock.tickAsync(500);
    expect(open()).to.deep.equal(['c2', 'c4']);
    const second = await tune('c2');
    second.reset();
    await clock.tickAsync(3_100);
    expect([open(), pretune.size]).to.deep.equal([[], 0]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('are not opened beside a recording, nor while it is off', async () => {
    build({ limit: 4 });
    await tune('c3', 'r', { purpose: 'recording' });
    enabled = false;
    await tune('c5');
    expect(open()).to.deep.equal(['c3', 'c5']);
  });

  it('are shared by several viewers, and bounded for all of them', async () => {
    build({ limit: 30 }, 4);
    for (const [n, name] of order.entries()) await tune(name, `v${n}`);
    expect(pretune.size).to.be.at.most(8);
    build({ limit: 30 }, 1);
    await tune('c1', 'v1');
    await tune('c3', 'v2');
    expect(open()).to.deep.equal(['c1', 'c2', 'c3', 'c4']);
  });

  it('are let alone for a minute after they could not be opened', async () => {
    build({ limit: 4 }, 1);
    const { CoaxError } = await import('../../../src/errors.ts');
    await tune('c1').then(() => 0);
    pretune.stop();
    build({ limit: 4 }, 1);
    const player = world.open('c1', 'v1');
    await clock.tickAsync(7);
    for (let n = 0; n < 8; n++) world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
    await clock.tickAsync(3);
    world.live?.send(10);
    await settle();
    await clock.tickAsync(20_000);
    const tries = world.upstreams.filter(({ path }) => path === 'c2').length;
    expect(tries).to.be.above(0);
    await clock.tickAsync(30_000);
    expect(world.upstreams.filter(({ path }) => path === 'c2').length).to.equal(tries);
    player.reset();
  });
});
