import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { SendQueues } from '../../src/net/send-queues.ts';
import { waitUntil } from '../support/wait-until.ts';

const hasTable = existsSync('/proc/net/tcp');

/** Both ends of a connection on the loopback. */
async function pair(host: string): Promise<{ near: Socket; far: Socket; [Symbol.dispose](): void }> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const accepted: Promise<Socket[]> = once(server, 'connection');
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = await accepted;
  server.close();
  if (near === undefined) throw new Error('no connection');
  const dispose = () => [near, far].forEach((socket) => void socket.destroy());
  return { near, far, [Symbol.dispose]: dispose };
}

describe('the send queues of the kernel', () => {
  for (const [name, host] of [
    ['IPv4', '127.0.0.1'],
    ['both IPs', '::'],
  ] as const) {
    it(`tell what a peer has not taken, on a server of ${name}${hasTable ? '' : ' (no /proc here)'}`, async function () {
      if (!hasTable) this.skip();
      const queues = new SendQueues({ everyMs: 0 });
      using ends = await pair(host).catch(() => this.skip());
      expect(await queues.of(ends.near)).to.equal(0);
      ends.far.pause();
      while (ends.near.write(Buffer.alloc(1_048_576)) || ends.near.writableLength < 12_000_000);
      await waitUntil('the queue fills', async () => ((await queues.of(ends.near)) ?? 0) > 100_000);
      // It may move a little even then: a kernel takes some more of what waits when it is asked again.
      const notRead = ends.near.bytesWritten - ends.far.bytesRead;
      expect(await queues.of(ends.near)).to.be.within(100_000, notRead);
      ends.far.resume();
      await waitUntil(
        'the peer has taken all',
        async () => ends.near.writableLength === 0 && (await queues.of(ends.near)) === 0,
      );
    });
  }

  it('know nothing of a socket that is not in the list, nor without a list', async () => {
    const socket = { localPort: 8_080, remoteAddress: '10.0.0.1', remotePort: 50_000 };
    const of = (table: string | null, ends: object = socket) => new SendQueues({ read: async () => table }).of(ends);
    expect(await of('')).to.equal(undefined);
    expect(await of(null)).to.equal(null);
    expect(await of('', {})).to.equal(undefined);
    expect(await of('', { ...socket, remoteAddress: 'x' })).to.equal(undefined);
  });

  it('share a table that is not begun yet, and never one that is', async () => {
    let reads = 0;
    const open = Promise.withResolvers<string>();
    const queues = new SendQueues({ read: () => ((reads += 1), open.promise), everyMs: 20 });
    const socket = { localPort: 1, remoteAddress: '10.0.0.1', remotePort: 2 };
    const first = [queues.of(socket), queues.of(socket)];
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reads).to.equal(1);
    const later = queues.of(socket);
    open.resolve('');
    await Promise.all([...first, later]);
    expect(reads).to.equal(2);
  });
});
