import { expect } from 'chai';
import type sinon from 'sinon';
import { CoaxError, toCoaxError } from '../../../src/errors.ts';
import type { CodecFacts } from '../../../src/model/codec-facts.ts';
import type { ChannelId, OutputId } from '../../../src/model/ids.ts';
import type { HostStream } from '../../../src/relay/host/host-stream.ts';
import { HostStreams } from '../../../src/relay/host/host-streams.ts';
import { FakeSocket, World, type WorldOptions } from '../world.ts';
import { fakeTime } from '../../support/fake-time.ts';

const holdMs = 15_000;
const facts: CodecFacts = {
  container: 'mpegts',
  video: [{ codec: 'h264' }],
  audio: [],
  subtitles: [],
  observedAt: 1,
  by: 'stream',
};

/** A host's ffmpeg: it reads until it is closed. */
class Reader {
  readonly socket = new FakeSocket();
  readonly gone = new AbortController();
  code: string | null = null;
  piped = false;

  constructor(stream: HostStream) {
    stream.read(this.gone.signal).then(
      (consumer) => {
        this.piped = true;
        consumer.pipe(this.socket.asSocket());
        this.socket.once('close', () => this.gone.abort());
      },
      (error: unknown) => {
        this.code = toCoaxError(error).code;
      },
    );
  }

  /** What the HTTP layer does in the tick in which the connection breaks. */
  close(): void {
    this.socket.reset();
    this.gone.abort();
  }

  get isServed(): boolean {
    return this.piped && !this.socket.destroyed && !this.socket.writableEnded;
  }
}

describe('Streams of a host', () => {
  let clock: sinon.SinonFakeTimers;
  let world: World;
  let streams: HostStreams;
  let readers: Reader[] = [];

  beforeEach(() => {
    clock = fakeTime();
    readers = [];
    begin();
  });
  afterEach(async () => {
    streams.stop();
    for (const reader of readers) reader.close();
    for (const player of world.players) player.reset();
    await clock.tickAsync(20_000);
    clock.restore();
    expect(world.openUpstreams, 'upstreams left').to.deep.equal([]);
    expect(world.pool.leases(), 'leases left').to.deep.equal([]);
  });

  function begin(options: WorldOptions = {}): void {
    world = new World({ settings: { stallMs: 60_000 }, ...options });
    streams = new HostStreams({ relays: world.relays, holdMs: () => holdMs });
  }

  function open(name: string, device?: string, replaces: readonly HostStream[] = []): HostStream {
    return streams.open({
      channelId: name as ChannelId,
      channel: () => world.channel(name),
      knownFacts: () => null,
      outputId: 'default' as OutputId,
      purpose: 'live',
      ...(device === undefined ? {} : { viewer: { key: device, label: device } }),
      replaces: replaces.map(({ id }) => id),
    });
  }

  function read(stream: HostStream): Reader {
    const reader = new Reader(stream);
    readers.push(reader);
    return reader;
  }

  /** Time passes, and the provider sends. */
  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await clock.tickAsync(Math.min(left, 500));
      world.live?.send(5);
    }
    await clock.tickAsync(0);
  }

  const paths = () => world.openUpstreams.map(({ path }) => path);

  it('open their channel without a reader, and the reader begins with tables, a key frame and the backlog', async () => {
    const stream = open('c1', 'tv');
    expect(stream.view()).to.include({ state: 'opening', readers: 0, lastReaderAt: null, channelId: 'c1' });
    await pass(4_500);
    expect(stream.view()).to.include({ state: 'live', readers: 0 });
    const reader = read(stream);
    await clock.tickAsync(0);
    expect(reader.isServed).to.equal(true);
    const sent = Buffer.concat(world.upstreams[0]!.record).length;
    expect(reader.socket.bytes.length).to.be.greaterThan(sent * 0.8);
    expect(reader.socket.bytes.readUInt16BE(1) & 0x1fff, 'PAT first').to.equal(0);
    expect(stream.view()).to.include({ readers: 1 });
    expect(world.upstreams).to.have.length(1);
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
    expect(world.upstreams).to.have.length(1);
    second.close();
    await pass(holdMs + 1_000);
    expect(paths()).to.deep.equal([]);
  });

  it('share one upstream, whoever reads', async () => {
    const [one, two] = [open('c1', 'tv'), open('c1', 'phone')];
    const player = world.open('c1', 'v1');
    await pass(500);
    const all = [read(one), read(one), read(two)];
    await pass(500);
    expect(all.map(({ isServed }) => isServed)).to.deep.equal([true, true, true]);
    expect(player.isPiped).to.equal(true);
    expect([one.view().readers, two.view().readers]).to.deep.equal([2, 1]);
    expect(world.upstreams).to.have.length(1);
    player.reset();
  });

  it('give their slot at once to another viewer when their reader has gone', async () => {
    const stream = open('c1', 'tv');
    await pass(500);
    const reader = read(stream);
    await pass(500);
    reader.close();
    const player = world.open('c2', 'v1');
    await pass(500);
    expect(player.isPiped).to.equal(true);
    expect(paths()).to.deep.equal(['c2']);
    expect(stream.view().state).to.equal('idle');
    player.reset();
  });

  it('keep their slot for the first seconds, in which their reader comes, and not longer', async () => {
    open('c1', 'tv');
    await pass(3_000);
    const player = world.open('c2', 'v1');
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
      expect(streams.resume(back.id, [left.id, back.id])).to.equal(true);
      const coming = read(back);
      await pass(1_000);
      expect(paths()).to.deep.equal([back.channelId]);
      expect([coming.isServed, reader.isServed]).to.deep.equal([true, false]);
      expect(back.view()).to.include({ state: 'live', readers: 1 });
      reader = coming;
    }
    expect(streams.resume('gone', [])).to.equal(false);
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

  it('are served on after they were closed, until their readers leave, and take no new ones', async () => {
    const stream = open('c1', 'tv');
    const reader = read(stream);
    await pass(500);
    streams.close(stream.id);
    streams.close(stream.id);
    await pass(holdMs * 2);
    expect(reader.isServed).to.equal(true);
    expect(streams.list().map(({ state, readers }) => [state, readers])).to.deep.equal([['ended', 1]]);
    const late = read(stream);
    await clock.tickAsync(0);
    expect(late.code).to.equal('NOT_FOUND');
    reader.close();
    expect(streams.list()).to.deep.equal([]);
    expect(streams.get(stream.id)).to.equal(null);
    await pass(6_000);
    expect(paths()).to.deep.equal([]);
  });

  it('linger like a channel that was left when they are closed', async () => {
    const stream = open('c1', 'tv');
    await pass(1_000);
    streams.close(stream.id);
    expect(streams.list()).to.deep.equal([]);
    expect(paths()).to.deep.equal(['c1']);
    await pass(5_000);
    expect(paths()).to.deep.equal([]);
  });

  it('are closed at once when that happens before the provider has answered', async () => {
    const stream = open('c1', 'tv');
    await clock.tickAsync(2);
    expect(paths()).to.deep.equal(['c1']);
    streams.close(stream.id);
    await clock.tickAsync(50);
    expect(paths()).to.deep.equal([]);
  });

  it('are forgotten when nobody has read them for ten minutes', async () => {
    const stream = open('c1', 'tv');
    await clock.tickAsync(599_000);
    expect(streams.get(stream.id)).to.equal(stream);
    await clock.tickAsync(2_000);
    expect(streams.get(stream.id)).to.equal(null);
    expect(streams.size).to.equal(0);
  });

  it('say why a channel can not be opened, and try again for the next reader', async () => {
    world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
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
    expect(world.relays.snapshot()[0]?.heldFor?.map(({ label }) => label)).to.deep.equal(['tv']);
    const reader = read(stream);
    await pass(500);
    stream.labels = ['Anna on Living room TV', 'Ben on Phone'];
    const labels = world.relays.snapshot()[0]?.consumers.map(({ viewer }) => ({ ...viewer }).label);
    expect(labels).to.deep.equal(['Anna on Living room TV, Ben on Phone']);
    reader.close();
  });

  describe('and their facts', () => {
    const wait = async (stream: HostStream, ms: number) => {
      let told: CodecFacts | null | undefined;
      void streams.factsOf(stream, ms, new AbortController().signal).then((result) => {
        told = result;
      });
      await clock.tickAsync(0);
      return () => told;
    };

    it('are waited for until the stream has told them', async () => {
      let known: CodecFacts | undefined;
      streams = new HostStreams({
        relays: {
          open: (request) => world.relays.open(request),
          hold: (request) => world.relays.hold(request),
          viewOf: (channel) => {
            const view = world.relays.viewOf(channel);
            return view === null || known === undefined ? view : { ...view, facts: known };
          },
        },
        holdMs: () => holdMs,
      });
      const told = await wait(open('c1', 'tv'), 3_000);
      await pass(1_000);
      streams.noteFacts();
      await clock.tickAsync(0);
      expect(told(), 'another stream has told').to.equal(undefined);
      known = facts;
      streams.noteFacts();
      await clock.tickAsync(0);
      expect(told()).to.equal(facts);
    });

    it('are waited for no longer than asked', async () => {
      const told = await wait(open('c1', 'tv'), 3_000);
      await clock.tickAsync(2_900);
      expect(told()).to.equal(undefined);
      await clock.tickAsync(200);
      expect(told()).to.equal(null);
    });

    it('are not waited for when the channel can not be opened', async () => {
      world.failures.push(new CoaxError('UPSTREAM_NOT_FOUND'));
      const told = await wait(open('c1', 'tv'), 3_000);
      await clock.tickAsync(100);
      expect(told()).to.equal(null);
    });

    it('are told at once where they are known from earlier', async () => {
      const stream = streams.open({
        channelId: 'c1' as ChannelId,
        channel: () => world.channel('c1'),
        knownFacts: () => facts,
        outputId: 'default' as OutputId,
        purpose: 'live',
      });
      expect((await wait(stream, 3_000))()).to.equal(facts);
    });
  });

  it('leave nothing behind after a thousand of them, however they ended', async () => {
    begin({ limit: 2 });
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
      if (n % 5 === 0) await clock.tickAsync(n % 30);
      if (n % 10 === 0) world.live?.send(3);
      expect(world.openUpstreams.filter(({ socket }) => !socket.destroyed).length).to.be.at.most(2);
      const done = open_.length > 3 ? open_.shift() : undefined;
      if (done === undefined) continue;
      if (n % 6 === 0) done.reader?.close();
      streams.close(done.stream.id);
      if (n % 6 !== 0) done.reader?.close();
    }
    for (const { stream, reader } of open_) {
      reader?.close();
      streams.close(stream.id);
    }
    await clock.tickAsync(30_000);
    expect(streams.list()).to.deep.equal([]);
    expect(world.relays.snapshot()).to.deep.equal([]);
    expect(world.pool.waiting).to.equal(0);
  });
});
