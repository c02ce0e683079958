import { expect } from 'chai';
import { stageHost } from './host-stage.ts';

describe('Streams of a host, and their slots', () => {
  const stage = stageHost();
  const { open, read, pass, paths } = stage;

  it('give their slot at once to another viewer when their reader has gone', async () => {
    const stream = open('c1', 'tv');
    await pass(500);
    const reader = read(stream);
    await pass(500);
    reader.close();
    const player = stage.world.open('c2', 'v1');
    await pass(500);
    expect(player.isPiped).to.equal(true);
    expect(paths()).to.deep.equal(['c2']);
    expect(stream.view().state).to.equal('idle');
    player.reset();
  });

  it('keep their slot for the first seconds, in which their reader comes, and not longer', async () => {
    open('c1', 'tv');
    await pass(3_000);
    const player = stage.world.open('c2', 'v1');
    await pass(1_500);
    expect(paths()).to.deep.equal(['c1']);
    await pass(1_500);
    expect(paths()).to.deep.equal(['c2']);
    expect(player.isPiped).to.equal(true);
    player.reset();
  });

  it('are taken over by the next channel of their device, before their reader came or while it reads', async () => {
    const first = open('c1', 'tv');
    await pass(500);
    const second = open('c2', 'tv', [first]);
    await pass(1_000);
    expect(paths()).to.deep.equal(['c2']);
    expect(first.view()).to.include({ state: 'idle' });
    const reader = read(second);
    await pass(500);
    const third = open('c3', 'tv', [second]);
    await pass(1_000);
    expect(paths()).to.deep.equal(['c3']);
    expect(reader.isServed).to.equal(false);
    expect(second.view()).to.include({ state: 'idle', readers: 0 });
    expect(third.view()).to.include({ state: 'live' });
  });

  it('give way also when their host named no device', async () => {
    const first = open('c1');
    const reader = read(first);
    await pass(500);
    open('c2', undefined, []);
    await pass(1_000);
    expect(paths(), 'a stranger waits').to.deep.equal(['c1']);
    open('c3', 'tv', [first]);
    await pass(1_000);
    expect(paths()).to.deep.equal(['c3']);
    expect(reader.isServed).to.equal(false);
  });

  it('do not take the slot back when the reader of a stream that was taken over comes again', async () => {
    const first = open('c1', 'tv');
    const before = read(first);
    await pass(500);
    const second = open('c2', 'tv', [first]);
    const reader = read(second);
    await pass(1_000);
    expect(before.isServed).to.equal(false);
    const again = read(first);
    await pass(4_000);
    expect(reader.isServed).to.equal(true);
    expect(again.isServed, 'with a slate').to.equal(true);
    expect(first.view()).to.include({ state: 'slate', reason: 'All connections are in use', readers: 1 });
    expect(paths()).to.deep.equal(['c2']);
    reader.close();
    await pass(3_000);
    expect(first.view()).to.include({ state: 'live', readers: 1 });
    again.close();
    expect(first.view(), 'a hold came back').to.include({ state: 'live', readers: 0 });
    await pass(10_000);
    expect(paths()).to.deep.equal(['c1']);
  });

  it('get their slot back when their device has come back to them, as often as it goes to and fro', async () => {
    const first = open('c1', 'tv');
    read(first);
    await pass(500);
    const second = open('c2', 'tv', [first]);
    let reader = read(second);
    await pass(1_000);
    for (const [back, left] of [
      [first, second],
      [second, first],
      [first, second],
    ] as const) {
      expect(stage.streams.resume(back.id, [left.id, back.id])).to.equal(true);
      const coming = read(back);
      await pass(1_000);
      expect(paths()).to.deep.equal([back.channelId]);
      expect([coming.isServed, reader.isServed]).to.deep.equal([true, false]);
      expect(back.view()).to.include({ state: 'live', readers: 1 });
      reader = coming;
    }
    expect(stage.streams.resume('gone', [])).to.equal(false);
  });

  it('are not taken from those who share them, unless the host says that nobody does', async () => {
    const first = open('c1', 'tv');
    const both = [read(first), read(first)];
    await pass(500);
    both[0]!.close();
    open('c2', 'tv');
    await pass(1_000);
    expect(both[1]!.isServed).to.equal(true);
    open('c3', 'tv', [first]);
    await pass(1_000);
    expect(paths()).to.deep.equal(['c3']);
  });
});
