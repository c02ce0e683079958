import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAssembly, sdkVersion } from './assembly.ts';
import { releaseOf } from './changelog.ts';
import { buildEngine } from './engine.ts';
import { logoPng } from './logo.ts';
import { assemblyName, fourParts, manifestWith, metaJson, plugin, targetAbi, versionOf } from './manifest.ts';
import { runtimeEntries } from './runtimes.ts';
import { entriesOf, type ZipEntry, zipOf } from './zip.ts';

/** Where the zip will be, until somebody says so: a name that can never belong to anyone (RFC 2606). */
export const defaultBaseUrl = 'https://coax.example.org/plugin';

export interface PluginOptions {
  readonly root: string;
  /** Where zips and the picture go. */
  readonly out: string;
  /** The repository manifest that is updated or checked. */
  readonly manifest: string;
  /** The folder that will hold the zip, as hosts reach it; null: what the manifest says already (`check`), or a placeholder. */
  readonly baseUrl: string | null;
  /** Platforms to make variants for that carry the Node runtime. */
  readonly runtimes: readonly string[];
  /** Compares and writes nothing. */
  readonly check: boolean;
  /** An assembly that is built already; null builds it. */
  readonly assembly: string | null;
}

export interface PluginResult {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** What a package was made of, kept beside its sources: so that a checksum can be judged where the SDK is another. */
interface Contents {
  readonly version: string;
  /** The SDK that made the assembly: another one may make other bytes of the same sources. */
  readonly sdk: string;
  /** SHA-256 over the assembly's sources. */
  readonly assemblySources: string;
  /** SHA-256 by path. */
  readonly files: Readonly<Record<string, string>>;
}

interface Package {
  readonly version: string;
  readonly changelog: string;
  readonly day: string;
  readonly entries: readonly ZipEntry[];
  readonly contents: Contents;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

function hashOfSources(root: string): string {
  const folder = join(root, 'plugin');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (file) =>
        !/[/\\](obj|bin|harness)[/\\]/.test(file.slice(folder.length)) && /\.(cs|csproj|props|html|js)$/.test(file),
    )
    .sort();
  const hash = createHash('sha256');
  for (const file of files)
    hash.update(`${file.slice(folder.length).replaceAll('\\', '/')}\n`).update(sha256(readFileSync(file)));
  return hash.digest('hex');
}

async function assemble(options: PluginOptions, work: string): Promise<Package> {
  const { root } = options;
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const release = releaseOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
  if (release === null)
    throw new Error(
      `CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD" for the version of package.json; its date is the package's.`,
    );
  const sdk = sdkVersion();
  const dll = options.assembly ?? buildAssembly(root, join(work, 'dotnet'));
  const engine = join(work, 'engine');
  await buildEngine(root, engine);
  const text = (value: string): Uint8Array => Buffer.from(value, 'utf8');
  const entries: ZipEntry[] = [
    { path: assemblyName, bytes: readFileSync(dll), executable: false },
    { path: 'meta.json', bytes: text(metaJson(version, release.text, timestampOf(release.date))), executable: false },
    { path: 'logo.png', bytes: logoPng(), executable: false },
    ...entriesOf(engine, 'engine/').map((entry) => ({ ...entry, executable: false })),
  ];
  const foreign = entries.filter(({ path }) => /\.(dll|exe|node|so|dylib)$/i.test(path) && path !== assemblyName);
  if (foreign.length > 0)
    throw new Error(`The package would hold foreign programs: ${foreign.map(({ path }) => path).join(', ')}`);
  const files = Object.fromEntries(
    entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, bytes }) => [path, sha256(bytes)]),
  );
  const contents = { version: fourParts(version), sdk, assemblySources: hashOfSources(root), files };
  return { version, changelog: release.text, day: release.date, entries, contents };
}

function timestampOf(day: string): string {
  return `${day}T00:00:00Z`;
}

function checkedBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new Error(
      `--base-url has to be an http(s) address without a query, as the host only takes addresses that end in .zip; not ${text}.`,
    );
  return text.replace(/\/+$/, '');
}

function manifestOf(
  made: Package,
  zip: Uint8Array,
  fileName: string,
  baseUrl: string,
  existing: string | null,
): string {
  const entry = {
    version: fourParts(made.version),
    changelog: made.changelog,
    targetAbi,
    sourceUrl: `${baseUrl}/${fileName}`,
    checksum: createHash('md5').update(zip).digest('hex'),
    timestamp: timestampOf(made.day),
  };
  return manifestWith(existing, entry, `${baseUrl}/logo.png`);
}

const fileNameOf = (version: string, platform = ''): string =>
  `${plugin.name.toLowerCase()}_${version}${platform === '' ? '' : `_${platform}`}.zip`;

const megabytes = (bytes: Uint8Array): string => `${(bytes.length / 1e6).toFixed(1)} MB`;

/** Says what makes the manifest stale; empty when nothing does. */
function staleness(made: Package, zip: Uint8Array, manifest: string | null, kept: Contents | null): PluginResult {
  const known = versionOf(manifest, fourParts(made.version));
  if (known === null || manifest === null)
    return { ok: false, lines: [`manifest.json is stale: it lacks version ${fourParts(made.version)}`] };
  const baseUrl = known.sourceUrl.slice(0, known.sourceUrl.lastIndexOf('/'));
  const expected = manifestOf(made, zip, fileNameOf(made.version), baseUrl, manifest);
  if (expected === manifest && JSON.stringify(kept) === JSON.stringify(made.contents))
    return { ok: true, lines: [`manifest.json is up to date: ${known.version}, MD5 ${known.checksum}`] };
  const wanted = versionOf(expected, known.version);
  const fields = Object.entries(known).filter(([name, value]) => wanted?.[name as keyof typeof known] !== value);
  const paths = new Set([...Object.keys(made.contents.files), ...Object.keys(kept?.files ?? {})]);
  const files = [...paths].filter((path) => made.contents.files[path] !== kept?.files[path]);
  const onlyTheCompiler =
    kept !== null &&
    kept.sdk !== made.contents.sdk &&
    kept.assemblySources === made.contents.assemblySources &&
    files.every((path) => path === assemblyName) &&
    fields.every(([name]) => name === 'checksum') &&
    manifestWith(manifest, known, `${baseUrl}/logo.png`) === manifest;
  if (onlyTheCompiler)
    return {
      ok: true,
      lines: [
        `manifest.json is up to date, as far as it can be compared: ${known.version} was made with .NET SDK ${kept.sdk}, and here is ${made.contents.sdk}.`,
        `The assembly's sources and all other files are the same${files.length > 0 ? '; the assembly itself has other bytes' : ''}.`,
      ],
    };
  const different = [...fields.map(([name]) => `manifest field ${name}`), ...files.map((path) => `file ${path}`)];
  return {
    ok: false,
    lines: [
      `manifest.json is stale. Different now: ${different.join(', ') || 'texts of the package'}.`,
      'npm run build:plugin brings it up to date.',
    ],
  };
}

/**
 * Packs the plugin: assembly, meta.json, picture and engine in one zip below `out`, and the repository manifest with its checksum. The same
 * sources, built by the same .NET SDK, give the same bytes in each folder and on each machine. With `check` nothing is written.
 */
export async function buildPlugin(options: PluginOptions): Promise<PluginResult> {
  const work = mkdtempSync(join(tmpdir(), 'coax-plugin-'));
  try {
    const baseUrl = checkedBaseUrl(options.baseUrl ?? defaultBaseUrl);
    const made = await assemble(options, work);
    const zip = zipOf(made.entries, made.day);
    const contentsFile = join(options.manifest, '..', 'plugin', 'contents.json');
    const read = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8') : null);
    const existing = read(options.manifest);
    if (options.check)
      return staleness(made, zip, existing, JSON.parse(read(contentsFile) ?? 'null') as Contents | null);

    mkdirSync(options.out, { recursive: true });
    mkdirSync(join(contentsFile, '..'), { recursive: true });
    const lines: string[] = [];
    const write = (file: string, bytes: Uint8Array | string): void => {
      writeFileSync(file, bytes);
      lines.push(`${file} ${typeof bytes === 'string' ? '' : megabytes(bytes)}`.trimEnd());
    };
    write(join(options.out, fileNameOf(made.version)), zip);
    writeFileSync(join(options.out, 'logo.png'), logoPng());
    write(options.manifest, manifestOf(made, zip, fileNameOf(made.version), baseUrl, existing));
    writeFileSync(contentsFile, `${JSON.stringify(made.contents, null, 2)}\n`);
    let ok = true;
    for (const platform of options.runtimes) {
      try {
        const fileName = fileNameOf(made.version, platform);
        const variant = zipOf([...made.entries, ...runtimeEntries(options.root, platform)], made.day);
        write(join(options.out, fileName), variant);
        write(join(options.out, `manifest-${platform}.json`), manifestOf(made, variant, fileName, baseUrl, null));
      } catch (error) {
        ok = false;
        lines.push(`no variant for ${platform}: ${(error as Error).message}`);
      }
    }
    return { ok, lines };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
