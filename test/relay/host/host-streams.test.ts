import { expect } from 'chai';
import { CoaxError } from '../../../src/errors.ts';
import type { HostStream } from '../../../src/relay/host/host-stream.ts';
import { holdMs, type Reader, stageHost } from './host-stage.ts';

describe('Streams of a host', () => {
  const stage = stageHost();
  const { open, read, pass, paths } = stage;

  it('open their channel without a reader, and the reader begins with tables, a key frame and the backlog', async () => {
    const stream = open('c1', 'tv');
    expect(stream.view()).to.include({ state: 'opening', readers: 0, lastReaderAt: null, channelId: 'c1' });
    await pass(4_500);
    expect(stream.view()).to.include({ state: 'live', readers: 0 });
    const reader = read(stream);
    await stage.clock.tickAsync(0);
    expect(reader.isServed).to.equal(true);
    const sent = Buffer.concat(stage.world.upstreams[0]!.record).length;
    expect(reader.socket.bytes.length).to.be.greaterThan(sent * 0.8);
    expect(reader.socket.bytes.readUInt16BE(1) & 0x1fff, 'PAT first').to.equal(0);
    expect(stream.view()).to.include({ readers: 1 });
    expect(stage.world.upstreams).to.have.length(1);
  });

  it('let the provider go when nobody has read them for a while, and open it again for the next reader', async () => {
    const stream = open('c1', 'tv');
    await pass(holdMs - 500);
    expect(paths()).to.deep.equal(['c1']);
    await pass(1_500);
    expect(paths()).to.deep.equal([]);
    expect(stream.view()).to.include({ state: 'idle', readers: 0 });
    expect(stream.view()).to.not.have.property('reason');
    const reader = read(stream);
    await pass(1_000);
    expect(reader.isServed).to.equal(true);
    expect(stream.view()).to.include({ state: 'live', readers: 1 });
    await pass(holdMs * 2);
    expect(reader.isServed, 'a reader keeps it').to.equal(true);
  });

  it('stay open between two readers', async () => {
    const stream = open('c1', 'tv');
    await pass(500);
    const first = read(stream);
    await pass(500);
    first.close();
    expect(stream.view(), 'in the same turn').to.include({ state: 'live', readers: 0, lastReaderAt: Date.now() });
    await pass(holdMs - 1_000);
    const second = read(stream);
    await pass(500);
    expect(second.isServed).to.equal(true);
    expect(stage.world.upstreams).to.have.length(1);
    second.close();
    await pass(holdMs + 1_000);
    expect(paths()).to.deep.equal([]);
  });

  it('share one upstream, whoever reads', async () => {
    const [one, two] = [open('c1', 'tv'), open('c1', 'phone')];
    const player = stage.world.open('c1', 'v1');
    await pass(500);
    const all = [read(one), read(one), read(two)];
    await pass(500);
    expect(all.map(({ isServed }) => isServed)).to.deep.equal([true, true, true]);
    expect(player.isPiped).to.equal(true);
    expect([one.view().readers, two.view().readers]).to.deep.equal([2, 1]);
    expect(stage.world.upstreams).to.have.length(1);
    player.reset();
  });

  it('are served on after they were closed, until their readers leave, and take no new ones', async () => {
    const stream = open('c1', 'tv');
    const reader = read(stream);
    await pass(500);
    stage.streams.close(stream.id);
    stage.streams.close(stream.id);
    await pass(holdMs * 2);
    expect(reader.isServed).to.equal(true);
    expect(stage.streams.list().map(({ state, readers }) => [state, readers])).to.deep.equal([['ended', 1]]);
    const late = read(stream);
    await stage.clock.tickAsync(0);
    expect(late.code).to.equal('NOT_FOUND');
    reader.close();
    expect(stage.streams.list()).to.deep.equal([]);
    expect(stage.streams.get(stream.id)).to.equal(null);
    await pass(6_000);
    expect(paths()).to.deep.equal([]);
  });

  it('linger like a channel that was left when they are closed', async () => {
    const stream = open('c1', 'tv');
    await pass(1_000);
    stage.streams.close(stream.id);
    expect(stage.streams.list()).to.deep.equal([]);
    expect(paths()).to.deep.equal(['c1']);
    await pass(5_000);
    expect(paths()).to.deep.equal([]);
  });

  it('are closed at once when that happens before the provider has answered', async () => {
    const stream = open('c1', 'tv');
    await stage.clock.tickAsync(2);
    expect(paths()).to.deep.equal(['c1']);
    stage.streams.close(stream.id);
    await stage.clock.tickAsync(50);
    expect(paths()).to.deep.equal([]);
  });

  it('are forgotten when nobody has read them for ten minutes', async () => {
    const stream = open('c1', 'tv');
    await stage.clock.tickAsync(599_000);
    expect(stage.streams.get(stream.id)).to.equal(stream);
    await stage.clock.tickAsync(2_000);
    expect(stage.streams.get(stream.id)).to.equal(null);
    expect(stage.streams.size).to.equal(0);
  });

  it('say why a channel can not be opened, and try again for the next reader', async () => {
    stage.world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
    const stream = open('c1', 'tv');
    await pass(1_000);
    expect(stream.view()).to.include({
      state: 'idle',
      reason: 'The provider does not have this stream any more',
    });
    const reader = read(stream);
    await pass(1_000);
    expect(reader.isServed).to.equal(true);
    expect(stream.view()).to.not.have.property('reason');
  });

  it('show who watches as the host tells it, and for whom they are kept', async () => {
    const stream = open('c1', 'tv');
    await pass(500);
    expect(stage.world.relays.snapshot()[0]?.heldFor?.map(({ label }) => label)).to.deep.equal(['tv']);
    const reader = read(stream);
    await pass(500);
    stream.labels = ['Anna on Living room TV', 'Ben on Phone'];
    const labels = stage.world.relays.snapshot()[0]?.consumers.map(({ viewer }) => ({ ...viewer }).label);
    expect(labels).to.deep.equal(['Anna on Living room TV, Ben on Phone']);
    reader.close();
  });

  it('leave nothing behind after a thousand of them, however they ended', async () => {
    stage.begin({ limit: 2 });
    const open_: { stream: HostStream; reader: Reader | null }[] = [];
    for (let n = 0; n < 1_000; n++) {
      const last = open_.at(-1);
      const stream = open(
        `c${n % 7}`,
        n % 3 === 0 ? undefined : 'tv',
        last === undefined || n % 2 === 0 ? [] : [last.stream],
      );
      const reader = n % 4 === 0 ? null : read(stream);
      open_.push({ stream, reader });
      if (n % 5 === 0) await stage.clock.tickAsync(n % 30);
      if (n % 10 === 0) stage.world.live?.send(3);
      expect(stage.world.openUpstreams.filter(({ socket }) => !socket.destroyed).length).to.be.at.most(2);
      const done = open_.length > 3 ? open_.shift() : undefined;
      if (done === undefined) continue;
      if (n % 6 === 0) done.reader?.close();
      stage.streams.close(done.stream.id);
      if (n % 6 !== 0) done.reader?.close();
    }
    for (const { stream, reader } of open_) {
      reader?.close();
      stage.streams.close(stream.id);
    }
    await stage.clock.tickAsync(30_000);
    expect(stage.streams.list()).to.deep.equal([]);
    expect(stage.world.relays.snapshot()).to.deep.equal([]);
    expect(stage.world.pool.waiting).to.equal(0);
  });
});
