import { expect } from 'chai';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { relayStates, relayTransitions } from '../../src/relay/relay-state.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { countPieces } from './piece-check.ts';
import { type Player, World } from './world.ts';
import { fakeTime } from '../support/fake-time.ts';

describe('Relay', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  /** A relay that is live, with one player. */
  async function watching(world: World, channel = 'c1', who = 'v1'): Promise<Player> {
    const player = world.open(channel, who);
    await clock.tickAsync(10);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(player.socket.bytes.length).to.be.above(0);
    return player;
  }

  /** More than fits in a small ring, in parts that a player who reads can take. */
  async function sendSlowly(world: World): Promise<void> {
    for (let part = 0; part < 16; part++) {
      world.live?.send(5);
      await clock.tickAsync(0);
    }
  }

  const state = (world: World): string | undefined => world.relays.snapshot()[0]?.state;

  it('destroys the upstream in the tick in which the last player leaves', async () => {
    const world = new World({ settings: { lingerMs: 0 } });
    const player = await watching(world);
    player.socket.reset();
    expect(world.upstreams[0]?.socket.destroyed).to.equal(true);
    expect(world.pool.leases()[0]?.state).to.equal('closing');
  });

  it('destroys the upstream in the tick in which the only player leaves while it connects', async () => {
    const world = new World();
    const player = world.open('c1', 'v1');
    await clock.tickAsync(1);
    player.reset();
    expect(world.pool.leases()[0]?.state).to.equal('closing');
    await clock.tickAsync(3_000);
    expect(player.code).to.equal('CANCELLED');
    expect(world.relays.snapshot()).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('does not linger when somebody waits for its connection', async () => {
    const world = new World({ settings: { lingerMs: 60_000 } });
    const first = await watching(world);
    world.open('c2', 'v2');
    await clock.tickAsync(0);
    first.reset();
    expect(world.upstreams[0]?.socket.destroyed).to.equal(true);
  });

  it('closes when the linger is over, and not when somebody came back before', async () => {
    const world = new World({ settings: { lingerMs: 5_000 } });
    const first = await watching(world);
    first.reset();
    expect(state(world)).to.equal('lingering');
    await clock.tickAsync(4_999);
    const second = world.open('c1', 'v1');
    await clock.tickAsync(0);
    expect(second.socket.bytes.length).to.be.above(0);
    await clock.tickAsync(4_999);
    second.reset();
    await clock.tickAsync(5_010);
    expect(world.relays.snapshot()).to.deep.equal([]);
  });

  it('gives a player who joins a running stream its first bytes without any time passing', async () => {
    const world = new World();
    await watching(world);
    const player = world.open('c1', 'v2');
    await Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => Promise.resolve());
    expect(player.consumer).to.not.equal(null);
    expect(player.socket.writableLength + player.socket.bytes.length).to.be.above(0);
  });

  it('opens anew after it has closed when a player comes while it closes', async () => {
    const world = new World({ settings: { lingerMs: 0 } });
    const first = await watching(world);
    first.reset();
    expect(state(world)).to.equal('closing');
    const second = world.open('c1', 'v2');
    await clock.tickAsync(100);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(world.upstreams).to.have.length(2);
    expect(second.socket.bytes.length).to.be.above(0);
  });

  it('reopens at once what ended after a long run, and with a growing pause what keeps ending', async () => {
    const world = new World({ settings: { stallMs: 60_000 } });
    await watching(world);
    await clock.tickAsync(30_000);
    world.live?.end();
    await clock.tickAsync(60);
    expect(world.upstreams).to.have.length(2);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(state(world)).to.equal('live');
    world.live?.end();
    await clock.tickAsync(200);
    expect(world.upstreams, 'a pause').to.have.length(2);
    await clock.tickAsync(400);
    expect(world.upstreams).to.have.length(3);
  });

  it('takes nothing from an upstream that was given up', async () => {
    const world = new World({ settings: { stallMs: 60_000 } });
    const player = await watching(world);
    await clock.tickAsync(30_000);
    world.live?.end();
    await clock.tickAsync(60);
    world.upstreams[0]?.stray(20);
    world.live?.send(10);
    await clock.tickAsync(0);
    world.upstreams[0]?.stray(20);
    await clock.tickAsync(0);
    const received = world.upstreams.map(({ record }) => Buffer.concat(record));
    expect(world.relays.snapshot()[0]?.bytesIn).to.equal(Buffer.concat(received).length);
    expect(countPieces(player.socket.bytes, received)).to.equal(2);
  });

  it('sends the players what is left and ends their sockets when the upstream is gone for good', async () => {
    const world = new World();
    const player = await watching(world);
    const slow = await watching(world, 'c1', 'v2');
    slow.socket.reading = false;
    world.failures.push(...Array.from({ length: 6 }, () => new CoaxError('UPSTREAM_NOT_FOUND')));
    world.live?.send(10);
    const whole = Buffer.concat(world.live?.record ?? []);
    world.live?.end();
    await clock.tickAsync(30_000 - 10_000);
    expect(world.upstreams).to.have.length(7);
    expect(player.socket.writableEnded).to.equal(true);
    expect(player.socket.bytes.subarray(-188).equals(whole.subarray(-188))).to.equal(true);
    expect(slow.socket.writableEnded).to.equal(true);
    slow.socket.flush();
    expect(slow.socket.bytes.subarray(-188).equals(whole.subarray(-188))).to.equal(true);
    await clock.tickAsync(3_000);
    expect(world.relays.snapshot()).to.deep.equal([]);
  });

  it('tells UPSTREAM_STALLED when no picture comes in time', async () => {
    const world = new World({ settings: { startMs: 4_000, stallMs: 60_000 } });
    const player = world.open('c1', 'v1');
    await clock.tickAsync(4_500);
    expect(player.code).to.equal('UPSTREAM_STALLED');
    await clock.tickAsync(3_000);
    expect(clock.countTimers()).to.equal(0);
  });

  it('waits on its lease when the provider still counts the last connection', async () => {
    const world = new World();
    const first = await watching(world);
    world.failures.push(new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'));
    const next = world.open('c2', 'v1');
    await clock.tickAsync(2_000);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(first.socket.destroyed).to.equal(true);
    expect(world.upstreams.map(({ path }) => path)).to.deep.equal(['c1', 'c2', 'c2']);
    expect(next.socket.bytes.length).to.be.above(0);
  });

  it('tries the only stream once more after a hiccup of the provider', async () => {
    const world = new World();
    world.failures.push(new CoaxError('UPSTREAM_ERROR'));
    const player = world.open('c1', 'v1');
    await clock.tickAsync(400);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(world.upstreams).to.have.length(2);
    expect(player.socket.bytes.length).to.be.above(0);
  });

  it('hands its players to the relay that serves the next stream of the channel already', async () => {
    const world = new World({ limit: 2, streams: { c2: ['c2', 'c1'] } });
    await watching(world, 'c1', 'v1');
    world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
    const player = world.open('c2', 'v2');
    await clock.tickAsync(100);
    expect(player.socket.bytes.length).to.be.above(0);
    expect(world.upstreams.map(({ path }) => path)).to.deep.equal(['c1', 'c2']);
    expect(world.relays.snapshot().map(({ title, consumers }) => [title, consumers.length])).to.deep.equal([['c1', 2]]);
  });

  it('ends once, whatever else ends it at the same time', async () => {
    const ends: (string | null)[] = [];
    const counts = { consumers: 0, relays: 0, sent: 0 };
    const world = new World({
      observer: {
        ...blindObserver,
        ended: (code) => ends.push(code),
        consumers: (change) => (counts.consumers += change),
        relays: (change) => (counts.relays += change),
        bytes: (_received, sent) => (counts.sent += sent),
      },
    });
    const player = await watching(world);
    expect(counts).to.include({ consumers: 1, relays: 1 });
    const [session] = world.relays.snapshot();
    expect(session && world.relays.stop(session.id)).to.equal(true);
    expect(session && world.relays.stop(session.id)).to.equal(false);
    world.upstreams[0]?.end();
    player.reset();
    await Promise.all([world.relays[Symbol.asyncDispose](), clock.tickAsync(5_000)]);
    expect(ends).to.deep.equal(['STREAM_STOPPED']);
    expect(counts).to.deep.equal({ consumers: 0, relays: 0, sent: player.socket.bytes.length });
  });

  it('shows what it is and does', async () => {
    const world = new World();
    const player = await watching(world);
    await clock.tickAsync(1_000);
    world.live?.send(25);
    await clock.tickAsync(1_000);
    const [view] = world.relays.snapshot();
    const received = Buffer.concat(world.live?.record ?? []).length;
    expect(view).to.include({
      kind: 'live',
      state: 'live',
      channelId: 'c1',
      streamId: 'c1',
      accountId: 'a1',
      bytesIn: received,
    });
    expect(view?.bytesOut).to.equal(player.socket.bytes.length);
    expect(view?.bitRate).to.be.above(0);
    expect(view?.bufferedMs).to.equal(2_000);
    expect(view?.consumers[0]).to.deep.include({
      bytes: player.socket.bytes.length,
      lagMs: 0,
      skips: 0,
      outputId: 'default',
    });
  });

  it('lets a slow player skip to a key frame, and drops one that skips again and again', async () => {
    const world = new World({ settings: { ringBytes: 30_000, clientBufferBytes: 10_000 } });
    const fast = await watching(world);
    const slow = await watching(world, 'c1', 'v2');
    for (let lap = 0; lap < 4; lap++) {
      slow.socket.reading = false;
      await sendSlowly(world);
      slow.socket.reading = true;
      slow.socket.flush();
      await clock.tickAsync(0);
    }
    const view = world.relays.snapshot()[0]?.consumers[1];
    expect(view?.skips).to.equal(4);
    const records = world.upstreams.map(({ record }) => Buffer.concat(record));
    expect(countPieces(slow.socket.bytes, records)).to.equal(5);
    slow.socket.reading = false;
    await sendSlowly(world);
    slow.socket.flush();
    expect(slow.socket.destroyed).to.equal(true);
    expect(
      countPieces(
        fast.socket.bytes,
        records.map(() => Buffer.concat(world.live?.record ?? [])),
      ),
    ).to.equal(1);
  });

  it('drops a player that reads nothing for too long', async () => {
    const world = new World({ settings: { writeProgressMs: 3_000 } });
    await watching(world);
    const deaf = await watching(world, 'c1', 'v2');
    deaf.socket.reading = false;
    for (let second = 0; second < 5; second++) {
      world.live?.send(5);
      await clock.tickAsync(1_000);
    }
    expect(deaf.socket.destroyed).to.equal(true);
    expect(world.relays.snapshot()[0]?.consumers).to.have.length(1);
  });

  describe('with a player that takes no write', () => {
    /** For so many seconds, with one frame each. */
    async function play(world: World, seconds: number): Promise<void> {
      for (let n = 0; n < seconds; n++) {
        world.live?.send(1);
        await clock.tickAsync(1_000);
      }
    }
    async function stuck(sendQueueOf: () => Promise<number | undefined | null>) {
      const world = new World({ settings: { writeProgressMs: 20_000 }, sendQueueOf });
      const player = await watching(world);
      player.socket.reading = false;
      return { world, player };
    }

    it('keeps it as long as the kernel tells that it takes something', async () => {
      let held = 4_000_000;
      let isTaking = true;
      const { world, player } = await stuck(async () => (isTaking ? (held -= 10_000) : held));
      await play(world, 90);
      expect(player.isPiped).to.equal(true);
      isTaking = false;
      await play(world, 26);
      expect(player.socket.destroyed).to.equal(true);
    });

    it('drops it when the kernel tells that it takes nothing, also while writes still go through', async () => {
      let held = 0;
      const { world, player } = await stuck(async () => held);
      player.socket.reading = true;
      for (let n = 0; n < 26; n++) {
        held = player.socket.received.reduce((sum, { length }) => sum + length, 0);
        await play(world, 1);
      }
      expect(player.socket.writableLength).to.equal(0);
      expect(player.socket.destroyed).to.equal(true);
    });

    it('waits longer where the kernel can not be asked', async () => {
      const { world, player } = await stuck(async () => null);
      await play(world, 55);
      expect(player.isPiped).to.equal(true);
      await play(world, 10);
      expect(player.socket.destroyed).to.equal(true);
    });
  });

  it('reads the codecs once at the start', async () => {
    const told: string[] = [];
    const world = new World({
      onFacts: (channel, stream, facts) => told.push(`${channel} ${stream} ${facts.video[0]?.codec}`),
    });
    await watching(world);
    world.live?.send(100);
    await clock.tickAsync(61_000);
    world.live?.send(100);
    expect(told).to.deep.equal(['c1 c1 h264']);
  });

  it('has a way out of each state but the last', () => {
    for (const state of relayStates) expect(relayTransitions[state].length > 0).to.equal(state !== 'closed');
  });
});
