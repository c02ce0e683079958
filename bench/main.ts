import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, type Result, tableOf } from './result.ts';

const names = [
  'first-byte',
  'fan-out',
  'hls-in',
  'hls-out',
  'failover',
  'text',
  'ingest',
  'programmes',
  'tunes',
  'vod',
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => !names.some((known) => known === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`${unknown.join(', ')}: no such benchmark`);
  console.log(`npm run bench -- [${names.join('] [')}] [--quick] [--verbose]`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const folder = join(import.meta.dirname, '..', '.bench');
mkdirSync(folder, { recursive: true });
const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
const results: Result[] = [];
const failures: { bench: string; error: string }[] = [];

for (const name of names) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const path = join(import.meta.dirname, `${name}.ts`);
  if (!existsSync(path)) {
    console.log(`${name}: not there yet`);
    continue;
  }
  console.log(`${name} … (load ${loadavg()[0]?.toFixed(1)})`);
  try {
    const { run } = (await import(path)) as { run: Bench };
    const say = (text: string) => {
      if (values.verbose) console.log(`  ${text}`);
    };
    const rows = await run({ quick: values.quick, folder, say });
    results.push(...rows);
    console.log(`${tableOf(rows)}\n`);
  } catch (error) {
    failures.push({ bench: name, error: String(error) });
    console.error(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

writeFileSync(
  join(folder, 'results.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, quick: values.quick, results, failures }, null, 2)}\n`,
);
console.log(tableOf(results));
console.log(`\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}`);
process.exitCode = failures.length > 0 ? 1 : 0;
