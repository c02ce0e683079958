import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserPlay, playInBrowser } from '../test/support/browser-player.ts';
import { chromiumPath } from '../test/support/chromium.ts';
import { HlsPlayer } from '../test/support/hls-player.ts';
import { startRig } from '../test/support/rig.ts';
import { startFileNginx } from './nginx.ts';
import { startOneChannel } from './one-channel.ts';
import { Child, cpuSeconds, pinned, residentBytes } from './processes.ts';
import { type BenchContext, median, quantile, type Result } from './result.ts';

const bench = 'hls-out';

interface ClientsEnd {
  readonly seconds: number;
  readonly bytes: number;
  readonly failed: number;
  readonly p99Ms: number;
}

interface Measured extends ClientsEnd {
  /** Share of one core. */
  readonly cpu: number;
  /** Bits per second and client. */
  readonly rate: number;
  readonly rssMb: number;
}

/** `count` players of `url`, and the CPU of `pid` meanwhile. */
async function measure(
  context: BenchContext,
  url: string,
  pid: number,
  count: number,
  isStatic: boolean,
): Promise<Measured> {
  const tool = join(import.meta.dirname, 'load', 'hls-clients.ts');
  const window = context.quick ? 6 : 16;
  await using clients = new Child([
    ...pinned(1),
    process.execPath,
    tool,
    url,
    String(count),
    '--window',
    String(window),
    ...(isStatic ? ['--static'] : []),
  ]);
  await clients.next();
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  const end = await clients.next<ClientsEnd>();
  if (end === undefined) throw new Error('the players said nothing');
  const cpu = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startedAt) / 1_000);
  return { ...end, cpu, rate: (end.bytes * 8) / end.seconds / count, rssMb: residentBytes(pid) / 1e6 };
}

/** Milliseconds from asking for the channel to the whole first segment. */
async function firstSegmentMs(url: string): Promise<number> {
  const startedAt = performance.now();
  const player = await new HlsPlayer(url).open();
  await player.poll();
  const first = player.validator.last?.segments.at(-3) ?? player.validator.last?.segments[0];
  await (await player.fetch(first?.uri ?? '')).arrayBuffer();
  return performance.now() - startedAt;
}

/** The segments of the running channel as files, with a playlist of them. */
async function saveSegments(url: string, root: string): Promise<void> {
  const player = await new HlsPlayer(url).open();
  await player.poll();
  const names: string[] = [];
  for (const { uri } of player.validator.last?.segments.slice(-5) ?? []) {
    const bytes = Buffer.from(await (await player.fetch(uri)).arrayBuffer());
    writeFileSync(join(root, uri), bytes);
    names.push(uri);
  }
  writeFileSync(join(root, 'index.m3u8'), `#EXTM3U\n${names.map((name) => `#EXTINF:2,\n${name}\n`).join('')}`);
}

/** HLS out: CPU per player against nginx with the same segments as files, join time, and a browser on a paced source. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  const results = await players(context);
  if (chromiumPath !== undefined) results.push(...(await inBrowser(context)));
  return results;
}

async function players(context: BenchContext): Promise<Result[]> {
  const counts = context.quick ? [50] : [10, 50, 100, 200];
  await using channel = await startOneChannel(context);
  const { engine, folder, rate } = channel;
  const results: Result[] = [];
  const url = (await engine.liveUrl('One')).replace(/\.ts$/, '.m3u8');
  results.push({
    bench,
    what: 'cold: first segment whole',
    value: await firstSegmentMs(url),
    unit: 'ms',
    note: 'two segments of two seconds have to come first',
  });
  const root = join(folder, 'files');
  mkdirSync(root);
  const keeper = await new HlsPlayer(url).open();
  await keeper.play(10_000);
  await saveSegments(url, root);
  const joins: number[] = [];
  for (let n = 0; n < (context.quick ? 5 : 20); n++) joins.push(await firstSegmentMs(url));
  results.push({
    bench,
    what: 'running: first segment whole',
    value: median(joins),
    unit: 'ms',
    target: { text: '100 ms', met: quantile(joins, 0.9) <= 100 },
  });
  for (const count of counts) {
    const ours = await measure(context, url, engine.pid, count, false);
    await using nginx = await startFileNginx(context.folder, root, 0);
    const theirs =
      nginx === null
        ? null
        : await measure(context, `http://127.0.0.1:${nginx.port}/index.m3u8`, nginx.pid, count, true);
    context.say(`${count}: ${JSON.stringify({ ours, theirs })}`);
    results.push(...rows(count, rate, ours, theirs));
  }
  return results;
}

function rows(count: number, channelRate: number, ours: Measured, theirs: Measured | null): Result[] {
  const share = ({ rate }: Measured) => (rate / channelRate) * 100;
  return [
    {
      bench,
      what: `${count} players: CPU for each`,
      value: (ours.cpu * 100) / count,
      unit: '% of a core',
      ...(theirs === null ? {} : { baseline: { name: 'nginx, files', value: (theirs.cpu * 100) / count } }),
      note: `${(ours.cpu * 100).toFixed(0)} % in all, ${ours.rssMb.toFixed(0)} MB`,
    },
    {
      bench,
      what: `${count} players: share of the channel they got`,
      value: share(ours),
      unit: '%',
      ...(theirs === null ? {} : { baseline: { name: 'nginx, files', value: share(theirs) } }),
      target: { text: 'all of it (90 %)', met: share(ours) >= 90 && ours.failed === 0 },
      note: `a segment takes ${ours.p99Ms.toFixed(0)} ms at p99`,
    },
  ];
}

async function inBrowser(context: BenchContext): Promise<Result[]> {
  const seconds = context.quick ? 15 : 60;
  await using rig = await startRig({ provider: { max: 1 } });
  const url = (await rig.engine.liveUrl('Channel 1')).replace(/\.ts$/, '.m3u8');
  const play: BrowserPlay = await playInBrowser(url, seconds * 1_000);
  context.say(JSON.stringify(play));
  return [
    {
      bench,
      what: `hls.js in Chromium, ${seconds} s: stalls`,
      value: play.stalls,
      unit: '',
      target: { text: 'none', met: play.stalls === 0 && play.errors.length === 0 },
      note: `${play.playedSeconds.toFixed(1)} s played, ${play.latencySeconds.toFixed(1)} s behind live, first picture after ${play.startSeconds.toFixed(1)} s`,
    },
  ];
}
