// Makes the guide for media servers: time and memory, and what the playlist of another reader waits meanwhile.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Catalog, openCatalogFile } from '../src/catalog/catalog.ts';
import { ChannelImport } from '../src/catalog/channel-import.ts';
import { ensureFeed, FeedImport } from '../src/catalog/feed-import.ts';
import { configSchema } from '../src/config/schema.ts';
import { ProgrammeFiles } from '../src/lineup/programme-files.ts';
import { Publisher } from '../src/lineup/publisher.ts';
import { silentLog } from '../src/log/log.ts';
import type { GuideId } from '../src/model/ids.ts';
import type { Programme } from '../src/model/programme.ts';
import { type Bench, median, type Result } from './result.ts';

interface Figures {
  readonly programmes: number;
  readonly megabytes: number;
  readonly packedMegabytes: number;
  readonly firstSeconds: number;
  readonly firstCpuSeconds: number;
  /** With the ids of the generation before, every programme moved by five minutes. */
  readonly againSeconds: number;
  /** Of the process, while the guide is made: above what it has before. */
  readonly peakMegabytes: number;
  /** Playlist, XMLTV and the other files for players: alone, and while the guide for media servers is made too. */
  readonly filesSeconds: number;
  readonly filesBesideSeconds: number;
}

const daySec = 86_400;
const lengthSec = 2_880;
const roundsOf = (channels: number): number => (channels > 1_000 ? 1 : 3);
const sourceId = 'bench';
const workerUrl = new URL('../src/lineup/publish-worker.ts', import.meta.url);
const text =
  'Kommissar Berger ermittelt im Hafen, wo ein Fischer gefunden wurde; sein Bruder schweigt, und die Zeit läuft davon. '.repeat(
    2,
  );

function* guideOf(channel: number, fromUnix: number, days: number): Generator<Programme> {
  const count = (days * daySec) / lengthSec;
  for (let at = 0; at < count; at++)
    yield {
      guideId: `channel.${channel}` as GuideId,
      startUnix: fromUnix + at * lengthSec,
      stopUnix: fromUnix + (at + 1) * lengthSec,
      title: `Sendung ${(channel * 31 + at) % 997}`,
      ...(at % 2 === 0 ? { subtitle: `Folge ${at}`, season: 1 + (at % 9), episode: 1 + (at % 24) } : {}),
      description: `${text}${at}`,
      categories: [['Serie', 'Krimi'], ['Spielfilm'], ['Nachrichten'], ['Fußball']][at % 4] ?? [],
      icon: `http://pictures.test/${(channel * 7 + at) % 5_000}.jpg`,
    };
}

function fillGuide(catalogPath: string, channels: number, days: number, shiftSec: number): void {
  using database = openCatalogFile(catalogPath);
  const fromUnix = Math.floor(Date.now() / 1000 / daySec) * daySec + shiftSec;
  const feed = ensureFeed(database, { sourceId, name: 'guide', priority: 0 });
  const target = new FeedImport(database, feed.id, {
    fromUnix: fromUnix - daySec,
    toUnix: fromUnix + 60 * daySec,
    spareChannels: 0,
    isWanted: () => true,
  });
  for (let channel = 0; channel < channels; channel++) {
    target.channels([{ id: `channel.${channel}` as GuideId, names: [] }]);
    target.programmes([...guideOf(channel, fromUnix, days)]);
  }
  target.finish();
  target.publish();
}

async function measure(channels: number, days: number): Promise<Figures> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coax-bench-programmes-'));
  const catalogPath = path.join(folder, 'catalog.db');
  const catalog = Catalog.open(catalogPath);
  const config = configSchema.parse({
    settings: { ingest: { guideFutureDays: days + 1 } },
    sources: [{ id: sourceId, kind: 'demo', name: 'bench' }],
    outputs: [{ id: 'o1', name: 'One', token: 'x'.repeat(20) }],
  });
  const shared = {
    folder: path.join(folder, 'published'),
    catalogPath,
    config: () => config,
    secrets: () => ['a-secret-user', 'a-secret-password'],
    generation: () => catalog.generation,
    workerUrl,
    log: silentLog,
  };
  const publisher = new Publisher(shared);
  const programmes = new ProgrammeFiles({
    ...shared,
    playersFirst: publisher.open,
    pictures: { folder: path.join(folder, 'pictures'), revision: 0, start: () => Promise.resolve() },
  });
  const [output] = config.outputs;
  if (output === undefined) throw new Error('no output');
  const seconds = async (work: () => Promise<unknown>): Promise<number> => {
    const begun = performance.now();
    await work();
    return (performance.now() - begun) / 1000;
  };
  let peak = 0;
  try {
    using database = openCatalogFile(catalogPath);
    database.write(() => {
      const target = new ChannelImport(database, sourceId);
      for (let channel = 0; channel < channels; channel++)
        target.put(null, {
          providerId: `${channel}`,
          name: `Channel ${channel}`,
          groups: ['All'],
          guideId: `channel.${channel}`,
          locator: { kind: 'xtream', type: 'live', id: `${channel}`, ext: 'ts' },
        });
      target.finish(Date.now());
    });
    fillGuide(catalogPath, channels, days, 0);
    const before = process.memoryUsage().rss;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }, 20);
    const cpu = process.cpuUsage();
    const firstSeconds = await seconds(() => programmes.current(output));
    const { user, system } = process.cpuUsage(cpu);
    clearInterval(timer);
    const first = await programmes.current(output);
    fillGuide(catalogPath, channels, days, 300);
    const againSeconds = await seconds(async () => {
      // A reader gets the one before after some seconds of waiting.
      // oxlint-disable-next-line no-await-in-loop -- a poll
      while ((await programmes.current(output)).revision === first.revision);
    });
    const alone: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round < roundsOf(channels); round++) {
      // oxlint-disable no-await-in-loop -- one after the other, in turns, as the machine is never the same
      fillGuide(catalogPath, channels, days, 600 + round * 600);
      alone.push(await seconds(() => publisher.current(output, `http://alone${round}/o/x`)));
      await programmes.current(output);
      fillGuide(catalogPath, channels, days, 900 + round * 600);
      const meanwhile = programmes.current(output);
      beside.push(await seconds(() => publisher.current(output, `http://beside${round}/o/x`)));
      await meanwhile;
      // oxlint-enable no-await-in-loop
    }
    const last = await programmes.current(output);
    return {
      programmes: last.programmes,
      megabytes: last.file.size / 1e6,
      packedMegabytes: last.packed.size / 1e6,
      firstSeconds,
      firstCpuSeconds: (user + system) / 1e6,
      againSeconds,
      peakMegabytes: peak / 1e6,
      filesSeconds: median(alone),
      filesBesideSeconds: median(beside),
    };
  } finally {
    await publisher.close();
    await programmes.close();
    catalog.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const execute = promisify(execFile);

async function inProcess(channels: number, days: number): Promise<Figures> {
  const { stdout } = await execute(process.execPath, [import.meta.filename, '--measure', `${channels}`, `${days}`]);
  return JSON.parse(stdout) as Figures;
}

export const run: Bench = async ({ quick, say }) => {
  const sizes = quick
    ? [[500, 3]]
    : [
        [500, 3],
        [5_000, 7],
      ];
  const results: Result[] = [];
  for (const [channels = 0, days = 0] of sizes) {
    // oxlint-disable-next-line no-await-in-loop -- one size after the other
    const figures = await inProcess(channels, days);
    say(JSON.stringify(figures));
    const size = `${channels} channels, ${days} days`;
    const note = `${figures.programmes} programmes, ${figures.megabytes.toFixed(0)} MB, packed ${figures.packedMegabytes.toFixed(0)} MB`;
    const row = (what: string, value: number, unit: string): Result => ({
      bench: 'programmes',
      what: `${size}: ${what}`,
      value,
      unit,
      note,
    });
    results.push(
      row('guide for media servers, first', figures.firstSeconds, 's'),
      row('the same, processor', figures.firstCpuSeconds, 's'),
      row('again, all moved by five minutes', figures.againSeconds, 's'),
      row('memory above the rest, peak', figures.peakMegabytes, 'MB'),
      {
        ...row('files for players meanwhile', figures.filesBesideSeconds, 's'),
        baseline: { name: 'alone', value: figures.filesSeconds },
      },
    );
  }
  return results;
};

const [flag, channels, days] = process.argv.slice(2);
if (import.meta.main && flag === '--measure')
  process.stdout.write(JSON.stringify(await measure(Number(channels), Number(days))));
