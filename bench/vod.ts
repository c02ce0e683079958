import { startEngine } from '../test/support/engine.ts';
import { startFakeProvider } from '../test/support/start-fake-provider.ts';
import { Child, cpuSeconds, loadTool, pinned } from './processes.ts';
import { startNginx } from './nginx.ts';
import type { BenchContext, Result } from './result.ts';

const bench = 'vod';

interface Drained {
  readonly ms: number;
  readonly bytes: number;
  readonly failed: number;
  readonly unfinished: number;
}

interface Read {
  /** Megabytes a second, all readers together. */
  readonly rate: number;
  /** CPU seconds of `pid` for a gigabyte. */
  readonly cpuPerGb: number;
  readonly bad: number;
}

async function read(context: BenchContext, url: string, readers: number, pid: number): Promise<Read> {
  const { port, pathname } = new URL(url);
  const before = cpuSeconds(pid);
  await using child = new Child([...pinned(1), loadTool('drain', context.folder), port, pathname, String(readers)]);
  const line = await child.next<Drained>();
  if (line === undefined) throw new Error('the reader said nothing');
  const bad = line.failed + line.unfinished;
  return { rate: line.bytes / 1e3 / line.ms, cpuPerGb: ((cpuSeconds(pid) - before) / line.bytes) * 1e9, bad };
}

/** (e) One and 50 sequential readers of a movie: straight from the provider, through nginx, through the engine. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  await using provider = await startFakeProvider({ max: 0, catalog: { movies: 2, channels: 1, groups: 1 } });
  await using engine = await startEngine({ prefix: pinned(0), demo: false });
  const { username, password } = provider.login;
  await engine.addSource({ kind: 'xtream', name: 'Bench', url: provider.url, username, password });
  const url = await engine.movieUrl(0);
  const source = provider.movieUrl(1);
  await using nginx = await startNginx(context.folder, Number(new URL(provider.url).port), 0);
  await read(context, source, 2, provider.pid);
  await read(context, url, 2, engine.pid);
  const results: Result[] = [];
  for (const readers of context.quick ? [1, 10] : [1, 50]) {
    const direct = await read(context, source, readers, provider.pid);
    const through = await read(context, url, readers, engine.pid);
    const proxied =
      nginx === null
        ? null
        : await read(context, `http://127.0.0.1:${nginx.port}${new URL(source).pathname}`, readers, nginx.pid);
    context.say(JSON.stringify({ readers, direct, through, proxied }));
    results.push({
      bench,
      what: `${readers} reader${readers === 1 ? '' : 's'}: throughput`,
      value: through.rate,
      unit: 'MB/s',
      baseline: { name: 'direct', value: direct.rate },
      ...(proxied === null
        ? {}
        : { note: `nginx ${proxied.rate.toFixed(0)} MB/s${through.bad > 0 ? `, ${through.bad} bad` : ''}` }),
    });
    results.push({
      bench,
      what: `${readers} reader${readers === 1 ? '' : 's'}: CPU for a gigabyte`,
      value: through.cpuPerGb,
      unit: 's',
      ...(proxied === null ? {} : { baseline: { name: 'nginx', value: proxied.cpuPerGb } }),
    });
  }
  return results;
}
