import { setTimeout as sleep } from 'node:timers/promises';
import { Generation } from '../src/relay/generation.ts';
import type { GenerationSink } from '../src/relay/generation.ts';
import { Seam } from '../src/relay/seam.ts';
import { StreamWatch } from '../src/relay/stream-watch.ts';
import { type Engine, startEngine } from '../test/support/engine.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { type FakeProvider, startFakeProvider } from '../test/support/start-fake-provider.ts';
import { checkTs } from '../test/support/ts-check.ts';
import { syntheticClip } from '../test/support/ts-builder.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { pinned } from './processes.ts';
import { type BenchContext, median, quantile, type Result } from './result.ts';

const bench = 'failover';
const chunkBytes = 65_536;
const panels = 3;
/** Longer than a stall, and nowhere in step with key frames. */
const anyMs = (n: number): number => 600 + ((n * 397) % 1_300);

/** (h) What restamping costs, and how long players see nothing while a channel goes on with its next stream. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  return [...restamping(context), ...(await switching(context))];
}

const blind: GenerationSink = { position: () => 0, packets: () => {}, entry: () => {} };

/** CPU seconds for each Gbit of `work`, which takes a chunk of a stream. */
function cost(clip: Buffer, rounds: number, begin: () => (chunk: Buffer) => void): number {
  const once = (): void => {
    const work = begin();
    for (let at = 0; at < clip.length; at += chunkBytes) work(clip.subarray(at, at + chunkBytes));
  };
  once();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) once();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / ((clip.length * rounds * 8) / 1e9);
}

function restamping(context: BenchContext): Result[] {
  const clip = syntheticClip(20_000, { bitRate: 8_000_000 });
  const other = syntheticClip(2_000, { bitRate: 8_000_000, startPts: 900_000_000 });
  const rounds = context.quick ? 12 : 60;
  const best = (begin: () => (chunk: Buffer) => void): number =>
    Math.min(...Array.from({ length: 3 }, () => cost(clip, rounds / 3, begin)));
  const seam = () => new Seam(() => [other]);
  const times = { stallMs: 5_000, syncLossMs: 3_000, loopMs: 15_000 };
  const copy = best(() => (chunk) => void Buffer.from(chunk));
  const first = best(() => {
    const generation = new Generation(blind, () => null);
    return (chunk) => generation.push(chunk, 0);
  });
  const watched = best(() => {
    const generation = new Generation(blind, () => null, new StreamWatch(times).inspect);
    return (chunk) => generation.push(chunk, 0);
  });
  const restamped = best(() => {
    const generation = new Generation(blind, seam, new StreamWatch(times).inspect);
    return (chunk) => generation.push(chunk, 0);
  });
  const baseline = { name: 'plain copy', value: copy };
  const row = (what: string, value: number, note: string): Result => ({
    bench,
    what,
    value,
    unit: 'CPU s/Gbit',
    baseline,
    note,
  });
  return [
    row('a stream as it comes', first, 'packets, key frames, whole units'),
    row('with the look-out for loops', watched, 'every picture and sound fingerprinted'),
    row('after a switch', restamped, 'the same, restamped: counters, times, PIDs, table versions'),
    row('restamping alone', restamped - watched, 'the difference of the two'),
  ];
}

async function switching(context: BenchContext): Promise<Result[]> {
  const count = context.quick ? 9 : 45;
  const providers: FakeProvider[] = [];
  await using engine = await startEngine({
    prefix: pinned(0),
    demo: false,
    settings: { live: { stallMs: 500, lingerMs: 0 } },
  });
  try {
    for (let n = 0; n < panels; n++)
      providers.push(await startFakeProvider({ max: 0, catalog: { channels: 2, groups: 1 } }));
    const channel = await channelOf(engine, providers);
    const gaps = await gapsOf(engine, channel, providers, count, context);
    const cold: number[] = [];
    for (let n = 0; n < count; n++) {
      await sleep(anyMs(n) / 4);
      cold.push(await coldOpen(providers[n % panels]?.liveUrl(1) ?? ''));
    }
    const row = (what: string, share: number): Result => ({
      bench,
      what,
      value: quantile(gaps, share),
      unit: 'ms',
      baseline: { name: 'first key frame of a cold open', value: quantile(cold, share) },
      target: { text: 'at most 3 s from the loss to new bytes', met: quantile(gaps, share) <= 3_000 },
      note: `${gaps.length} switches; longest ${Math.max(...gaps).toFixed(0)} ms; median ${median(gaps).toFixed(1)} ms`,
    });
    return [row('switch gap, p50', 0.5), row('switch gap, p95', 0.95)];
  } finally {
    for (const provider of providers) await provider[Symbol.asyncDispose]();
  }
}

interface Played {
  readonly url: string;
  /** One of each provider. */
  readonly streams: readonly string[];
}

async function channelOf(engine: Engine, providers: readonly FakeProvider[]): Promise<Played> {
  interface Channel {
    readonly id: string;
    readonly name: string;
    readonly streams: readonly { readonly id: string }[];
  }
  const found: Channel[] = [];
  for (const { url, login } of providers) {
    const { username, password } = login;
    const id = await engine.addSource({ kind: 'xtream', name: url, url, username, password });
    const { body } = await engine.api<{ items: readonly Channel[] }>('GET', `/channels?source=${id}`);
    found.push(...body.items.filter(({ name }) => name === 'Channel 1'));
  }
  const [first] = found;
  if (first === undefined) throw new Error('there is no channel');
  const streams = found.flatMap((channel) => channel.streams.map(({ id }) => id));
  await engine.api('PUT', `/channels/${first.id}/streams`, { streams });
  return { url: `${engine.url}/o/${(await engine.output()).token}/live/${first.id}.ts`, streams };
}

interface Session {
  readonly streamId: string;
  readonly failover: { readonly switches: number; readonly lastSwitch?: { readonly gapMs: number } };
}

/**
 * The provider of the present stream closes its connections: from the loss, as the engine notices it, to the first bytes of the next
 * stream for players, in milliseconds. A player reads throughout.
 */
async function gapsOf(
  engine: Engine,
  { url, streams }: Played,
  providers: readonly FakeProvider[],
  count: number,
  context: BenchContext,
): Promise<number[]> {
  using player = await RawClient.send(url);
  await player.head();
  player.socket.resume();
  const session = async (): Promise<Session | undefined> =>
    (await engine.api<readonly Session[]>('GET', '/streams')).body[0];
  const gaps: number[] = [];
  for (let n = 0; n < count; n++) {
    await sleep(anyMs(n));
    const before = await session();
    await providers[streams.indexOf(before?.streamId ?? '')]?.cut('fin');
    await waitUntil(
      'it has gone on',
      async () => ((await session())?.failover.switches ?? 0) > (before?.failover.switches ?? 0),
    );
    gaps.push((await session())?.failover.lastSwitch?.gapMs ?? Number.NaN);
  }
  context.say(`gaps: ${gaps.join(' ')}`);
  return gaps;
}

/** From the request to a whole key frame, straight from the provider, in milliseconds. */
async function coldOpen(url: string): Promise<number> {
  const startedMs = performance.now();
  using client = await RawClient.send(url);
  await client.head();
  const parts: Buffer[] = [];
  for (;;) {
    parts.push(await client.read(188 * 20));
    const { firstKey } = checkTs(Buffer.concat(parts));
    if (firstKey !== undefined && firstKey >= 0) return performance.now() - startedMs;
  }
}
