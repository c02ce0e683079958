import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import type { UdpUpstreamRequest } from '../../src/model/upstream-request.ts';
import { openUdpUpstream, type UdpUpstream } from '../../src/relay/upstream-udp.ts';
import { syntheticTs } from '../support/ts-builder.ts';
import { freeUdpPort, multicastWorks, UdpSender } from '../support/udp-sender.ts';
import { waitUntil } from '../support/wait-until.ts';
import { stageLease } from './one-lease.ts';

const canMulticast = process.platform === 'linux' && (await multicastWorks());
const needsMulticast = canMulticast ? '' : ' (skipped: no group can be joined on loopback here)';

const stream = ((): Buffer => {
  const frames = syntheticTs({ bitRate: 2_000_000 });
  return Buffer.concat(Array.from({ length: 40 }, () => frames.next().value));
})();

/** Groups in which this machine is, as the kernel lists them. */
const isJoined = (group: string): boolean => {
  const hex = Buffer.from(group.split('.').map(Number).reverse()).toString('hex').toUpperCase();
  return readFileSync('/proc/net/igmp', 'latin1').includes(hex);
};

describe('openUdpUpstream', () => {
  const stage = stageLease();

  async function open(parts: Partial<UdpUpstreamRequest> & { port: number }, connectMs = 2_000, signal?: AbortSignal) {
    const request: UdpUpstreamRequest = { kind: 'udp', address: '127.0.0.1', rtp: false, ...parts };
    const how = { lease: stage.lease, connectMs, signal: signal ?? new AbortController().signal };
    const upstream = await openUdpUpstream(request, how);
    stage.opened.push(upstream);
    return upstream;
  }

  /** What the upstream gives from now on. */
  function listen(upstream: UdpUpstream) {
    const got = { bytes: Buffer.alloc(0), lost: null as CoaxError | null };
    upstream.start({
      data: (chunk) => (got.bytes = Buffer.concat([got.bytes, chunk])),
      lost: (error) => (got.lost = error),
    });
    return got;
  }

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'none',
      (error: unknown) => (error instanceof CoaxError ? error.code : error),
    );

  /** Sends the stream again and again until it is heard. */
  function until(promise: Promise<UdpUpstream>, send: () => void): Promise<UdpUpstream> {
    const timer = setInterval(send, 10);
    return promise.finally(() => clearInterval(timer));
  }

  for (const [address, how] of [
    ['127.0.0.1', 'a port of this machine'],
    ['', 'a port at all its addresses'],
  ] as const)
    for (const rtp of [false, true])
      it(`listens at ${how}, ${rtp ? 'to RTP' : 'to bare packets'}, whatever the address says`, async () => {
        const port = await freeUdpPort();
        using sender = await UdpSender.start('127.0.0.1', port);
        const upstream = await until(open({ port, address, rtp: !rtp }), () => sender.send(stream, { rtp }));
        const got = listen(upstream);
        await waitUntil('bytes', () => got.bytes.length >= stream.length);
        // The kernel may have dropped some before; what there is lies in the stream again and again.
        expect(Buffer.concat([stream, stream, stream]).includes(got.bytes.subarray(0, stream.length))).to.equal(true);
        expect(upstream.counts).to.include({ lost: 0 });
      });

  it(`joins a group and leaves it in the tick in which it is destroyed${needsMulticast}`, async function () {
    if (!canMulticast) this.skip();
    const port = await freeUdpPort();
    const group = '239.255.77.7';
    using sender = await UdpSender.start(group, port);
    const upstream = await until(open({ port, address: group, interface: '127.0.0.1' }), () => sender.send(stream));
    expect(isJoined(group)).to.equal(true);
    expect(stage.lease.state).to.equal('open');
    upstream.destroy();
    expect(isJoined(group)).to.equal(false);
    await upstream.closed;
    expect(stage.lease.state).to.equal('granted');
  });

  it(`takes the interface by its name, and only the sender that is asked for${needsMulticast}`, async function () {
    if (!canMulticast) this.skip();
    const port = await freeUdpPort();
    const group = '232.77.7.7';
    using other = await UdpSender.start(group, port, '127.0.0.2');
    using sender = await UdpSender.start(group, port, '127.0.0.3');
    const opening = open({ port, address: group, interface: 'lo', sender: '127.0.0.3' });
    const upstream = await until(opening, () => {
      other.send(Buffer.alloc(1_316, 1));
      sender.send(stream, { rtp: true });
    });
    const got = listen(upstream);
    other.send(stream);
    sender.send(stream, { rtp: true });
    await waitUntil('bytes', () => got.bytes.length > 0);
    expect(upstream.counts.ignored).to.equal(0);
  });

  it('counts what was lost, and tells it once', async () => {
    const port = await freeUdpPort();
    using sender = await UdpSender.start('127.0.0.1', port);
    const told: object[] = [];
    const request: UdpUpstreamRequest = { kind: 'udp', address: '127.0.0.1', port, rtp: true };
    const how = { lease: stage.lease, connectMs: 2_000, signal: new AbortController().signal };
    const opening = openUdpUpstream(request, how, (counts) => told.push(counts));
    const upstream = await until(opening, () => sender.send(stream, { rtp: true }));
    stage.opened.push(upstream);
    const got = listen(upstream);
    await waitUntil('bytes', () => got.bytes.length > 0);
    sender.skip(3);
    // As many behind the gap as are waited for.
    await waitUntil('the loss is counted', () => {
      sender.send(stream.subarray(0, 1_316 * 10), { rtp: true });
      return upstream.counts.lost > 0;
    });
    upstream.destroy();
    upstream.destroy();
    expect(told).to.deep.equal([{ lost: 3, dropped: 0, reordered: 0, ignored: 0 }]);
  });

  it('destroys its socket in the tick of destroy, and gives nothing afterwards', async () => {
    const port = await freeUdpPort();
    using sender = await UdpSender.start('127.0.0.1', port);
    const upstream = await until(open({ port }), () => sender.send(stream));
    const got = listen(upstream);
    upstream.destroy();
    const before = got.bytes.length;
    // The port is free again at once.
    const next = createSocket('udp4');
    next.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(next, 'listening');
    sender.send(stream);
    await once(next, 'message');
    next.close();
    await upstream.closed;
    expect(got).to.deep.equal({ bytes: got.bytes.subarray(0, before), lost: null });
  });

  it('tells that nothing came', async () => {
    expect(await codeOf(open({ port: await freeUdpPort() }, 60))).to.equal('UPSTREAM_STALLED');
    expect(stage.lease.state).to.be.oneOf(['open', 'granted', 'closing']);
  });

  it('tells that what came is no transport stream', async () => {
    const port = await freeUdpPort();
    using sender = await UdpSender.start('127.0.0.1', port);
    const timer = setInterval(() => sender.send(Buffer.from('no media at all')), 5);
    expect(await codeOf(open({ port }, 150))).to.equal('UPSTREAM_BAD_CONTENT');
    clearInterval(timer);
  });

  it('gives up on abort', async () => {
    const gone = new AbortController();
    const opening = codeOf(open({ port: await freeUdpPort() }, 5_000, gone.signal));
    gone.abort();
    expect(await opening).to.equal('CANCELLED');
  });

  it('tells that the port is taken, or the interface not there', async () => {
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    const said = await open({ port: taken.address().port }, 500).catch((error: unknown) => String(error));
    taken.close();
    expect(said).to.match(/port of the stream is used/);
    const where = open({ port: await freeUdpPort(), address: '239.255.77.9', interface: 'nowhere7' }, 500);
    expect(await where.catch((error: unknown) => String(error))).to.match(/no network interface nowhere7/);
  });
});
