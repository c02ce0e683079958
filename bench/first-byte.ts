import { startEngine } from '../test/support/engine.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { startFakeProvider } from '../test/support/start-fake-provider.ts';
import { Child, loadTool, pinned } from './processes.ts';
import { type BenchContext, median, quantile, type Result } from './result.ts';

const bench = 'first-byte';

interface Join {
  readonly status: number;
  readonly firstByteMs: number;
  readonly keyFrameMs: number;
}

async function join(context: BenchContext, url: string, tries = 1): Promise<Join[]> {
  const { port, pathname } = new URL(url);
  await using child = new Child([
    ...pinned(1),
    loadTool('join', context.folder),
    port,
    pathname,
    String(tries),
    '--every',
    tries > 1 ? '60' : '0',
  ]);
  return await child.rest<Join>();
}

/** (a) From the request to the first byte and to a whole key frame: straight from the provider, cold through the engine, and joining. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  const tries = context.quick ? 10 : 30;
  await using provider = await startFakeProvider({
    max: 0,
    catalog: { channels: tries + 4, groups: 1 },
    behaviour: { burstBytes: 1_000_000 },
  });
  await using engine = await startEngine({ prefix: pinned(0), demo: false, settings: { live: { lingerMs: 0 } } });
  const { username, password } = provider.login;
  await engine.addSource({ kind: 'xtream', name: 'Bench', url: provider.url, username, password });
  const direct: Join[] = [];
  const cold: Join[] = [];
  for (let number = 1; number <= tries + 2; number += 1) {
    const straight = await join(context, provider.liveUrl(number));
    const through = await join(context, await engine.liveUrl(`Channel ${number}`));
    if (number <= 2) continue; // warm-up: code is compiled
    direct.push(...straight);
    cold.push(...through);
  }
  const running = await engine.liveUrl('Channel 1');
  using holder = await RawClient.send(running);
  await holder.read(1_500_000);
  void holder.readFor(60_000).catch(() => undefined);
  const joined = (await join(context, running, tries + 2)).slice(2);
  const bad = [...direct, ...cold, ...joined].filter((one) => one.status !== 200 || one.keyFrameMs < 0).length;
  context.say(`${bad} answers were not right`);
  const over = (pick: (one: Join) => number) => median(cold.map(pick)) - median(direct.map(pick));
  const row = (what: string, ours: readonly Join[], pick: (one: Join) => number): Result => ({
    bench,
    what,
    value: median(ours.map(pick)),
    unit: 'ms',
    note: `p90 ${quantile(ours.map(pick), 0.9).toFixed(1)} ms, n ${ours.length}${bad > 0 ? `, ${bad} bad` : ''}`,
  });
  const straight = (pick: (one: Join) => number) => ({ name: 'direct', value: median(direct.map(pick)) });
  return [
    {
      ...row('cold: first byte', cold, (one) => one.firstByteMs),
      baseline: straight((one) => one.firstByteMs),
      target: { text: "provider's + 10 ms", met: over((one) => one.firstByteMs) <= 10 && bad === 0 },
    },
    { ...row('cold: whole key frame', cold, (one) => one.keyFrameMs), baseline: straight((one) => one.keyFrameMs) },
    { ...row('join: first byte', joined, (one) => one.firstByteMs), baseline: straight((one) => one.firstByteMs) },
    {
      ...row('join: whole key frame', joined, (one) => one.keyFrameMs),
      baseline: straight((one) => one.keyFrameMs),
      target: { text: '10 ms', met: median(joined.map((one) => one.keyFrameMs)) <= 10 && bad === 0 },
    },
  ];
}
