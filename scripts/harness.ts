// Packs the plugin and runs the host harness on it, beside a fake provider: `npm run harness -- [--plugin ZIP] [text of a check]...`
// What was built is kept in node_modules/.cache, or in the folder COAX_PLUGIN_WORK.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pluginBuild, runChecks } from '../test/support/plugin-harness.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { plugin: { type: 'string' }, verbose: { type: 'boolean' } },
});
const root = join(import.meta.dirname, '..');
const work = process.env['COAX_PLUGIN_WORK'] ?? join(root, 'node_modules', '.cache', 'coax-plugin');
const built = await pluginBuild(work);
const folder = mkdtempSync(join(tmpdir(), 'coax-harness-run-'));
try {
  const { results, code, errors } = await runChecks(
    { ...built, zip: values.plugin ?? built.zip, folder },
    {
      only: positionals,
      args: values.verbose ? ['--verbose'] : [],
      onResult: ({ check, ok, message, figures }) => {
        const mark = ok === null ? 'skip' : ok ? 'ok  ' : 'FAIL';
        console.log(`${mark} ${check} ${JSON.stringify(figures)}${message === '' ? '' : `\n     ${message}`}`);
      },
    },
  );
  process.stderr.write(errors);
  console.log(`${results.filter(({ ok }) => ok === true).length} of ${results.length} hold`);
  process.exitCode = code ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
