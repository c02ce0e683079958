import { once } from 'node:events';
import { expect } from 'chai';
import { waitUntil } from '../support/wait-until.ts';
import { checkTs } from '../support/ts-check.ts';
import type { RawClient } from '../support/raw-client.ts';
import { playing, saying, Stage } from './stage.ts';

const packet = 188;

async function firstPackets(client: RawClient, count = 60): Promise<Buffer> {
  expect((await client.head()).status).to.equal(200);
  return client.read(count * packet);
}

describe('Relays over HTTP', () => {
  it('opens one upstream for all viewers, also when they come at once', async () => {
    await using stage = await Stage.start();
    const clients = await Promise.all(Array.from({ length: 8 }, (_, n) => stage.tune('news', `v${n}`)));
    const starts = await Promise.all(clients.map((client) => firstPackets(client)));
    expect(stage.provider.connections).to.equal(1);
    for (const bytes of starts)
      expect(checkTs(bytes)).to.include({ aligned: true, firstPat: 0, firstPmt: 1, firstKey: 2 });
    expect(stage.relays.snapshot()[0]?.consumers).to.have.length(8);
  });

  it('gives a viewer who joins later tables, a key frame, and then the upstream without a gap', async () => {
    const record: Buffer[] = [];
    await using stage = await Stage.start({ settings: { backlogMs: 100 } });
    stage.provider.answer('/news.ts', playing({ record }));
    await firstPackets(await stage.tune('news', 'a'));
    await waitUntil('a second key frame', () => record.length > 60);
    const bytes = await firstPackets(await stage.tune('news', 'b'), 300);
    const report = checkTs(bytes);
    expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, firstKey: 2, videoBeforeKey: 0 });
    expect(report.continuityErrors).to.deep.equal([]);
    expect(Buffer.concat(record).includes(bytes.subarray(2 * packet))).to.equal(true);
  });

  it('closes the upstream when the last viewer resets, after the linger', async () => {
    await using stage = await Stage.start({ settings: { lingerMs: 50 } });
    const client = await stage.tune('news');
    await firstPackets(client);
    client.reset();
    await waitUntil('lingering', () => stage.state === 'lingering');
    expect(stage.provider.sockets.size).to.equal(1);
    await waitUntil('closed', () => stage.provider.sockets.size === 0);
    expect(stage.relays.snapshot()).to.deep.equal([]);
    expect(stage.pool.leases()).to.deep.equal([]);
  });

  for (const [what, answer, status, code] of [
    [
      'an HTML page with 200',
      saying(200, '<html><body>Your account has expired</body></html>'),
      502,
      'UPSTREAM_REFUSED',
    ],
    ['an empty body', saying(200, '', 'video/mp2t'), 502, 'UPSTREAM_BAD_CONTENT'],
    ['404', saying(404, 'no such stream'), 502, 'UPSTREAM_NOT_FOUND'],
    ['403', saying(403, 'forbidden'), 502, 'UPSTREAM_REFUSED'],
  ] as const) {
    it(`answers ${status} ${code} when the provider sends ${what}, and leaves nothing open`, async () => {
      await using stage = await Stage.start();
      stage.provider.answer('/news.ts', answer);
      const head = await (await stage.tune('news')).head();
      expect(head.status).to.equal(status);
      expect(head.headers['x-code']).to.equal(code);
      await waitUntil('nothing open', () => stage.provider.sockets.size === 0);
      expect(stage.relays.snapshot()).to.deep.equal([]);
    });
  }

  it('goes on under the same viewer when the upstream ends', async () => {
    await using stage = await Stage.start();
    stage.provider.answer('/news.ts', playing({ frames: 40, after: 'end' }), playing({ startPts: 9_000_000 }));
    const client = await stage.tune('news');
    const bytes = await firstPackets(client, 1_200);
    expect(checkTs(bytes).aligned).to.equal(true);
    expect(stage.provider.connections).to.equal(2);
    expect(stage.provider.most).to.equal(1);
    expect(stage.relays.snapshot()[0]?.reconnects).to.equal(1);
  });

  it('ends the players when a stream is stopped', async () => {
    await using stage = await Stage.start();
    const client = await stage.tune('news');
    await firstPackets(client);
    const [session] = stage.relays.snapshot();
    expect(session && stage.relays.stop(session.id)).to.equal(true);
    await once(client.socket, 'close');
    await waitUntil('closed', () => stage.provider.sockets.size === 0);
    expect(stage.relays.snapshot()).to.deep.equal([]);
  });
});
