import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Opened {
  readonly id: string;
  readonly path: string;
  readonly facts: { readonly video: readonly { readonly codec: string }[] } | null;
  readonly state: string;
}
interface Listed {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
  readonly readers: number;
  readonly facts: object | null;
  readonly bitRate?: number;
}
interface Session {
  readonly state: string;
  readonly consumers: readonly { readonly viewer: { readonly label: string } }[];
  readonly heldFor?: readonly { readonly label: string }[];
}

const holdMs = 3_000;

describe('streams that a host opens', function () {
  this.timeout(60_000);
  let rig: Rig;
  let ids: readonly string[];
  before(async function () {
    this.timeout(60_000);
    const settings = { ...quickSettings, live: { ...quickSettings.live, holdMs } };
    rig = await startRig({ engine: { demo: false, handshake: true, settings } });
    ids = (await rig.engine.channels()).map(({ id }) => id);
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const { id } of await list()) await rig.engine.host('DELETE', `/streams/${id}`);
    await rig.clean();
  });

  const list = async () => (await rig.engine.host<{ streams: readonly Listed[] }>('GET', '/streams')).body.streams;
  const one = async (id: string) => (await list()).find((stream) => stream.id === id);

  async function open(number: number, more: Readonly<Record<string, unknown>> = {}): Promise<Opened> {
    const { status, body, text } = await rig.engine.host<Opened>('POST', '/streams', {
      channelId: ids[number - 1],
      ...more,
    });
    if (status !== 201) throw new Error(`POST /streams gave ${status}: ${text}`);
    return body;
  }
  const read = ({ path }: Opened) => RawClient.send(rig.engine.url + path);
  const tv = { key: 'device-tv', label: 'Living room' };

  it('run before they are read; the first bytes are tables and a key frame, then at least 4 s at once', async () => {
    const stream = await open(1);
    expect(stream.state).to.equal('opening');
    await waitUntil('it is live', async () => (await one(stream.id))?.state === 'live');
    using keeper = await read(stream);
    void keeper.readFor(20_000).catch(() => undefined);
    await sleep(6_500);
    using reader = await read(stream);
    const report = checkTs(await reader.readFor(400));
    expect(report).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
    expect(report.continuityErrors).to.deep.equal([]);
    expect(report.seconds).to.be.greaterThan(4);
    expect(await one(stream.id)).to.include({ readers: 2, state: 'live' });
    expect((await one(stream.id))?.bitRate).to.be.greaterThan(100_000);
    expect((await rig.provider.state()).opened).to.equal(1);
  });

  it('tell what the channel carries in the answer that opens them', async () => {
    const stream = await open(2, { waitForFactsMs: 5_000 });
    expect(stream.facts?.video[0]?.codec, JSON.stringify([stream, await list()])).to.equal('h264');
    expect(await rig.provider.state()).to.include({ opened: 1 });
  });

  it('let the provider go when nobody reads them, and open it again for the next reader', async () => {
    const stream = await open(1);
    await waitUntil('the provider is asked', async () => (await rig.provider.state(true)).counted === 1);
    await waitUntil('it is idle', async () => (await one(stream.id))?.state === 'idle');
    await rig.provider.quiet(2_000);
    using reader = await read(stream);
    expect((await reader.head()).status).to.equal(200);
    await reader.read(188 * 100);
    reader.reset();
    await waitUntil('the reader is gone', async () => (await one(stream.id))?.readers === 0);
    expect(await one(stream.id), 'still open for another reader').to.include({ state: 'live' });
    await waitUntil('it is idle again', async () => (await one(stream.id))?.state === 'idle');
    await rig.expectHeld();
  });

  it('hand their slot to the next channel of the same device, and to nobody else who asks', async () => {
    const first = await open(1, { viewer: tv });
    using reader = await read(first);
    await reader.read(188 * 10);
    void reader.readFor(20_000).catch(() => undefined);
    using stranger = await rig.watch(3, 'stranger');
    await sleep(300);
    const second = await open(2, { viewer: tv, replaces: [first.id] });
    using next = await read(second);
    expect((await next.head()).status).to.equal(200);
    await next.read(188 * 10);
    await waitUntil('the first reader is told', () => reader.ended);
    expect(await one(first.id)).to.include({ state: 'idle', readers: 0 });
    expect(await one(second.id)).to.include({ state: 'live', readers: 1 });
    stranger.close();
    next.close();
    for (const { id } of [first, second]) await rig.engine.host('DELETE', `/streams/${id}`);
    await rig.expectHeld();
  });

  it('show why there is nothing to see, and go on with the channel in the same stream', async () => {
    const first = await open(1, { viewer: tv });
    using reader = await read(first);
    await reader.read(188 * 10);
    void reader.readFor(30_000).catch(() => undefined);
    const second = await open(2, { viewer: { key: 'phone', label: 'Phone' } });
    using other = await read(second);
    const slate = checkTs(await other.read(188 * 50));
    expect(slate).to.include({ aligned: true, firstPat: 0, firstPmt: 1, videoBeforeKey: 0 });
    expect(await one(second.id)).to.include({ state: 'slate', reason: 'All connections are in use', readers: 1 });
    reader.close();
    void other.readFor(30_000).catch(() => undefined);
    await waitUntil('the channel goes on', async () => (await one(second.id))?.state === 'live');
    expect(other.ended).to.equal(false);
    other.close();
    await rig.engine.host('DELETE', `/streams/${first.id}`);
    await rig.engine.host('DELETE', `/streams/${second.id}`);
    expect((await rig.expectHeld()).opened).to.equal(2);
  });

  it('show that a channel is dead', async () => {
    await rig.provider.behave({ status: 404 });
    const stream = await open(3);
    using reader = await read(stream);
    expect((await reader.head()).status).to.equal(200);
    await reader.read(188 * 50);
    expect(await one(stream.id)).to.include({ state: 'slate', reason: 'This channel is offline' });
  });

  it('are one upstream for all who read them, and for players of the outputs', async () => {
    const [first, second] = [await open(1, { viewer: tv }), await open(1)];
    using one_ = await read(first);
    using two = await read(first);
    using three = await read(second);
    using player = await rig.watch(1, 'player');
    for (const client of [one_, two, three, player]) await client.read(188 * 10);
    expect((await list()).map(({ readers }) => readers)).to.deep.equal([2, 1]);
    expect(await rig.sync()).to.include({ relays: 1, consumers: 4, sockets: 1 });
    for (const client of [one_, two, three, player]) client.close();
    for (const { id } of [first, second]) await rig.engine.host('DELETE', `/streams/${id}`);
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  it('are listed with who watches', async () => {
    const stream = await open(1, { viewer: tv });
    using reader = await read(stream);
    await reader.read(188);
    const sessions = async () => (await rig.engine.api<readonly Session[]>('GET', '/streams')).body;
    const [before] = await sessions();
    expect(before?.consumers.map(({ viewer }) => viewer.label)).to.deep.equal(['Living room']);
    expect(before?.heldFor?.map(({ label }) => label)).to.deep.equal(['Living room']);
    const viewers = ['Anna on Living room TV'];
    await rig.engine.host('PUT', '/viewers', { streams: [{ id: stream.id, viewers }] });
    expect((await sessions())[0]?.consumers.map(({ viewer }) => viewer.label)).to.deep.equal(viewers);
  });

  it('are closed as often as one likes, and go on for who reads them', async () => {
    const stream = await open(1);
    using reader = await read(stream);
    await reader.read(188 * 10);
    for (let n = 0; n < 3; n++) expect((await rig.engine.host('DELETE', `/streams/${stream.id}`)).status).to.equal(204);
    await sleep(holdMs);
    expect((await reader.read(188 * 10)).length).to.equal(1880);
    expect(await one(stream.id)).to.include({ state: 'ended', readers: 1 });
    using late = await read(stream);
    expect((await late.head()).status).to.equal(404);
    reader.reset();
    await waitUntil('it is forgotten', async () => (await list()).length === 0);
    expect((await rig.engine.host('DELETE', `/streams/${stream.id}`)).status).to.equal(204);
    await rig.expectHeld();
  });

  it('answer HEAD at once without the provider, and 404 to an id that is not theirs', async () => {
    const stream = await open(1);
    await waitUntil('it is idle', async () => (await one(stream.id))?.state === 'idle');
    const before = (await rig.provider.state()).opened;
    using head = await RawClient.send(rig.engine.url + stream.path, { method: 'HEAD' });
    expect(await head.head()).to.deep.include({ status: 200 });
    expect((await rig.provider.state()).opened).to.equal(before);
    for (const path of ['/s/', `/s/${'0'.repeat(32)}.ts`, `/s/${stream.id}`, `/s/..%2f${stream.id}.ts`, '/s/x.ts']) {
      for (const method of ['GET', 'HEAD'])
        expect((await fetch(rig.engine.url + path, { method })).status, `${method} ${path}`).to.equal(404);
    }
    const unknown = await rig.engine.host('POST', '/streams', { channelId: 'none' });
    expect(unknown).to.deep.include({ status: 404 });
    expect(unknown.text).to.include('NOT_FOUND');
  });

  it('leave nothing at the provider after a thousand of them', async function () {
    this.timeout(150_000);
    let turn = 0;
    const device = async (key: string): Promise<void> => {
      let last: Opened | null = null;
      while (turn < 1_000) {
        const n = turn++;
        const replaces: readonly string[] = last === null ? [] : [last.id];
        const stream: Opened = await open(1 + (n % ids.length), { viewer: { key, label: key }, replaces });
        const reader = n % 4 === 0 ? await read(stream) : null;
        if (n % 40 === 0) await reader?.head().catch(() => undefined);
        if (last !== null) await rig.engine.host('DELETE', `/streams/${last.id}`);
        if (n % 8 === 0) reader?.reset();
        else reader?.close();
        last = stream;
      }
      if (last !== null) await rig.engine.host('DELETE', `/streams/${last.id}`);
    };
    await Promise.all(['tv', 'phone', 'tablet'].map(device));
    const state = await rig.quiet(20_000);
    expect(state.peak, 'connections at once').to.be.at.most(1);
    expect(await list()).to.deep.equal([]);
    expect((await rig.sync()).mismatches).to.deep.equal([]);
    expect((await rig.engine.api<unknown[]>('GET', '/streams')).body).to.deep.equal([]);
  });
});
