import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';

interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
}

/** The packages that ended up in a bundle, with the text of their licences; sorted by name. */
function packagesOf(root: string, metafile: Metafile): Bundled[] {
  const folders = new Set(
    Object.values(metafile.outputs)
      .flatMap((output) => Object.keys(output.inputs))
      .map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1])
      .filter((folder) => folder !== undefined),
  );
  return [...folders]
    .map((folder) => {
      const document = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Partial<Bundled>;
      const file = readdirSync(join(root, folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      return {
        name: document.name ?? folder,
        version: document.version ?? '',
        license: document.license ?? 'see text',
        text: file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8'),
      };
    })
    .sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

function licences(packages: readonly Bundled[]): string {
  return packages
    .map((item) => `${item.name} ${item.version} (${item.license})\n\n${item.text.trim()}\n`)
    .join(`\n${'-'.repeat(100)}\n\n`);
}

function billOfMaterials(
  engine: { name: string; version: string; license: string },
  packages: readonly Bundled[],
): string {
  const { name, version, license } = engine;
  const document = {
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
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * Writes the engine to `dist`: it and its workers as one file each, the demo clips, the slates, licences of what is bundled, a bill of materials.
 * What lies there is removed, but for `plugin/`. The same sources give the same bytes, in whatever folder they are. Returns what to tell.
 */
export async function buildEngine(root: string, dist: string): Promise<string[]> {
  const document = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
  };
  mkdirSync(dist, { recursive: true });
  for (const entry of readdirSync(dist))
    if (entry !== 'plugin') rmSync(join(dist, entry), { recursive: true, force: true });

  const { metafile } = await build({
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
    // Instead of a tsconfig.json that lies here or in a folder above: it would change the bytes.
    tsconfigRaw: { compilerOptions: { target: 'esnext', verbatimModuleSyntax: true } },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    metafile: true,
    // Names of modules stay relative to `root`, wherever its node_modules really lies.
    preserveSymlinks: true,
    legalComments: 'none',
    define: { 'process.env.COAX_VERSION': JSON.stringify(document.version) },
    // Packages written for CommonJS ask for built-in modules with `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    external: ['ffprobe-static'],
    logLevel: 'warning',
  });
  const nativeAddons = Object.keys(metafile.inputs).filter((input) => input.endsWith('.node'));
  if (nativeAddons.length > 0) throw new Error(`The bundle would need native addons: ${nativeAddons.join(', ')}`);

  const packages = packagesOf(root, metafile);
  cpSync(join(root, 'src', 'sources', 'demo', 'clips'), join(dist, 'clips'), { recursive: true });
  cpSync(join(root, 'src', 'relay', 'slates'), join(dist, 'slates'), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(dist, 'LICENSE'));
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences(packages));
  writeFileSync(join(dist, 'sbom.json'), billOfMaterials(document, packages));
  return [
    ...Object.entries(metafile.outputs).map(([path, output]) => `${path} ${Math.round(output.bytes / 1024)} KiB`),
    `${packages.length} packages bundled, no native addon`,
  ];
}
