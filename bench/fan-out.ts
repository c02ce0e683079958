import { startNginx } from './nginx.ts';
import { startOneChannel } from './one-channel.ts';
import { Child, cpuSeconds, loadTool, pinned } from './processes.ts';
import { type BenchContext, median, quantile, type Result } from './result.ts';

const bench = 'fan-out';

interface SinkEnd {
  readonly leastBps: number;
  readonly meanBps: number;
  readonly dead: number;
  readonly empty: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
}

interface JoinLine {
  readonly status: number;
  readonly keyFrameMs: number;
  readonly firstByteMs: number;
}

interface Measured extends SinkEnd {
  /** Share of one core. */
  readonly cpu: number;
  readonly joins: readonly number[];
}

/** `count` consumers of `path` on `port`; the CPU of `pid` over the window, and joins of one more viewer in its midst. */
async function measure(
  context: BenchContext,
  port: number,
  path: string,
  pid: number,
  count: number,
  joins: boolean,
): Promise<Measured> {
  const window = context.quick ? 3 : 6;
  await using sink = new Child([
    ...pinned(1),
    loadTool('sink', context.folder),
    String(port),
    path,
    String(count),
    '--warm',
    '3',
    '--window',
    String(window),
  ]);
  await sink.next();
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  const tries = Math.max(3, Math.floor((window - 1) / 0.25));
  await using joiner = joins
    ? new Child([...pinned(1), loadTool('join', context.folder), String(port), path, String(tries), '--every', '200'])
    : undefined;
  const joined = joiner?.rest<JoinLine>();
  const end = await sink.next<SinkEnd>();
  const cpu = (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startedAt) / 1000);
  if (end === undefined) throw new Error('the sink said nothing');
  const lines = (await joined) ?? [];
  return { ...end, cpu, joins: lines.map((line) => line.keyFrameMs) };
}

/** (b) CPU of one process for N consumers of one 8 Mbit/s channel, against nginx with one upstream connection a consumer. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  const counts = context.quick ? [50, 500] : [50, 250, 500, 1000];
  await using channel = await startOneChannel(context);
  const { engine, port, rate } = channel;
  const path = new URL(await engine.liveUrl('One')).pathname;
  const results: Result[] = [];
  for (const count of counts) {
    const ours = await measure(context, engine.port, path, engine.pid, count, true);
    await using nginx = await startNginx(context.folder, port, 0);
    const theirs = nginx === null ? null : await measure(context, nginx.port, '/one.ts', nginx.pid, count, false);
    context.say(`${count}: ${JSON.stringify({ ours, theirs })}`);
    results.push(...rows(count, rate, ours, theirs));
  }
  return results;
}

function rows(count: number, rate: number, ours: Measured, theirs: Measured | null): Result[] {
  const share = (measured: SinkEnd) => (measured.leastBps / rate) * 100;
  const baseline = theirs === null ? {} : { baseline: { name: 'nginx', value: theirs.cpu * 100 } };
  const short = theirs !== null && share(theirs) < 97 ? `nginx fed its slowest only ${share(theirs).toFixed(0)} %` : '';
  return [
    {
      bench,
      what: `${count} consumers: CPU`,
      value: ours.cpu * 100,
      unit: '% of a core',
      ...baseline,
      ...(count === 500 && theirs !== null
        ? { target: { text: 'at most half of nginx', met: ours.cpu <= theirs.cpu / 2 } }
        : {}),
      ...(short === '' ? {} : { note: short }),
    },
    {
      bench,
      what: `${count} consumers: rate of the slowest`,
      value: share(ours),
      unit: '% of the channel',
      ...(theirs === null ? {} : { baseline: { name: 'nginx', value: share(theirs) } }),
      target: { text: 'none starved (97 %)', met: share(ours) >= 97 && ours.dead === 0 && ours.empty === 0 },
    },
    {
      bench,
      what: `${count} consumers: delay p99`,
      value: ours.latencyP99Ms,
      unit: 'ms',
      ...(theirs === null ? {} : { baseline: { name: 'nginx', value: theirs.latencyP99Ms } }),
    },
    {
      bench,
      what: `${count} consumers: one more joins`,
      value: median(ours.joins),
      unit: 'ms',
      ...(count === 1000
        ? { target: { text: '100 ms', met: quantile(ours.joins, 0.9) <= 100 && ours.joins.every((ms) => ms >= 0) } }
        : {}),
      note: `slowest ${Math.max(...ours.joins).toFixed(0)} ms of ${ours.joins.length}, to a whole key frame`,
    },
  ];
}
