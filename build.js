// `node build.js` makes dist/: the engine. `node build.js plugin` makes dist/plugin/: the package for the media server, and updates manifest.json.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `node build.js [--out FOLDER]
  the engine, as files that need no packages; into dist

node build.js plugin [flags]
  --base-url URL        the folder that will hold the zip, as media servers reach it
  --runtime LIST        also variants that carry Node: linux-x64,linux-arm64,win-x64,darwin-x64,darwin-arm64
  --check               writes nothing; exit code 1 when manifest.json is not what the sources give
  --out FOLDER          where the zip goes (dist/plugin)
  --manifest FILE       the manifest to update (manifest.json)
  --assembly FILE       packs this assembly instead of building one
`;
const root = dirname(fileURLToPath(import.meta.url));

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      manifest: { type: 'string' },
      'base-url': { type: 'string' },
      runtime: { type: 'string' },
      check: { type: 'boolean' },
      assembly: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [what = 'engine', ...more] = positionals;
  if (values.help) process.stdout.write(usage);
  else if (more.length > 0 || (what !== 'engine' && what !== 'plugin')) throw new Error(usage);
  else if (what === 'engine') {
    const { buildEngine } = await import('./scripts/build/engine.ts');
    const lines = await buildEngine(root, resolve(values.out ?? join(root, 'dist')));
    process.stdout.write(`${lines.join('\n')}\n`);
  } else {
    const { buildPlugin } = await import('./scripts/build/plugin.ts');
    const { ok, lines } = await buildPlugin({
      root,
      out: resolve(values.out ?? join(root, 'dist', 'plugin')),
      manifest: resolve(values.manifest ?? join(root, 'manifest.json')),
      baseUrl: values['base-url'] ?? null,
      runtimes: (values.runtime ?? '').split(',').filter((platform) => platform !== ''),
      check: values.check ?? false,
      assembly: values.assembly === undefined ? null : resolve(values.assembly),
    });
    (ok ? process.stdout : process.stderr).write(`${lines.join('\n')}\n`);
    process.exitCode = ok ? 0 : 1;
  }
} catch (error) {
  process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
