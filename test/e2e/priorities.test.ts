import { expect } from 'chai';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Problem {
  readonly code: string;
  readonly limit?: string;
  readonly most?: number;
}

/** Reads some of a stream, so that it is known to play. */
async function plays(client: RawClient, bytes = 50_000): Promise<Buffer> {
  expect((await client.head()).status).to.equal(200);
  return client.read(bytes);
}

async function problemOf(client: RawClient): Promise<{ readonly status: number; readonly body: Problem }> {
  const { status } = await client.head();
  return { status, body: JSON.parse((await client.read(100_000)).toString()) as Problem };
}

async function openInHost(rig: Rig, number: number, device: string): Promise<{ id: string; url: string }> {
  const channels = await rig.engine.channels();
  const { body } = await rig.engine.host<{ id: string; path: string }>('POST', '/streams', {
    channelId: channels[number - 1]?.id,
    viewer: { key: device, label: device },
  });
  return { id: body.id, url: rig.engine.url + body.path };
}

describe('who gets a connection', function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async function () {
    this.timeout(60_000);
    const settings = { ...quickSettings, accounts: { ...quickSettings.accounts, recordingsPreempt: true } };
    rig = await startRig({ provider: { max: 1 }, engine: { demo: false, handshake: true, settings } });
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  it('a recording takes the connection of who watches, where that is allowed, and the viewer sees why', async () => {
    const stream = await openInHost(rig, 1, 'tv');
    using viewer = await RawClient.send(stream.url);
    await plays(viewer);
    const url = `${await rig.engine.liveUrl('Channel 2')}?purpose=recording`;
    using recording = await RawClient.send(url, { headers: { 'user-agent': 'recorder' } });
    await plays(recording);
    await waitUntil('the viewer sees a slate', async () => {
      const { body } = await rig.engine.host<{ streams: { id: string; reason?: string }[] }>('GET', '/streams');
      return body.streams.find(({ id }) => id === stream.id)?.reason === 'A recording needs this connection';
    });
    using other = await rig.watch(3, 'somebody else');
    using second = await RawClient.send(url, { headers: { 'user-agent': 'recorder 2' } });
    await plays(second);
    expect((await rig.accounts())[0]?.leases).to.have.length(1);
    other.close();
    recording.close();
    second.close();
    await waitUntil('the channel is back', async () => {
      const { body } = await rig.engine.host<{ streams: { id: string; state: string }[] }>('GET', '/streams');
      return body.streams.find(({ id }) => id === stream.id)?.state === 'live';
    });
    viewer.close();
    await rig.engine.host('DELETE', `/streams/${stream.id}`);
    await rig.expectHeld(1);
  });

  it('an output that is full says so, and its own viewer zaps on', async () => {
    const { id } = await rig.engine.output();
    await rig.engine.api('PATCH', `/outputs/${id}`, { maxStreams: 1 });
    try {
      using first = await rig.watch(1, 'viewer-a');
      const begun = await plays(first);
      expect(checkTs(begun.subarray(0, begun.length - (begun.length % 188)))).to.include({ firstPat: 0, firstKey: 2 });
      using refused = await rig.watch(2, 'viewer-b');
      const { status, body } = await problemOf(refused);
      expect(status).to.equal(429);
      expect(body).to.include({ code: 'LIMIT_REACHED', limit: 'output', most: 1 });
      using film = await rig.movie('bytes=0-1000', 'viewer-b');
      expect((await problemOf(film)).body).to.include({ code: 'LIMIT_REACHED' });
      using next = await rig.watch(2, 'viewer-a');
      await plays(next);
      await waitUntil('the old one has ended', async () => first.ended);
      next.close();
      using late = await rig.movie('bytes=0-1000', 'viewer-b');
      expect((await late.head()).status).to.equal(206);
    } finally {
      await rig.engine.api('PATCH', `/outputs/${id}`, { maxStreams: 0 });
    }
    await rig.expectHeld(1);
  });
});

describe('channels opened ahead', function () {
  this.timeout(60_000);

  it('are joined by who zaps to them without another connection, and leave one free', async () => {
    const settings = { ...quickSettings, live: { ...quickSettings.live, pretune: { enabled: true, neighbours: 1 } } };
    await using rig = await startRig({ provider: { max: 3 }, engine: { demo: false, settings } });
    using first = await rig.watch(1);
    await plays(first);
    const open = async () => (await rig.accounts())[0]?.leases.length;
    await waitUntil('the next channel is open', async () => (await open()) === 2);
    await waitUntil('it has pictures', async () => {
      const { body } = await rig.engine.api<{ state: string }[]>('GET', '/streams');
      return body.filter(({ state }) => state === 'live' || state === 'lingering').length === 2;
    });
    const { opened } = await rig.provider.state(true);
    using next = await rig.watch(2);
    await plays(next);
    first.close();
    const metrics = await (await fetch(`${rig.engine.url}/metrics`)).text();
    expect(metrics).to.match(/coax_pretunes_total\{result="hit"\} 1/);
    expect((await rig.provider.state(true)).opened - opened, 'no other connection for it').to.be.at.most(1);
    next.close();
    await rig.expectHeld(2);
  });
});
