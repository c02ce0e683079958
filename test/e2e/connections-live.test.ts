import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { programNumberOf } from '../support/fake-provider/live-loop.ts';
import { DroppingProxy, type RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Fills the buffers of the system at once, so that a client that does not read is seen in seconds. */
const hurry = 14_000_000;

/** Reads until the first table tells which channel this is. */
async function channelOf(client: RawClient): Promise<number | undefined> {
  expect((await client.head()).status).to.equal(200);
  return programNumberOf(await client.read(188 * 20));
}

describe('connections: live channels on an account with one connection (numbers are those of the scenarios)', function () {
  this.timeout(40_000);
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  it('2: a probe that closes, and the player after it, share one upstream', async () => {
    const live = { ...quickSettings.live, lingerMs: 4000 };
    await using lasting = await startRig({ engine: { settings: { ...quickSettings, live } } });
    {
      using probe = await lasting.watch(1);
      await probe.read(188 * 10);
      await sleep(100);
    }
    using player = await lasting.watch(1);
    expect(await channelOf(player)).to.equal(1);
    player.close();
    expect((await lasting.expectHeld()).opened).to.equal(1);
  });

  it('3: a zap takes over the slot while the old channel is still open', async () => {
    using first = await rig.watch(1);
    expect(await channelOf(first)).to.equal(1);
    using second = await rig.watch(2);
    expect(await channelOf(second)).to.equal(2);
    using third = await rig.watch(3);
    expect(await channelOf(third)).to.equal(3);
    for (const client of [first, second, third]) client.close();
    expect((await rig.expectHeld()).opened).to.equal(3);
  });

  it('3: a zap back and forth in fast succession ends on the last channel', async () => {
    const clients: RawClient[] = [];
    for (const number of [1, 2, 1, 3, 2, 4]) {
      clients.push(await rig.watch(number));
      await sleep(60);
    }
    const last = clients.at(-1);
    expect(last === undefined ? undefined : await channelOf(last)).to.equal(4);
    for (const client of clients) client.close();
    await rig.expectHeld();
  });

  it('5: a reset in the middle of the stream gives the slot back', async () => {
    for (let round = 0; round < 8; round += 1) {
      using client = await rig.watch(1 + (round % 3));
      await client.read(50_000);
      client.reset();
    }
    await rig.expectHeld();
  });

  it('6: a client that vanished without a word is dropped, and its slot is free again', async () => {
    await rig.provider.behave({ burstBytes: hurry });
    await using proxy = new DroppingProxy(rig.engine.port);
    const via = await proxy.start();
    using gone = await rig.watch(1, 'phone', { via });
    await gone.read(50_000);
    proxy.drop();
    await waitUntil('the engine gives the slot back', async () => (await rig.sync()).leases === 0, 25_000);
    await rig.expectHeld();
  });

  it('7: a client that connects and never reads is dropped', async () => {
    await rig.provider.behave({ burstBytes: hurry });
    using lazy = await rig.watch(1, 'lazy');
    lazy.stopReading();
    await waitUntil('the channel is opened', async () => (await rig.provider.state(true)).opened === 1);
    await waitUntil('the engine gives the slot back', async () => (await rig.sync()).leases === 0, 25_000);
    await rig.expectHeld();
  });

  it('8: a client that goes while it waits for the slot leaves nothing behind', async () => {
    using holder = await rig.watch(1, 'viewer-a');
    await holder.read(188);
    const waiting = await rig.watch(2, 'viewer-b');
    await waitUntil('it waits', async () => (await rig.accounts()).some((account) => account.waiters === 1));
    waiting.reset();
    await waitUntil('nobody waits', async () => (await rig.accounts()).every((account) => account.waiters === 0), 4000);
    holder.close();
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  it('8: the slot goes to who waits for it as soon as the holder leaves', async () => {
    using holder = await rig.watch(1, 'viewer-a');
    await holder.read(188);
    using waiting = await rig.watch(2, 'viewer-b');
    await waitUntil('it waits', async () => (await rig.accounts()).some((account) => account.waiters === 1));
    holder.close();
    expect(await channelOf(waiting)).to.equal(2);
    waiting.close();
    expect((await rig.expectHeld()).opened).to.equal(2);
  });

  it('8: who waits in vain is told why', async () => {
    using holder = await rig.watch(1, 'viewer-a');
    await holder.read(188);
    using waiting = await rig.watch(2, 'viewer-b');
    const head = await waiting.head();
    expect(head.status).to.equal(503);
    expect(JSON.parse((await waiting.read(10_000)).toString())).to.include({ code: 'NO_CAPACITY' });
    using still = await rig.watch(1, 'viewer-c');
    expect(await channelOf(still)).to.equal(1);
    for (const client of [holder, still]) client.close();
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  it('9: a client that goes while the provider has not answered yet leaves nothing behind', async () => {
    await rig.provider.behave({ headDelayMs: 20_000 });
    using client = await rig.watch(1);
    await waitUntil('the provider is asked', async () => (await rig.provider.state(true)).opened === 1);
    client.reset();
    await waitUntil('the provider is let go', async () => (await rig.provider.state(true)).open === 0, 4500);
    await rig.expectHeld();
  });

  it('14: HEAD is answered without the provider', async () => {
    using client = await rig.watch(1, 'viewer-a', { method: 'HEAD' });
    const head = await client.head();
    expect(head.status).to.equal(200);
    expect(head.headers['content-type']).to.equal('video/mp2t');
    expect((await rig.provider.state()).requests).to.deep.equal([]);
  });

  it('20: a lowered limit leaves running streams alone and holds for new ones', async function () {
    await using two = await startRig({
      provider: { max: 2 },
      engine: { settings: { accounts: { waitMs: 2000 }, live: { lingerMs: 0 } } },
    });
    using first = await two.watch(1, 'viewer-a');
    using second = await two.watch(2, 'viewer-b');
    expect([await channelOf(first), await channelOf(second)]).to.deep.equal([1, 2]);
    const patched = await two.engine.api('PATCH', `/sources/${two.sourceId}`, { maxConnections: 1 });
    expect(patched.status).to.equal(200);
    await first.readFor(100);
    expect(await first.read(188)).to.have.length(188);
    using third = await two.watch(3, 'viewer-c');
    expect((await third.head()).status).to.equal(503);
    first.close();
    second.close();
    using fourth = await two.watch(4, 'viewer-d');
    expect(await channelOf(fourth)).to.equal(4);
    fourth.close();
    await two.expectHeld(2);
  });

  it('20: a source that is removed ends its streams', async () => {
    await using other = await startRig();
    using client = await other.watch(1);
    await client.read(188);
    expect((await other.engine.api('DELETE', `/sources/${other.sourceId}`)).status).to.equal(204);
    await waitUntil('the client is ended', async () => {
      await client.readFor(50);
      return client.ended;
    });
    expect((await other.provider.quiet()).counted).to.equal(0);
  });

  it('21, 23, 29: everybody on a channel shares one upstream, also who asks twice at once', async () => {
    const clients = await Promise.all([
      rig.watch(1, 'viewer-a'),
      rig.watch(1, 'viewer-a'),
      rig.watch(1, 'viewer-b'),
      rig.watch(1, 'recorder'),
    ]);
    for (const client of clients) expect(await channelOf(client)).to.equal(1);
    for (const client of clients) client.close();
    expect((await rig.expectHeld()).opened).to.equal(1);
  });

  it('24: stopping a stream wins over its viewers', async () => {
    using client = await rig.watch(1);
    await client.read(188);
    const { body } = await rig.engine.api<readonly { id: string }[]>('GET', '/streams');
    expect((await rig.engine.api('DELETE', `/streams/${body[0]?.id}`)).status).to.equal(204);
    expect((await rig.provider.quiet()).counted).to.equal(0);
    await waitUntil('the client is ended', async () => {
      await client.readFor(50);
      return client.ended;
    });
    await rig.expectHeld();
  });

  it('30: a client that stops reading does not slow the others', async () => {
    using slow = await rig.watch(1, 'slow');
    await slow.read(188);
    slow.stopReading();
    using fast = await rig.watch(1, 'fast');
    await fast.read(188);
    const bytes = await fast.readFor(2500);
    const report = checkTs(bytes.subarray(bytes.length % 188 === 0 ? 0 : 0));
    expect(report.continuityErrors).to.deep.equal([]);
    expect(bytes.length).to.be.greaterThan(500_000);
    for (const client of [slow, fast]) client.close();
    await rig.expectHeld();
  });
});
