import { startEngine } from '../test/support/engine.ts';
import { RawClient } from '../test/support/raw-client.ts';
import { startFakeProvider } from '../test/support/start-fake-provider.ts';
import { openDescriptors, residentBytes } from './processes.ts';
import type { BenchContext, Result } from './result.ts';

const bench = 'tunes';
const channels = 40;
const atOnce = 8;

/** (d) Memory and descriptors of the engine after many tunes, each with an upstream of its own, closed in order or by reset. */
export async function run(context: BenchContext): Promise<readonly Result[]> {
  const total = context.quick ? 1000 : 10_000;
  await using provider = await startFakeProvider({
    max: 0,
    catalog: { channels, groups: 1 },
    behaviour: { burstBytes: 400_000 },
  });
  await using engine = await startEngine({ demo: false, settings: { live: { lingerMs: 0 } } });
  const { username, password } = provider.login;
  await engine.addSource({ kind: 'xtream', name: 'Bench', url: provider.url, username, password });
  const urls: string[] = [];
  for (let number = 1; number <= channels; number += 1) urls.push(await engine.liveUrl(`Channel ${number}`));

  let started = 0;
  let failed = 0;
  const marks: { tunes: number; rss: number; fds: number }[] = [];
  const wanted = new Set([0, total / 10, total / 2, total]);
  const one = async (index: number) => {
    using client = await RawClient.send(urls[index % channels] ?? '');
    try {
      const { status } = await client.head();
      if (status !== 200 || (await client.read(1880)).length < 1880) failed += 1;
    } catch {
      failed += 1;
    }
    if (index % 2 === 0) client.reset();
    else client.close();
  };
  const until = async (end: number) => {
    const worker = async () => {
      while (started < end) {
        started += 1;
        await one(started);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  };
  const startedAt = performance.now();
  for (const mark of wanted) {
    await until(mark);
    await provider.quiet(20_000);
    marks.push({ tunes: mark, rss: residentBytes(engine.pid) / 1e6, fds: openDescriptors(engine.pid) });
    context.say(JSON.stringify(marks.at(-1)));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const state = await provider.state(true);
  const sync = await engine.api('GET', '/debug/sync');
  context.say(`sync: ${sync.text}`);
  const [, early, , last] = marks;
  if (early === undefined || last === undefined) throw new Error('nothing was measured');
  return [
    {
      bench,
      what: `memory after ${total} tunes`,
      value: last.rss,
      unit: 'MB',
      baseline: { name: `after ${early.tunes}`, value: early.rss },
      target: { text: 'no growth', met: last.rss <= early.rss * 1.15 + 5 },
    },
    {
      bench,
      what: `descriptors after ${total} tunes`,
      value: last.fds,
      unit: '',
      baseline: { name: `after ${early.tunes}`, value: early.fds },
      target: { text: 'no growth', met: last.fds <= early.fds + 2 },
    },
    {
      bench,
      what: 'connections the provider still counts',
      value: state.counted,
      unit: '',
      target: { text: '0', met: state.counted === 0 },
      note: `${state.opened} opened, peak ${state.peak}, ${failed} tunes failed, ${(total / seconds).toFixed(0)} a second`,
    },
  ];
}
