import { expect } from 'chai';
import type sinon from 'sinon';
import { CoaxError } from '../../src/errors.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import type { SlateReason } from '../../src/relay/slate-reason.ts';
import type { CodecFacts } from '../../src/model/codec-facts.ts';
import type { OutputId, ViewerKey } from '../../src/model/ids.ts';
import { CapacityRefusal } from '../../src/relay/upstream.ts';
import { checkTs } from '../support/ts-check.ts';
import { type Player, World, type WorldOptions } from './world.ts';
import { fakeTime } from '../support/fake-time.ts';

const slates = { slates: true };

describe('A slate', () => {
  let clock: sinon.SinonFakeTimers;
  let reasons: SlateReason[];
  beforeEach(() => {
    reasons = [];
    clock = fakeTime();
  });
  afterEach(() => {
    clock.restore();
  });

  const makeWorld = (options: WorldOptions = {}): World =>
    new World({ observer: { ...blindObserver, slate: (reason) => reasons.push(reason) }, ...options });

  const view = (world: World, channel: string) =>
    world.relays.snapshot().find(({ channelId }) => String(channelId) === channel);

  /** The picture comes in time, without a gap, and the clock never goes back. */
  function expectOneStream({ socket: { bytes } }: Player): void {
    expect(checkTs(bytes)).to.deep.include({
      aligned: true,
      firstPat: 0,
      firstPmt: 1,
      firstKey: 2,
      continuityErrors: [],
      timeJumps: [],
    });
  }

  async function watching(world: World, channel = 'c1', who = 'v1', how = {}): Promise<Player> {
    const player = world.open(channel, who, how);
    await clock.tickAsync(10);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(player.socket.bytes.length).to.be.above(0);
    return player;
  }

  it('comes within 300 ms when all connections are in use, and makes way for the channel when one is free', async () => {
    const world = makeWorld({ settings: { lingerMs: 0 } });
    const other = await watching(world, 'c2', 'v2');
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(300);
    expect(player.isPiped).to.equal(true);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'All connections are in use' });
    expect(view(world, 'c1')).to.not.have.any.keys('leaseId', 'accountId');
    expect(checkTs(player.socket.bytes).seconds, 'a burst').to.be.within(2.5, 3.5);
    await clock.tickAsync(8_000);
    expect(checkTs(player.socket.bytes).seconds, 'at the pace of a channel').to.be.within(10.5, 11.5);
    expect(world.openUpstreams).to.have.length(1);
    expect(other.isPiped, 'nobody is disturbed').to.equal(true);
    other.reset();
    await clock.tickAsync(100);
    expect(world.live?.path).to.equal('c1');
    const before = player.socket.bytes.length;
    world.live?.send(100);
    await clock.tickAsync(0);
    expect(view(world, 'c1')).to.include({ state: 'live' }).and.to.not.have.property('reason');
    expect(player.socket.bytes.length).to.be.above(before + 15_000);
    expectOneStream(player);
    expect(reasons).to.deep.equal(['in-use']);
    player.reset();
    await clock.tickAsync(6_000);
    expect(clock.countTimers()).to.equal(0);
  });

  it('makes way for the channel before its first picture is complete', async () => {
    const world = makeWorld();
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(4_250);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'Starting…' });
    for (let n = 0; n < 60; n++) {
      world.live?.sendPackets(1);
      await clock.tickAsync(45);
    }
    for (let n = 0; n < 10; n++) world.live?.sendPackets(30);
    await clock.tickAsync(50);
    expect(view(world, 'c1')).to.include({ state: 'live' });
    expectOneStream(player);
    player.reset();
  });

  it('goes on when the source is lost before its first picture was complete', async () => {
    const world = makeWorld();
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(4_250);
    world.live?.sendPackets(3);
    await clock.tickAsync(20);
    world.live?.end();
    await clock.tickAsync(1_500);
    const before = player.socket.bytes.length;
    await clock.tickAsync(2_000);
    expect(player.socket.bytes.length).to.be.above(before + 5_000);
    world.live?.send(60);
    await clock.tickAsync(100);
    expectOneStream(player);
    player.reset();
  });

  /** Its provider is known to send nothing ahead: a channel of it was watched. */
  async function slowWorld(): Promise<World> {
    const facts: CodecFacts = {
      container: 'mpegts',
      video: [{ pid: 256, codec: 'h264', width: 1_280, height: 720 }],
      audio: [{ pid: 257, codec: 'aac', channels: 2, sampleRate: 48_000 }],
      subtitles: [],
      observedAt: 0,
      by: 'stream',
    };
    const world = makeWorld({ settings: { startingSlate: 'auto', lingerMs: 0 }, factsOf: () => facts, limit: 2 });
    const first = world.open('c1', 'v1', slates);
    for (let n = 0; n < 110; n++) {
      await clock.tickAsync(100);
      world.live?.send(3);
    }
    expect(reasons).to.deep.equal([]);
    first.reset();
    return world;
  }

  it('leads a channel in before the source, whose first picture may be faster than the reader of a media server', async () => {
    const world = await slowWorld();
    const stopped = new AbortController();
    const viewer = { key: 'v4' as ViewerKey, label: 'v4' };
    const request = { channel: world.channel('c2'), viewer, outputId: 'main' as OutputId, signal: stopped.signal };
    const held = world.relays.hold({ ...request, slates: true });
    await clock.tickAsync(20);
    expect([reasons, world.live?.path]).to.deep.equal([['starting'], 'c2']);
    world.live?.send(5);
    await held;
    const player = world.open('c2', 'v4', slates);
    await clock.tickAsync(20);
    world.live?.send(25);
    await clock.tickAsync(20);
    expect(view(world, 'c2')?.state).to.equal('live');
    expect(checkTs(player.socket.bytes).seconds, 'what a first segment is made of').to.be.above(3);
    expectOneStream(player);
    player.reset();
    stopped.abort();
    await clock.tickAsync(1_000);
    const nobody = new AbortController();
    const lone = world.relays.hold({ ...request, channel: world.channel('c3'), signal: nobody.signal, slates: true });
    lone.catch(() => {});
    await clock.tickAsync(30_000);
    nobody.abort();
    await clock.tickAsync(1_000);
    expect(world.relays.snapshot(), 'nobody came').to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('leads a channel in at once where its provider is known to send nothing ahead', async () => {
    const world = await slowWorld();
    const recording = world.open('c2', 'v2', { ...slates, purpose: 'recording' });
    await clock.tickAsync(500);
    expect([reasons.length, recording.isPiped], 'not a recording').to.deep.equal([0, false]);
    const plain = world.open('c3', 'v3');
    const player = world.open('c3', 'v4', slates);
    await clock.tickAsync(150);
    expect([reasons, player.isPiped, plain.isPiped]).to.deep.equal([['starting'], true, false]);
    expect(checkTs(player.socket.bytes).seconds).to.be.within(2.5, 3.5);
    world.live?.send(60);
    await clock.tickAsync(50);
    expect([plain.isPiped, view(world, 'c3')?.state]).to.deep.equal([true, 'live']);
    expectOneStream(player);
    expectOneStream(plain);
    plain.reset();
    player.reset();
    await clock.tickAsync(500);
    const next = world.open('c4', 'v4', slates);
    await clock.tickAsync(20);
    world.live?.send(60);
    await clock.tickAsync(200);
    expect([world.live?.path, view(world, 'c4')?.state], 'a quick source').to.deep.equal(['c4', 'live']);
    expect(reasons).to.deep.equal(['starting', 'starting']);
    expect(checkTs(next.socket.bytes).seconds).to.be.above(4);
    expectOneStream(next);
    for (const one of [recording, next]) one.reset();
  });

  it('is not shown when a slot is on its way, as after a change of channels', async () => {
    const world = makeWorld({ coolingCapMs: 2_000 });
    await watching(world, 'c1', 'v1', slates);
    const next = world.open('c2', 'v1', slates);
    await clock.tickAsync(1_000);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(next.isPiped).to.equal(true);
    expect(reasons).to.deep.equal([]);
  });

  it('says at once that a channel is offline, tries it again with growing pauses, and ends cleanly after its time', async () => {
    const world = makeWorld({ settings: { slateMs: 60_000 } });
    world.failures.push(...Array.from({ length: 100 }, () => new CoaxError('UPSTREAM_NOT_FOUND')));
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(20);
    expect(player.isPiped).to.equal(true);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'This channel is offline' });
    await clock.tickAsync(59_900);
    expect(player.isPiped).to.equal(true);
    expect(world.upstreams.length).to.be.within(4, 8);
    expect(world.pool.leases()).to.deep.equal([]);
    await clock.tickAsync(300);
    expect(player.socket.writableEnded).to.equal(true);
    expectOneStream(player);
    expect(checkTs(player.socket.bytes).seconds).to.be.within(61, 64);
    await clock.tickAsync(3_000);
    expect(world.relays.snapshot()).to.deep.equal([]);
    expect(clock.countTimers()).to.equal(0);
    expect(reasons).to.deep.equal(['offline']);
  });

  for (const [error, words] of [
    [new CapacityRefusal(new CoaxError('UPSTREAM_CAPACITY'), 'refused'), 'All connections are in use'],
    [new CoaxError('UPSTREAM_REFUSED'), 'The provider refuses this channel'],
    [new CoaxError('UPSTREAM_BAD_CONTENT'), 'This channel is offline'],
    [new CoaxError('UPSTREAM_UNREACHABLE'), 'This channel is offline'],
  ] as const)
    it(`says "${words}" after ${error.code}`, async () => {
      const world = makeWorld();
      world.failures.push(...Array.from({ length: 100 }, () => error));
      const player = world.open('c1', 'v1', slates);
      await clock.tickAsync(3_000);
      expect(player.isPiped).to.equal(true);
      expect(view(world, 'c1')).to.include({ state: 'slate', reason: words });
      player.reset();
      await clock.tickAsync(6_000);
      expect(clock.countTimers()).to.equal(0);
    });

  it('says that a channel is starting when its first picture takes long', async () => {
    const world = makeWorld();
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(3_900);
    expect(player.isWaiting).to.equal(true);
    await clock.tickAsync(300);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'Starting…' });
    expect(player.isPiped).to.equal(true);
    world.live?.send(60);
    await clock.tickAsync(0);
    expect(view(world, 'c1')?.state).to.equal('live');
    expectOneStream(player);
  });

  it('is shared by the viewers of a channel, each for a time of their own', async () => {
    const world = makeWorld({ settings: { slateMs: 8_000, stallMs: 60_000 } });
    await watching(world, 'c2', 'v9');
    const first = world.open('c1', 'v1', slates);
    await clock.tickAsync(3_000);
    const second = world.open('c1', 'v2', slates);
    await clock.tickAsync(0);
    expect(second.isPiped, 'at once').to.equal(true);
    expect(view(world, 'c1')?.consumers).to.have.length(2);
    await clock.tickAsync(5_500);
    expect([first.isPiped, second.isPiped]).to.deep.equal([false, true]);
    await clock.tickAsync(3_000);
    expect(second.isPiped).to.equal(false);
    expect(second.socket.writableEnded).to.equal(true);
    expect(world.pool.waiting).to.equal(0);
    for (const player of [first, second]) expectOneStream(player);
    expect(reasons).to.deep.equal(['in-use']);
  });

  it('is for those only who asked for it', async () => {
    const world = makeWorld({ settings: { stallMs: 60_000, lingerMs: 0 } });
    await watching(world, 'c2', 'v9');
    const asking = world.open('c1', 'v1', slates);
    const without = world.open('c1', 'v2');
    await clock.tickAsync(2_900);
    expect([asking.isPiped, without.isWaiting]).to.deep.equal([true, true]);
    await clock.tickAsync(200);
    expect(without.code).to.equal('NO_CAPACITY');
    const late = world.open('c1', 'v3');
    await clock.tickAsync(1_000);
    world.players[0]?.reset();
    await clock.tickAsync(100);
    world.live?.send(30);
    await clock.tickAsync(0);
    expect(late.isPiped).to.equal(true);
    expect(checkTs(late.socket.bytes).seconds, 'nothing of the slate').to.be.below(1.5);
    expectOneStream(late);
    expectOneStream(asking);
  });

  it('leaves nothing when its last viewer goes', async () => {
    const world = makeWorld();
    await watching(world, 'c2', 'v9');
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(1_000);
    expect(world.pool.waiting).to.equal(1);
    player.reset();
    expect(world.pool.waiting).to.equal(0);
    await clock.tickAsync(10);
    expect(view(world, 'c1')).to.equal(undefined);
  });

  it('follows a channel that is lost for good, for those who asked for it', async () => {
    const world = makeWorld({ settings: { stallMs: 60_000 } });
    const player = await watching(world, 'c1', 'v1', slates);
    const without = await watching(world, 'c1', 'v2');
    world.failures.push(...Array.from({ length: 8 }, () => new CoaxError('UPSTREAM_NOT_FOUND')));
    world.live?.end();
    await clock.tickAsync(16_000);
    expect(without.socket.writableEnded, 'as without slates').to.equal(true);
    expect(player.isPiped).to.equal(true);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'This channel is offline' });
    await clock.tickAsync(10_000);
    world.live?.send(50);
    await clock.tickAsync(0);
    expect(view(world, 'c1')?.state).to.equal('live');
    expectOneStream(player);
    expect(checkTs(without.socket.bytes).seconds).to.be.below(1.5);
  });

  it('says that a channel is opened anew when that takes longer than a buffer lasts', async () => {
    const world = makeWorld({ settings: { stallMs: 60_000 } });
    const player = await watching(world, 'c1', 'v1', slates);
    world.failures.push(...Array.from({ length: 20 }, () => new CoaxError('UPSTREAM_NOT_FOUND')));
    world.live?.end();
    await clock.tickAsync(5_000);
    expect(view(world, 'c1')?.state).to.equal('reconnecting');
    await clock.tickAsync(1_500);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'Reconnecting…' });
    await clock.tickAsync(20_000);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'This channel is offline' });
    expectOneStream(player);
    expect(reasons, 'one slate').to.deep.equal(['reconnecting']);
  });

  it('is bounded for a channel that comes and breaks again and again', async () => {
    const world = makeWorld({ settings: { stallMs: 60_000, slateMs: 40_000 } });
    const player = await watching(world, 'c1', 'v1', slates);
    for (let second = 0; second < 120 && player.isPiped; second++) {
      if (second % 9 === 0) {
        world.live?.send(10);
        world.live?.end();
      }
      // oxlint-disable-next-line no-await-in-loop -- second by second
      await clock.tickAsync(1_000);
    }
    expect(player.isPiped).to.equal(false);
    expect(world.upstreams.length).to.be.below(30);
    expectOneStream(player);
  });

  it('ends a stream that the channel can not go on in', async () => {
    const facts = { container: 'mpegts', video: [{ codec: 'hevc' }], audio: [], subtitles: [] } as const;
    const world = makeWorld({
      factsOf: () => ({ ...facts, observedAt: 0, by: 'stream' }),
      settings: { lingerMs: 0 },
    });
    const other = await watching(world, 'c2', 'v9');
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(500);
    other.reset();
    await clock.tickAsync(100);
    world.live?.send(10);
    await clock.tickAsync(0);
    expect(player.socket.writableEnded).to.equal(true);
    expectOneStream(player);
  });

  it('is no reason to reject a channel that has nothing to play', async () => {
    const world = makeWorld({ streams: { c1: [] } });
    const player = world.open('c1', 'v1', slates);
    await clock.tickAsync(100);
    expect(player.isPiped).to.equal(true);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'This channel is offline' });
    await clock.tickAsync(61_000);
    expect(player.socket.writableEnded).to.equal(true);
  });
});
