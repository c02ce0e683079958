import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { isUnitStart, pidOf } from '../../src/mpegts/packet.ts';
import { hasFfmpeg, needsFfmpeg, runWith } from '../support/ffmpeg.ts';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings, type Rig, startRig } from '../support/rig.ts';
import { checkTs } from '../support/ts-check.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
}

const startSlateRig = (slateMs: number, max: number): Promise<Rig> => {
  const settings = { ...quickSettings, live: { ...quickSettings.live, slateMs } };
  return startRig({ provider: { max }, engine: { demo: false, handshake: true, settings } });
};

const listed = async (rig: Rig) =>
  (await rig.engine.host<{ streams: readonly Listed[] }>('GET', '/streams')).body.streams;

/** Why a stream shows a slate, or its state. */
async function reasonOf(rig: Rig, id: string): Promise<string | undefined> {
  const stream = (await listed(rig)).find((each) => each.id === id);
  return stream?.state === 'slate' ? stream.reason : stream?.state;
}

/** Opens channel `number` as a media server does. */
async function open(rig: Rig, number: number, device: string): Promise<{ readonly id: string; readonly url: string }> {
  const channels = await rig.engine.channels();
  const { body } = await rig.engine.host<{ id: string; path: string }>('POST', '/streams', {
    channelId: channels[number - 1]?.id,
    viewer: { key: device, label: device },
  });
  return { id: body.id, url: rig.engine.url + body.path };
}

/** Collects all that comes. */
function collect(client: RawClient): { readonly bytes: () => Buffer } {
  const parts: Buffer[] = [];
  client.socket.on('data', (chunk: Buffer) => parts.push(chunk));
  return {
    bytes: () => {
      const all = Buffer.concat(parts);
      return all.subarray(all.indexOf('\r\n\r\n') + 4);
    },
  };
}

/** Without the last unit of each PID: the client left in the middle of them. */
function wholeUnits(bytes: Buffer): Buffer {
  const packets = Array.from({ length: Math.floor(bytes.length / 188) }, (_, n) =>
    bytes.subarray(n * 188, (n + 1) * 188),
  );
  const lastStarts = new Map<number, number>();
  packets.forEach((packet, n) => {
    if (isUnitStart(packet, 0)) lastStarts.set(pidOf(packet, 0), n);
  });
  return Buffer.concat(packets.filter((packet, n) => n < (lastStarts.get(pidOf(packet, 0)) ?? 0)));
}

describe('slates', function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async function () {
    this.timeout(60_000);
    rig = await startSlateRig(12_000, 1);
  });
  after(async () => rig?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const { id } of await listed(rig)) await rig.engine.host('DELETE', `/streams/${id}`);
    await rig.clean();
  });

  async function expectDecoded(bytes: Buffer): Promise<void> {
    expect(checkTs(bytes)).to.deep.include({
      aligned: true,
      firstPat: 0,
      firstPmt: 1,
      videoBeforeKey: 0,
      continuityErrors: [],
      timeJumps: [],
    });
    if (!hasFfmpeg) return;
    const args = ['-v', 'error', '-nostdin', '-i', 'pipe:0', '-map', '0:v', '-map', '0:a', '-f', 'null', '-'];
    const { stderr, code } = await runWith('ffmpeg', args, wholeUnits(bytes));
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
  }

  it(`say that all connections are in use; the channel goes on in the same connection when one is free${needsFfmpeg}`, async () => {
    using other = await rig.watch(1, 'somebody');
    await other.read(188 * 20);
    void other.readFor(20_000).catch(() => undefined);
    const stream = await open(rig, 2, 'tv');
    using player = await RawClient.send(stream.url);
    const got = collect(player);
    await waitUntil('the first bytes come', () => got.bytes().length > 188 * 20);
    expect(performance.now() - player.startedAt).to.be.below(2_000);
    expect(await reasonOf(rig, stream.id)).to.equal('All connections are in use');
    expect((await rig.provider.state()).opened).to.equal(1);
    await sleep(1_500);
    other.close();
    await waitUntil('the channel is live', async () => (await reasonOf(rig, stream.id)) === 'live');
    await sleep(2_500);
    player.close();
    await expectDecoded(got.bytes());
    expect(checkTs(got.bytes()).seconds).to.be.above(6);
    await rig.engine.host('DELETE', `/streams/${stream.id}`);
    expect((await rig.expectHeld()).opened).to.equal(2);
  });

  it('say that a provider is full with what others use', async () => {
    await rig.provider.set({ logins: [{ ...rig.provider.login, external: 1 }] });
    try {
      const stream = await open(rig, 1, 'tv');
      using player = await RawClient.send(stream.url);
      const got = collect(player);
      await waitUntil(
        'a slate is there',
        async () => (await reasonOf(rig, stream.id)) === 'All connections are in use',
        15_000,
      );
      await waitUntil('it has bytes', () => got.bytes().length > 188 * 20);
      player.close();
    } finally {
      await rig.provider.set({ logins: [rig.provider.login] });
    }
    await rig.quiet();
  });

  it('say that a provider refuses a channel, and do not insist', async () => {
    await rig.provider.behave({ status: 401 });
    const stream = await open(rig, 4, 'tv');
    using player = await RawClient.send(stream.url);
    const words = 'The provider refuses this channel';
    await waitUntil('a slate is there', async () => (await reasonOf(rig, stream.id)) === words, 15_000);
    player.close();
    await rig.engine.host('DELETE', `/streams/${stream.id}`);
    expect((await rig.quiet()).opened).to.be.at.most(8);
  });

  it('bridge the time in which a channel is down', async () => {
    const stream = await open(rig, 1, 'tv');
    using player = await RawClient.send(stream.url);
    const got = collect(player);
    await waitUntil('the channel is live', async () => got.bytes().length > 100_000);
    await rig.provider.behave({ status: 404 });
    await rig.provider.cut('fin');
    await waitUntil('a slate is there', async () => (await reasonOf(rig, stream.id)) === 'Reconnecting…', 15_000);
    await rig.provider.behave({});
    await waitUntil('the channel is live again', async () => (await reasonOf(rig, stream.id)) === 'live', 15_000);
    await sleep(1_000);
    expect(player.ended).to.equal(false);
    player.close();
    expect(checkTs(got.bytes())).to.deep.include({ continuityErrors: [], timeJumps: [] });
    await rig.engine.host('DELETE', `/streams/${stream.id}`);
    await rig.expectHeld();
  });

  it('leave nothing behind when the player is killed', async () => {
    using other = await rig.watch(1, 'somebody');
    await other.read(188 * 20);
    void other.readFor(20_000).catch(() => undefined);
    const stream = await open(rig, 2, 'tv');
    const reader = `fetch(${JSON.stringify(stream.url)}).then(async (r) => { for await (const c of r.body) console.log(c.length); })`;
    const child = spawn(process.execPath, ['-e', reader], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(await reasonOf(rig, stream.id)).to.equal('All connections are in use');
    expect((await rig.accounts())[0]?.waiters).to.equal(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await waitUntil('nobody waits', async () => (await rig.accounts())[0]?.waiters === 0);
    expect(await rig.sync()).to.deep.include({ relays: 1, leases: 1, sockets: 1, consumers: 1, mismatches: [] });
    other.close();
    expect((await rig.expectHeld()).opened).to.equal(1);
  });
});

describe('slates of dead channels', function () {
  this.timeout(60_000);
  const slateMs = 3_000;
  const cases = [
    ['1003', { status: 404 }, 'This channel is offline'],
    ['1004', { body: '<html>Welcome</html>' }, 'This channel is offline'],
    ['1005', { reset: true }, 'This channel is offline'],
  ] as const;
  let rig: Rig;
  before(async function () {
    this.timeout(60_000);
    rig = await startSlateRig(slateMs, 4);
  });
  after(async () => rig?.[Symbol.asyncDispose]());

  async function expectSlate(id: string, words: string): Promise<void> {
    const stream = await open(rig, Number(id) - 1_000, `tv-${id}`);
    using player = await RawClient.send(stream.url);
    const got = collect(player);
    await waitUntil(`a slate says ${words}`, async () => (await reasonOf(rig, stream.id)) === words, 10_000);
    const sinceMs = performance.now();
    await waitUntil('it is over', () => player.ended, 15_000);
    expect(performance.now() - sinceMs, id).to.be.within(slateMs - 1_500, slateMs + 3_000);
    expect(checkTs(got.bytes())).to.deep.include({ aligned: true, continuityErrors: [], timeJumps: [] });
    expect(got.bytes().length % 188, 'a clean end').to.equal(0);
    await rig.engine.host('DELETE', `/streams/${stream.id}`);
  }

  it('say why, and end cleanly after their time; the provider is not pressed', async () => {
    await rig.provider.faults(...cases.map(([id, behaviour]) => ({ ...behaviour, id })));
    await Promise.all(cases.map(([id, , words]) => expectSlate(id, words)));
    const { opened, peak } = await rig.quiet();
    expect(opened).to.be.at.most(4 * cases.length);
    expect(peak).to.be.at.most(4);
    expect((await rig.sync()).mismatches).to.deep.equal([]);
  });
});
