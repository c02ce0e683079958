import { expect } from 'chai';
import type sinon from 'sinon';
import type { OutputId } from '../../src/model/ids.ts';
import { checkTs } from '../support/ts-check.ts';
import { fakeTime } from '../support/fake-time.ts';
import { viewer } from './stage.ts';
import { type Player, World, type WorldOptions } from './world.ts';

describe('What a live stream is for', () => {
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  const preempting: WorldOptions = { pool: { recordingsPreempt: () => true }, settings: { stallMs: 10_000 } };
  const view = (world: World, channel: string) =>
    world.relays.snapshot().find(({ channelId }) => String(channelId) === channel);
  const purposes = (world: World) => world.pool.leases().map(({ purpose }) => purpose);

  async function open(world: World, ...[name, who, how]: Parameters<World['open']>): Promise<Player> {
    const player = world.open(name, who, how);
    await clock.tickAsync(10);
    world.live?.send(10);
    await clock.tickAsync(0);
    return player;
  }

  it('is the most important of what its readers want, as they come and go', async () => {
    const world = new World({ limit: 2 });
    const watching = await open(world, 'c1', 'v1');
    expect(purposes(world)).to.deep.equal(['live']);
    const recording = await open(world, 'c1', 'v2', { purpose: 'recording' });
    expect(purposes(world)).to.deep.equal(['recording']);
    watching.reset();
    expect(purposes(world)).to.deep.equal(['recording']);
    const again = await open(world, 'c1', 'v1');
    recording.reset();
    expect(purposes(world)).to.deep.equal(['live']);
    again.reset();
  });

  it('a viewer who shares the channel of a recording is safe from another recording', async () => {
    const world = new World(preempting);
    const watching = await open(world, 'c1', 'v1');
    await open(world, 'c1', 'r1', { purpose: 'recording' });
    const late = world.open('c2', 'r2', { purpose: 'recording' });
    await clock.tickAsync(3_100);
    expect([watching.isPiped, late.code]).to.deep.equal([true, 'NO_CAPACITY']);
  });

  it('a recording waits for who watches, unless it is allowed to take the connection', async () => {
    const world = new World();
    const watching = await open(world, 'c1', 'v1');
    const recording = world.open('c2', 'r', { purpose: 'recording' });
    await clock.tickAsync(3_100);
    expect([watching.isPiped, recording.code]).to.deep.equal([true, 'NO_CAPACITY']);
  });

  it('who loses the connection to a recording sees why, and has the channel again as soon as one is free', async () => {
    const world = new World(preempting);
    const watching = await open(world, 'c1', 'v1', { slates: true });
    const recording = world.open('c2', 'r', { purpose: 'recording' });
    expect(world.openUpstreams[0]?.socket.destroyed, 'in the same turn').to.equal(true);
    await clock.tickAsync(60);
    expect(view(world, 'c1')).to.include({ state: 'slate', reason: 'A recording needs this connection' });
    expect(view(world, 'c1')).to.not.have.any.keys('leaseId', 'accountId');
    world.live?.send(10);
    await clock.tickAsync(5_000);
    expect([recording.isPiped, watching.isPiped, world.openUpstreams.length]).to.deep.equal([true, true, 1]);
    expect(view(world, 'c1'), 'as long as none is free').to.include({ reason: 'A recording needs this connection' });
    recording.reset();
    await clock.tickAsync(6_000);
    expect(world.live?.path).to.equal('c1');
    world.live?.send(40);
    await clock.tickAsync(0);
    expect(view(world, 'c1')).to.include({ state: 'live' });
    expect(checkTs(watching.socket.bytes)).to.deep.include({ continuityErrors: [], timeJumps: [], firstKey: 2 });
    watching.reset();
    await clock.tickAsync(10_000);
    expect(clock.countTimers()).to.equal(0);
  });

  it('the slate of who lost is bounded, and the stream ends after it', async () => {
    const world = new World({ ...preempting, settings: { slateMs: 5_000, stallMs: 60_000 } });
    const watching = await open(world, 'c1', 'v1', { slates: true });
    await open(world, 'c2', 'r', { purpose: 'recording' });
    await clock.tickAsync(4_500);
    expect(watching.isPiped).to.equal(true);
    await clock.tickAsync(1_000);
    expect(watching.isPiped).to.equal(false);
    expect(view(world, 'c1')).to.equal(undefined);
  });

  it('who is not shown slates ends at once, and is told what took the connection', async () => {
    const world = new World(preempting);
    const watching = await open(world, 'c1', 'v1');
    const waiting = world.open('c3', 'v3');
    await open(world, 'c2', 'r', { purpose: 'recording' });
    expect([watching.isPiped, waiting.isWaiting]).to.deep.equal([false, true]);
    expect(view(world, 'c1')).to.equal(undefined);
    waiting.reset();
  });

  it('who is still waiting for the first picture is told in the same way', async () => {
    const world = new World(preempting);
    const [plain, shown] = [world.open('c1', 'v1'), world.open('c1', 'v2', { slates: true })];
    await clock.tickAsync(1);
    world.open('c2', 'r', { purpose: 'recording' });
    await clock.tickAsync(300);
    expect(plain.error).to.include({ code: 'TAKEN_OVER', message: 'A recording needs this connection' });
    expect(plain.error?.details).to.deep.equal({ by: 'recording' });
    expect(shown.isPiped).to.equal(true);
    expect(view(world, 'c1')).to.include({ reason: 'A recording needs this connection' });
  });

  it('a host’s recording that is not read for a moment keeps its connection', async () => {
    const world = new World({ settings: { stallMs: 60_000 } });
    const gone = new AbortController();
    const hold = world.relays.hold({
      channel: world.channel('c1'),
      viewer: viewer('r'),
      outputId: 'o' as OutputId,
      signal: gone.signal,
      purpose: 'recording',
    });
    await clock.tickAsync(10);
    world.live?.send(10);
    await hold;
    await clock.tickAsync(8_000);
    const other = world.open('c2', 'v2');
    await clock.tickAsync(2_000);
    expect([purposes(world), other.isWaiting]).to.deep.equal([['recording'], true]);
    gone.abort();
    await clock.tickAsync(100);
    expect(world.live?.path).to.equal('c2');
    other.reset();
  });
});
