import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Engine, startEngine } from '../support/engine.ts';
import { liveMedia } from '../support/fake-provider/media.ts';
import type { MediaName } from '../support/fake-provider/settings.ts';
import { hasEncoder, needsFfmpeg } from '../support/ffmpeg.ts';
import { RawClient } from '../support/raw-client.ts';
import { quickSettings } from '../support/rig.ts';
import { type FakeProvider, startFakeProvider } from '../support/start-fake-provider.ts';
import { waitUntil } from '../support/wait-until.ts';

const media: readonly MediaName[] = ['h264-aac', 'h264-sd', 'h264-hd'];
const switches = 50;
/** Every so many changes, the provider of the present stream stops sending; the others are by hand. */
const stallEvery = 5;

/** Times as they come: by itself ffmpeg rounds them to the frame rate of the first stream, and complains of pictures that come faster. */
const nullOutput = ['-enc_time_base', '-1', '-f', 'null', '-'];

interface Session {
  readonly id: string;
  readonly state: string;
  readonly streamId: string;
  readonly consumers: readonly unknown[];
  readonly failover: {
    readonly switches: number;
    readonly lastSwitch?: { readonly reason: string; readonly gapMs: number; readonly to: string };
  };
}

interface Channel {
  readonly id: string;
  readonly sourceId: string;
  readonly name: string;
  readonly streams: readonly { readonly id: string }[];
}

interface Packet {
  readonly kind: string;
  readonly pts: number;
  readonly hash: string;
}

/** The packets of a transport stream, as ffprobe tells them. */
async function packetsOf(path: string): Promise<Packet[]> {
  const entries = 'packet=codec_type,pts_time,data_hash';
  const child = spawn(
    'ffprobe',
    ['-v', 'quiet', '-show_packets', '-show_data_hash', 'MD5', '-show_entries', entries, '-of', 'json', path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(child, 'close');
  const { packets } = JSON.parse(text) as { packets: Readonly<Record<string, string>>[] };
  return packets.flatMap(({ codec_type: kind, pts_time: pts, data_hash: hash }) =>
    kind === undefined || pts === undefined || hash === undefined ? [] : [{ kind, pts: Number(pts), hash }],
  );
}

/** Where each packet of the sources stands in time; those that stand at several places tell nothing. */
async function timesOf(
  names: readonly MediaName[],
): Promise<Map<string, { readonly pts: number; readonly clip: string; readonly seconds: number }>> {
  const times = new Map<string, { readonly pts: number; readonly clip: string; readonly seconds: number }>();
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { path, seconds } = await liveMedia(name);
    const seen = new Map<string, number>();
    // oxlint-disable-next-line no-await-in-loop
    const packets = await packetsOf(path);
    for (const { hash } of packets) seen.set(hash, (seen.get(hash) ?? 0) + 1);
    for (const { hash, pts } of packets) if (seen.get(hash) === 1) times.set(hash, { pts, clip: name, seconds });
  }
  return times;
}

/** The furthest that sound went away from its picture, in seconds, against how they lay in the sources. */
function driftOf(
  packets: readonly Packet[],
  times: Awaited<ReturnType<typeof timesOf>>,
): { drift: number; compared: number } {
  let drift = 0;
  let compared = 0;
  let picture: { readonly clip: string; readonly moved: number; readonly pts: number } | null = null;
  for (const { kind, pts, hash } of packets) {
    const source = times.get(hash);
    if (source === undefined) continue;
    const moved = (((pts - source.pts) % source.seconds) + source.seconds) % source.seconds;
    if (kind === 'video') picture = { clip: source.clip, moved, pts };
    else if (picture !== null && picture.clip === source.clip && Math.abs(picture.pts - pts) < 0.5) {
      const apart = Math.abs(moved - picture.moved);
      drift = Math.max(drift, Math.min(apart, source.seconds - apart));
      compared++;
    }
  }
  return { drift, compared };
}

describe(`A channel that is switched ${switches} times${needsFfmpeg}`, function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'coax-failover-'));
  const providers: FakeProvider[] = [];
  let engine: Engine;
  let channel: Channel;
  let streams: readonly string[];

  before(async function () {
    if (!hasEncoder('libx264')) this.skip();
    this.timeout(120_000);
    engine = await startEngine({
      demo: false,
      settings: { ...quickSettings, live: { ...quickSettings.live, writeProgressMs: 20_000 } },
    });
    const found: Channel[] = [];
    for (const [n, name] of media.entries()) {
      // One of them has room for two, so that both ways of switching come up.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const provider = await startFakeProvider({ media: name, max: n === 1 ? 2 : 1 });
      providers.push(provider);
      const { username, password } = provider.login;
      // oxlint-disable-next-line no-await-in-loop
      const id = await engine.addSource({ kind: 'xtream', name: `Panel ${n}`, url: provider.url, username, password });
      // oxlint-disable-next-line no-await-in-loop
      const { body } = await engine.api<{ items: readonly Channel[] }>('GET', `/channels?source=${id}&limit=100`);
      found.push(...body.items.filter((item) => item.name === 'Channel 1'));
    }
    const [first] = found;
    if (first === undefined) throw new Error('no channel');
    channel = first;
    streams = found.flatMap((item) => item.streams.map(({ id }) => id));
    const put = await engine.api('PUT', `/channels/${channel.id}/streams`, { streams });
    expect(put.status, put.text).to.equal(200);
  });

  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    for (const provider of providers) await provider[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const session = async (): Promise<Session | undefined> =>
    (await engine.api<readonly Session[]>('GET', '/streams')).body.find(({ state }) => state !== 'closing');

  async function url(): Promise<string> {
    return `${engine.url}/o/${(await engine.output()).token}/live/${channel.id}.ts`;
  }

  /** A decoder that reads all the time and says only what is wrong. */
  function decoder(address: string): { readonly child: ChildProcess; readonly said: () => string } {
    const child = spawn(
      'ffmpeg',
      ['-v', 'error', '-nostdin', '-i', address, '-map', '0:v:0', '-map', '0:a:0', ...nullOutput],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    return { child, said: () => said };
  }

  async function change(n: number): Promise<number> {
    const before = await session();
    if (before === undefined) throw new Error('nothing plays');
    if (n % stallEvery !== 0) {
      const { status, text } = await engine.api('POST', `/streams/${before.id}/next`);
      expect(status, text).to.equal(200);
    } else {
      const provider = providers[streams.indexOf(before.streamId)];
      await provider?.set({ frozen: true });
      await waitUntil('it has gone on', async () => (await session())?.failover.switches === n, 10_000, 50);
      await provider?.set({ frozen: false });
    }
    const after = await session();
    expect(after?.streamId).to.not.equal(before.streamId);
    expect(after?.id, 'the same stream for its players').to.equal(before.id);
    return after?.failover.lastSwitch?.gapMs ?? Number.NaN;
  }

  it('is one stream to a decoder, with short gaps and sound that stays with its picture', async () => {
    const address = await url();
    const path = join(folder, 'received.ts');
    const file = await open(path, 'w');
    using client = await RawClient.send(address, { headers: { 'user-agent': 'recorder' } });
    await client.head();
    client.socket.on('data', (chunk: Buffer) => void file.appendFile(chunk));
    const ffmpeg = decoder(address);
    await waitUntil('both watch', async () => (await session())?.consumers.length === 2);
    const gaps: number[] = [];
    for (let n = 1; n <= switches; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await sleep(400);
      // oxlint-disable-next-line no-await-in-loop
      gaps.push(await change(n));
    }
    await sleep(1_000);
    const last = await session();
    expect(last?.failover.switches).to.equal(switches);
    expect(last?.consumers, 'nobody had to come again').to.have.length(2);
    const { body: sync } = await engine.api<{ mismatches: readonly string[] }>('GET', '/debug/sync');
    expect(sync.mismatches).to.deep.equal([]);
    ffmpeg.child.kill('SIGINT');
    await once(ffmpeg.child, 'close');
    client.close();
    await file.close();
    expect(ffmpeg.said(), 'what the decoder complained of').to.equal('');
    expect(Math.max(...gaps), 'milliseconds from a loss to new bytes').to.be.at.most(3_000);
    const { drift, compared } = driftOf(await packetsOf(path), await timesOf(media));
    expect(compared, 'packets of sound that were compared').to.be.above(switches);
    expect(drift, 'seconds').to.be.at.most(0.04);
    // oxlint-disable-next-line no-await-in-loop
    for (const [n, provider] of providers.entries())
      expect((await provider.state(true)).peak, `connections at ${n}`).to.be.at.most(n === 1 ? 2 : 1);
    if (process.env['SHOW'] !== undefined) console.log({ gaps, drift, compared });
  });

  it('leaves the slate of a provider for the next stream, and is opened there afterwards', async () => {
    await waitUntil('nothing plays', async () => (await session()) === undefined, 20_000);
    await providers[0]?.set({ mediaOf: { '1': 'limit-slate' } });
    using client = await RawClient.send(await url(), { headers: { 'user-agent': 'viewer' } });
    await client.head();
    // Streams that stalled a moment ago are opened last.
    const opened = await session();
    if (opened?.streamId !== streams[0])
      await engine.api('POST', `/streams/${opened?.id}/next`, { streamId: streams[0] });
    expect((await session())?.streamId, 'the slate plays').to.equal(streams[0]);
    await waitUntil('it has gone on', async () => (await session())?.streamId !== streams[0], 60_000, 200);
    expect((await session())?.failover.lastSwitch).to.include({ reason: 'slate', gapMs: 0 });
    expect(client.ended).to.equal(false);
    interface Health {
      readonly state: string;
      readonly lastFailure?: { readonly reason: string };
    }
    const { body } = await engine.api<{ streams: readonly { readonly health: Health }[] }>(
      'GET',
      `/channels/${channel.id}/streams`,
    );
    expect(body.streams[0]?.health).to.have.nested.include({ state: 'resting', 'lastFailure.reason': 'slate' });
    client.close();
    await waitUntil('nothing plays', async () => (await session()) === undefined, 20_000);
    using again = await RawClient.send(await url(), { headers: { 'user-agent': 'viewer' } });
    await again.head();
    expect((await session())?.streamId).to.not.equal(streams[0]);
    again.close();
  });
});
