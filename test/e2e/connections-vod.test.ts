import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { movieMedia } from '../support/fake-provider/media.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { waitUntil } from '../support/wait-until.ts';

describe('connections: movies on an account with one connection (numbers are those of the scenarios)', function () {
  this.timeout(60_000);
  let rig: Rig;
  let file: Buffer;
  before(async () => {
    rig = await startRig();
    file = readFileSync(await movieMedia('mkv'));
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => rig.clean());

  const same = (bytes: Buffer, from: number) => bytes.equals(file.subarray(from, from + bytes.length));

  it('1: the three requests of a probe are one playback on one connection', async () => {
    const size = file.length;
    using head = await rig.movie('bytes=0-');
    expect((await head.head()).status).to.equal(206);
    const first = await head.read(200_000);
    using tail = await rig.movie(`bytes=${size - 983}-`);
    const last = await tail.read(2000);
    using third = await rig.movie('bytes=5724-');
    const middle = await third.read(100_000);
    await sleep(50);
    third.reset();
    expect([same(first, 0), same(last, size - 983), same(middle, 5724)]).to.deep.equal([true, true, true]);
    expect(last.length).to.equal(983);
    using play = await rig.movie('bytes=0-');
    expect(same(await play.read(500_000), 0)).to.equal(true);
    for (const client of [head, tail, play]) client.close();
    await rig.expectHeld();
  });

  it('1: a new range before the old one is closed is served, and nothing is refused', async () => {
    const open: RawClient[] = [];
    for (const from of [0, 20_000_000, 40_000_000, 10_000_000]) {
      const client = await rig.movie(`bytes=${from}-`);
      open.push(client);
      expect((await client.head()).status).to.equal(206);
      expect(same(await client.read(1_500_000), from)).to.equal(true);
    }
    for (const client of open) client.close();
    await rig.expectHeld();
  });

  it('4: in a storm of seeks the last one wins, on at most one connection', async () => {
    const open: RawClient[] = [];
    let last = 0;
    for (let index = 0; index < 30; index += 1) {
      last = 1_000_000 + ((index * 7_654_321) % 60_000_000);
      open.push(await rig.movie(`bytes=${last}-`));
      if (index % 3 === 0) open.at(-2)?.reset();
      await sleep(40);
    }
    const final = open.at(-1);
    expect(final === undefined ? false : same(await final.read(500_000), last)).to.equal(true);
    for (const client of open) client.close();
    await rig.expectHeld();
  });

  it('5: resets in the middle of a movie give the slot back', async () => {
    for (let index = 0; index < 10; index += 1) {
      using client = await rig.movie(`bytes=${index * 5_000_000}-`, `viewer-${index % 2}`);
      await client.read(300_000);
      client.reset();
    }
    await rig.expectHeld();
  });

  it('12: a provider that cuts the file short is resumed inside the answer', async () => {
    await rig.provider.faults({ kind: 'movie', endAfterBytes: 3_000_000, times: 2 });
    using client = await rig.movie('bytes=1000000-20999999');
    const bytes = await client.read(20_000_000, 30_000);
    expect(bytes.length).to.equal(20_000_000);
    expect(same(bytes, 1_000_000)).to.equal(true);
    client.close();
    await rig.expectHeld();
  });

  it('11: a provider that stops in the middle of a file is resumed inside the answer', async () => {
    await rig.provider.faults({ kind: 'movie', stallAfterBytes: 3_000_000, times: 1 });
    using client = await rig.movie('bytes=0-9999999');
    const bytes = await client.read(10_000_000, 30_000);
    expect(bytes.length).to.equal(10_000_000);
    expect(same(bytes, 0)).to.equal(true);
    client.close();
    await rig.expectHeld();
  });

  it('12: a provider without ranges still serves a seek with the right bytes', async () => {
    await rig.provider.faults({ kind: 'movie', noRanges: true });
    using client = await rig.movie('bytes=8000000-', 'viewer-no-ranges');
    expect((await client.head()).status).to.be.oneOf([200, 206]);
    const from = (await client.head()).status === 206 ? 8_000_000 : 0;
    expect(same(await client.read(300_000), from)).to.equal(true);
    client.close();
    await rig.expectHeld();
  });

  it('14: HEAD is answered without the provider', async () => {
    using client = await rig.movie(undefined, 'viewer-a', { method: 'HEAD' });
    expect((await client.head()).status).to.equal(200);
    expect((await rig.provider.state()).requests).to.deep.equal([]);
  });

  it('16: a paused player gives its connection back and goes on from there', async () => {
    using client = await rig.movie('bytes=0-');
    const first = await client.read(2_000_000);
    client.stopReading();
    await waitUntil('the provider is let go', async () => (await rig.provider.state(true)).counted === 0, 10_000);
    await sleep(300);
    const rest = await client.read(30_000_000, 30_000);
    expect(rest.length).to.equal(30_000_000);
    expect(same(first, 0) && same(rest, first.length)).to.equal(true);
    client.close();
    await rig.expectHeld();
  });

  it('16: somebody else can watch while a player is paused', async () => {
    using paused = await rig.movie('bytes=0-', 'viewer-a');
    await paused.read(1_000_000);
    paused.stopReading();
    using other = await rig.watch(1, 'viewer-b');
    expect((await other.head(20_000)).status).to.equal(200);
    for (const client of [paused, other]) client.close();
    await rig.expectHeld();
  });

  it('3: a viewer who goes from a movie to a channel takes the slot along', async () => {
    using movie = await rig.movie('bytes=0-');
    await movie.read(500_000);
    using live = await rig.watch(1);
    expect((await live.head()).status).to.equal(200);
    for (const client of [movie, live]) client.close();
    await rig.expectHeld();
  });

  it('outside of the file is 416, and no provider connection stays', async () => {
    using client = await rig.movie(`bytes=${file.length + 10}-`);
    expect((await client.head()).status).to.equal(416);
    client.close();
    await rig.expectHeld();
  });
});
