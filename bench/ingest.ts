import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { settingsSchema } from '../src/config/settings-schema.ts';
import { sourceSchema } from '../src/config/source-schema.ts';
import { IngestWorkers } from '../src/ingest/ingest-workers.ts';
import { silentLog } from '../src/log/log.ts';
import { Catalog } from '../src/catalog/catalog.ts';
import { generateGuide, generatePlaylist, megabytesOf } from './generate/text-files.ts';
import type { Bench, Result } from './result.ts';

/** One refresh through the ingest worker, measured in a process of its own. */
export interface IngestFigures {
  readonly seconds: number;
  /** Of the whole process: main thread and worker. */
  readonly peakMegabytes: number;
  /** Delay of the main thread's event loop meanwhile, in milliseconds. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** The same while nothing is done: what the timer itself and the machine add. */
  readonly idleP99Ms: number;
  readonly counts: Readonly<Record<string, number>>;
}

const execute = promisify(execFile);
const entry = new URL('../src/ingest/worker.ts', import.meta.url);
/** The generated guide begins on this day. */
const now = 1_795_219_200_000 + 3_600_000;
const resolutionMs = 2;
const idleMs = 1_500;

async function refreshOnce(folder: string, playlist: string, guide: string): Promise<Record<string, number>> {
  const workers = new IngestWorkers({ entry, log: silentLog });
  const outcome = await workers.run(
    {
      kind: 'refresh',
      catalogPath: path.join(folder, 'catalog.db'),
      stagingPath: path.join(folder, 'staging.db'),
      source: sourceSchema.parse({ id: 'bench', kind: 'm3u', name: 'bench', url: playlist, epgUrl: guide }),
      settings: settingsSchema.parse({}).ingest,
      now,
    },
    { signal: new AbortController().signal, progress: () => {} },
  );
  const problem = outcome?.problems[0];
  if (problem !== undefined) throw new Error(`${problem.part}: ${problem.message}`);
  return { ...outcome?.counts };
}

async function measure(playlist: string, guide: string): Promise<IngestFigures> {
  // As in the engine: the threads that read files are the main thread's, not children of the worker with its low priority.
  await stat(tmpdir());
  const folder = mkdtempSync(path.join(tmpdir(), 'coax-bench-ingest-'));
  const catalog = Catalog.open(path.join(folder, 'catalog.db'));
  try {
    const idle = monitorEventLoopDelay({ resolution: resolutionMs });
    idle.enable();
    await wait(idleMs);
    idle.disable();
    const busy = monitorEventLoopDelay({ resolution: resolutionMs });
    busy.enable();
    const begun = performance.now();
    const counts = await refreshOnce(folder, playlist, guide);
    const seconds = (performance.now() - begun) / 1000;
    busy.disable();
    return {
      seconds,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
      delayP99Ms: busy.percentile(99) / 1e6,
      delayMaxMs: busy.max / 1e6,
      idleP99Ms: idle.percentile(99) / 1e6,
      counts,
    };
  } finally {
    catalog.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inProcess(playlist: string, guide: string): Promise<IngestFigures> {
  const { stdout } = await execute(process.execPath, [import.meta.filename, '--measure', playlist, guide]);
  return JSON.parse(stdout) as IngestFigures;
}

export const run: Bench = async ({ quick, say }) => {
  const small = await generatePlaylist(2_500);
  const large = await generatePlaylist(quick ? 10_000 : 100_000);
  const guide = await generateGuide(quick ? 25 : 250);
  const scale = quick ? 0.1 : 1;
  const size = `${megabytesOf(guide).toFixed(0)} MB XMLTV`;
  const ofGuide = await inProcess(small, guide);
  say(JSON.stringify(ofGuide));
  const ofList = await inProcess(large, '');
  say(JSON.stringify(ofList));
  const note = `${ofGuide.counts['programmes']} programmes, ${ofGuide.counts['channels']} channels`;
  const row = (what: string, value: number, unit: string, text: string, met: boolean): Result => ({
    bench: 'ingest',
    what,
    value,
    unit,
    target: { text, met },
    note,
  });
  return [
    row(`${size} into the catalogue`, ofGuide.seconds, 's', '<= 10 s', ofGuide.seconds <= 10 * scale),
    row('peak memory of the process', ofGuide.peakMegabytes, 'MB', '<= 250 MB', ofGuide.peakMegabytes <= 250),
    {
      ...row("main loop's delay, p99", ofGuide.delayP99Ms, 'ms', '<= 20 ms', ofGuide.delayP99Ms <= 20),
      baseline: { name: 'idle', value: ofGuide.idleP99Ms },
    },
    { bench: 'ingest', what: "main loop's delay, longest", value: ofGuide.delayMaxMs, unit: 'ms', note },
    {
      bench: 'ingest',
      what: `playlist of ${ofList.counts['channels']} channels into the catalogue`,
      value: ofList.seconds,
      unit: 's',
      note: `${ofList.peakMegabytes.toFixed(0)} MB, main loop's p99 ${ofList.delayP99Ms.toFixed(0)} ms`,
    },
  ];
};

const [flag, playlist, guide] = process.argv.slice(2);
if (import.meta.main && flag === '--measure')
  process.stdout.write(JSON.stringify(await measure(playlist ?? '', guide ?? '')));
else if (import.meta.main) {
  const rows = await run({ quick: process.argv.includes('--quick'), folder: '', say: (text) => console.log(text) });
  for (const { what, value, unit, target } of rows)
    console.log(`${what}: ${value.toFixed(2)} ${unit}${target === undefined ? '' : ` (${target.text})`}`);
}
