// Makes dist/ (or the folder after --out): the engine and its workers as one file each, the demo clips, licences of what is bundled, and a bill of materials.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = process.argv.indexOf('--out');
const dist = out < 0 ? join(root, 'dist') : resolve(process.argv[out + 1] ?? '');
const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const result = await build({
  absWorkingDir: root,
  entryPoints: {
    engine: 'src/main.ts',
    'ingest-worker': 'src/ingest/worker.ts',
    'publish-worker': 'src/lineup/publish-worker.ts',
  },
  outdir: dist,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  metafile: true,
  legalComments: 'none',
  define: { 'process.env.COAX_VERSION': JSON.stringify(version) },
  // Packages written for CommonJS ask for built-in modules with `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  external: ['ffprobe-static'],
  logLevel: 'warning',
});

cpSync(join(root, 'src', 'sources', 'demo', 'clips'), join(dist, 'clips'), { recursive: true });
cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));

/** The folders of the packages that ended up in a bundle. */
const folders = new Set(
  Object.values(result.metafile.outputs)
    .flatMap((output) => Object.keys(output.inputs))
    .map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1])
    .filter((folder) => folder !== undefined),
);
const packages = [...folders]
  .map((folder) => {
    const document = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    return {
      name: document.name,
      version: document.version,
      license: document.license ?? 'see text',
      text: file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8'),
    };
  })
  .sort((a, b) => (a.name < b.name ? -1 : 1));

const nativeAddons = Object.keys(result.metafile.inputs).filter((input) => input.endsWith('.node'));
if (nativeAddons.length > 0) throw new Error(`The bundle would need native addons: ${nativeAddons.join(', ')}`);

writeFileSync(
  join(dist, 'THIRD-PARTY-LICENSES.txt'),
  packages
    .map((item) => `${item.name} ${item.version} (${item.license})\n\n${item.text.trim()}\n`)
    .join(`\n${'-'.repeat(100)}\n\n`),
);
writeFileSync(
  join(dist, 'sbom.json'),
  `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      version: 1,
      metadata: { component: { type: 'application', name, version, licenses: [{ expression: license }] } },
      components: packages.map((item) => ({
        type: 'library',
        name: item.name,
        version: item.version,
        purl: `pkg:npm/${item.name.replace('@', '%40')}@${item.version}`,
        licenses: [{ license: { name: item.license } }],
      })),
    },
    null,
    2,
  )}\n`,
);

for (const [path, output] of Object.entries(result.metafile.outputs))
  process.stdout.write(`${path} ${Math.round(output.bytes / 1024)} KiB\n`);
process.stdout.write(`${packages.length} packages bundled, no native addon\n`);
