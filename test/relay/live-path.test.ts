import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { checkTs } from '../support/ts-check.ts';
import { adtsFrame, syntheticClip } from '../support/ts-builder.ts';
import { DroppingProxy, RawClient } from '../support/raw-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { packetSize } from '../../src/mpegts/packet.ts';
import { SendQueues } from '../../src/net/send-queues.ts';
import { blindObserver } from '../../src/relay/observer.ts';
import { countPieces } from './piece-check.ts';
import { type Answer, playing, saying, Stage } from './stage.ts';

/** Sends each viewer elsewhere. */
function redirecting(to: string): Answer {
  return (response) => {
    response.writeHead(302, { location: to, connection: 'close' });
    response.end();
  };
}

const resetAfterHead: Answer = (response) => {
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, { 'content-type': 'video/mp2t', connection: 'close' });
  response.flushHeaders();
  setTimeout(() => response.socket?.resetAndDestroy(), 20);
};

/** A player that keeps all it gets, for more bytes than a `RawClient` is made for. */
async function collect(port: number, who: string) {
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(`GET /news HTTP/1.1\r\nhost: test\r\nx-viewer: ${who}\r\n\r\n`);
  const closed = once(socket, 'close');
  await once(socket, 'data');
  return {
    socket,
    length: () => chunks.reduce((sum, { length }) => sum + length, 0),
    /** All that came after the head, once it is over. */
    body: async () => {
      await closed;
      const bytes = Buffer.concat(chunks);
      return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    },
  };
}

const whole = { aligned: true, firstPat: 0, firstPmt: 1, firstKey: 2, videoBeforeKey: 0 };

describe('A live stream', () => {
  it('is read where a redirect leads, on one connection at a time', async () => {
    await using stage = await Stage.start();
    stage.provider.answer('/news.ts', redirecting('/edge/1.ts'));
    const client = await stage.tune('news');
    expect(checkTs(await client.read(60 * packetSize))).to.include(whole);
    expect(stage.provider.paths).to.deep.equal(['/news.ts', '/edge/1.ts']);
    expect(stage.provider.most).to.equal(1);
  });

  it('is opened at its first address again when it breaks, not where the redirect led', async () => {
    await using stage = await Stage.start();
    stage.provider.answer('/news.ts', redirecting('/edge/1.ts'), redirecting('/edge/2.ts'));
    stage.provider.answer('/edge/1.ts', playing({ frames: 35, after: 'break' }));
    stage.provider.answer('/edge/2.ts', playing({ startPts: 9_000_000 }));
    const client = await stage.tune('news');
    expect(checkTs(await client.read(1_000 * packetSize)).aligned).to.equal(true);
    expect(stage.provider.paths).to.deep.equal(['/news.ts', '/edge/1.ts', '/news.ts', '/edge/2.ts']);
    expect(stage.provider.most).to.equal(1);
  });

  it('is asked for once more when the connection is reset after the head of the answer', async () => {
    await using stage = await Stage.start({ limit: 1 });
    stage.provider.answer('/news.ts', resetAfterHead, playing());
    const client = await stage.tune('news');
    expect(checkTs(await client.read(60 * packetSize))).to.include(whole);
    expect([stage.provider.connections, stage.provider.most]).to.deep.equal([2, 1]);
  });

  it('is opened anew when it stalls, and goes on as one stream at a key frame after tables', async () => {
    await using stage = await Stage.start({ settings: { stallMs: 200 } });
    const before: Buffer[] = [];
    stage.provider.answer('/news.ts', playing({ frames: 35, record: before }), playing({ startPts: 9_000_000 }));
    const client = await stage.tune('news');
    const bytes = await client.read(1_000 * packetSize);
    // What came at once, before any stall.
    const old = Buffer.concat(before.slice(0, 30));
    expect(bytes.subarray(0, old.length).equals(old), 'untouched before it').to.equal(true);
    expect(checkTs(bytes)).to.deep.include({ ...whole, continuityErrors: [], timeJumps: [] });
    expect(stage.provider.connections).to.be.above(1);
    expect(stage.provider.most).to.equal(1);
  });

  it('is taken from the next stream of the channel when the first is dead', async () => {
    await using stage = await Stage.start();
    stage.channel('news', '/dead.ts', '/good.ts');
    stage.provider.answer('/dead.ts', saying(404, 'gone'));
    const client = await stage.tune('news');
    expect(checkTs(await client.read(60 * packetSize))).to.include(whole);
    expect(stage.relays.snapshot()[0]?.streamId).to.equal('/good.ts');
    expect(stage.provider.most).to.equal(1);
  });

  it('tells the first error when all streams of the channel fail', async () => {
    await using stage = await Stage.start();
    stage.channel('news', '/dead.ts', '/page.ts');
    stage.provider.answer('/dead.ts', saying(404, 'gone'));
    stage.provider.answer('/page.ts', saying(200, '<html>Welcome</html>'));
    expect((await (await stage.tune('news')).head()).headers['x-code']).to.equal('UPSTREAM_NOT_FOUND');
    expect(stage.provider.paths).to.deep.equal(['/dead.ts', '/page.ts']);
  });

  it('is shared by two channels that have the same stream', async () => {
    await using stage = await Stage.start({ limit: 2 });
    stage.channel('news', '/one.ts');
    stage.channel('news-hd', '/one.ts');
    const clients = [await stage.tune('news', 'a'), await stage.tune('news-hd', 'b')];
    await Promise.all(clients.map((client) => client.read(60 * packetSize)));
    expect(stage.provider.connections).to.equal(1);
  });

  it('changes to the next channel of the same viewer on an account with one connection', async () => {
    await using stage = await Stage.start({ coolingFloorMs: 20 });
    const first = await stage.tune('one', 'me');
    await first.read(10 * packetSize);
    const second = await stage.tune('two', 'me');
    expect(checkTs(await second.read(60 * packetSize))).to.include(whole);
    expect(stage.provider.most).to.equal(1);
    await waitUntil('the first player is ended', () => first.ended);
    expect(stage.relays.snapshot().map(({ title }) => title)).to.deep.equal(['two']);
  });

  it('refuses another viewer when the only connection is watched', async () => {
    await using stage = await Stage.start({ waitMs: 100 });
    const first = await stage.tune('one', 'me');
    await first.read(10 * packetSize);
    const head = await (await stage.tune('two', 'you')).head();
    expect([head.status, head.headers['x-code']]).to.deep.equal([503, 'NO_CAPACITY']);
    expect(first.ended).to.equal(false);
  });

  it('gives a lingering connection to another viewer who waits', async () => {
    await using stage = await Stage.start({ coolingFloorMs: 20, settings: { lingerMs: 60_000 } });
    const first = await stage.tune('one', 'me');
    await first.read(10 * packetSize);
    first.reset();
    await waitUntil('lingering', () => stage.state === 'lingering');
    expect(checkTs(await (await stage.tune('two', 'you')).read(60 * packetSize))).to.include(whole);
    expect(stage.provider.most).to.equal(1);
  });

  it('is joined again while it lingers', async () => {
    await using stage = await Stage.start({ settings: { lingerMs: 60_000 } });
    const first = await stage.tune('one', 'me');
    await first.read(10 * packetSize);
    first.reset();
    await waitUntil('lingering', () => stage.state === 'lingering');
    expect(checkTs(await (await stage.tune('one', 'me')).read(60 * packetSize))).to.include(whole);
    expect(stage.state).to.equal('live');
    expect(stage.provider.connections).to.equal(1);
  });

  it('drops a player that never reads, and serves the others on', async () => {
    const dropped: string[] = [];
    await using stage = await Stage.start({
      // Long enough for a reader on a busy machine, for it is dropped as well when it takes nothing for so long.
      settings: { writeProgressMs: 2_000, stallMs: 500, clientBufferBytes: 65_536 },
      relays: {
        observer: {
          ...blindObserver,
          dropped: (code) => dropped.push(code),
        },
      },
    });
    stage.provider.answer('/news.ts', playing({ bitRate: 40_000_000, everyMs: 10 }));
    const reader = await stage.tune('news', 'reader');
    await reader.read(packetSize);
    const deaf = await stage.tune('news', 'deaf');
    deaf.socket.pause();
    await waitUntil('dropped', () => dropped.length > 0);
    expect(dropped).to.deep.equal(['SLOW_CONSUMER']);
    expect(stage.relays.snapshot()[0]?.consumers.map((each) => each.viewer.key)).to.deep.equal(['reader']);
    expect((await reader.read(5_000 * packetSize)).length).to.equal(5_000 * packetSize);
  });

  it('drops a player that vanished without a word, and gives its connection back', async () => {
    const { of } = new SendQueues({ everyMs: 0 });
    await using stage = await Stage.start({
      settings: { writeProgressMs: 400, stallMs: 500, lingerMs: 0 },
      relays: { sendQueueOf: of },
    });
    stage.provider.answer('/news.ts', playing({ bitRate: 20_000_000, everyMs: 20 }));
    stage.channel('news');
    await using proxy = new DroppingProxy(stage.port);
    using gone = await RawClient.send(`http://127.0.0.1:${await proxy.start()}/news`, { headers: { 'x-viewer': 'a' } });
    await gone.read(packetSize);
    proxy.drop();
    await waitUntil('given back', () => stage.relays.snapshot().length === 0);
    expect(stage.pool.leases()).to.deep.equal([]);
    expect(stage.provider.sockets.size).to.equal(0);
  });

  it('lets a player that was too slow go on at a key frame, and the others without a gap', async () => {
    const record: Buffer[] = [];
    await using stage = await Stage.start({ settings: { ringBytes: 5_000_000, clientBufferBytes: 262_144 } });
    stage.channel('news');
    stage.provider.answer('/news.ts', playing({ bitRate: 80_000_000, keyFrameMs: 80, everyMs: 10, record }));
    const quick = await collect(stage.port, 'quick');
    const slow = await collect(stage.port, 'slow');
    await waitUntil('both play', () => quick.length() > 10_000 && slow.length() > 10_000);
    slow.socket.pause();
    const received = () => stage.relays.snapshot()[0]?.bytesIn ?? 0;
    await waitUntil('the ring has left it behind', () => received() > 18_000_000);
    const skips = () => stage.relays.snapshot()[0]?.consumers.map((each) => each.skips);
    slow.socket.resume();
    await waitUntil('it has skipped', () => (skips()?.[1] ?? 0) > 0);
    const then = received();
    await waitUntil('it plays on', () => received() > then + 2_000_000);
    expect(skips()).to.deep.equal([0, 1]);
    for (const { id } of stage.relays.snapshot()) stage.relays.stop(id);
    const upstream = [Buffer.concat(record)];
    expect(countPieces(await slow.body(), upstream)).to.equal(2);
    expect(countPieces(await quick.body(), upstream)).to.equal(1);
  });

  it('may be a file: it is read at the speed it plays, and what was not read is no stall', async () => {
    await using stage = await Stage.start({ settings: { ringMs: 2_000, stallMs: 300 } });
    const file = syntheticClip(20_000, { bitRate: 200_000 });
    stage.provider.answer('/news.ts', (response) => {
      response.writeHead(200, { 'content-type': 'video/mp2t', 'content-length': String(file.length) });
      response.end(file);
    });
    const client = await stage.tune('news');
    const got = await client.readFor(1_300);
    expect(checkTs(got)).to.include(whole);
    expect(checkTs(got).continuityErrors).to.deep.equal([]);
    expect(got.length).to.be.lessThan(file.length / 2);
    expect([stage.state, stage.provider.connections]).to.deep.equal(['live', 1]);
  });

  it('may be the bare sound of a radio station', async () => {
    await using stage = await Stage.start();
    const frame = adtsFrame(300);
    stage.provider.answer('/news.ts', (response) => {
      response.writeHead(200, { 'content-type': 'audio/aac', connection: 'close' });
      const timer = setInterval(() => response.write(Buffer.concat([frame, frame, frame, frame])), 5);
      response.on('close', () => clearInterval(timer));
    });
    const bytes = await (await stage.tune('news')).read(20 * frame.length);
    expect(bytes.subarray(0, frame.length).equals(frame)).to.equal(true);
  });

  it('leaves nothing behind when Coax stops', async () => {
    const stage = await Stage.start({ limit: 3 });
    const clients = await Promise.all(['one', 'two', 'three'].map((name) => stage.tune(name)));
    await Promise.all(clients.map((client) => client.read(packetSize)));
    const closed = clients.map((client) => once(client.socket, 'close'));
    await stage.relays[Symbol.asyncDispose]();
    await Promise.all(closed);
    expect(stage.relays.snapshot()).to.deep.equal([]);
    await waitUntil('closed at the provider', () => stage.provider.sockets.size === 0);
    expect((await (await stage.tune('news')).head()).headers['x-code']).to.equal('SHUTTING_DOWN');
    await stage[Symbol.asyncDispose]();
  });
});
