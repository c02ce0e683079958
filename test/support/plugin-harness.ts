import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PluginOptions, type PluginResult, buildPlugin } from '../../scripts/build/plugin.ts';
import { dotnet } from './dotnet.ts';
import { startFakeProvider } from './start-fake-provider.ts';

const root = join(import.meta.dirname, '..', '..');

/** One line of the harness: a sentence, and whether it is true; null when it could not be checked. */
export interface CheckResult {
  readonly check: string;
  readonly ok: boolean | null;
  readonly message: string;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** A folder with the packed plugin and the built harness. They are made once per process and removed when it ends. */
export interface PluginBuild {
  readonly folder: string;
  readonly zip: string;
  readonly manifest: string;
  readonly assembly: string;
  readonly harness: string;
}

let made: Promise<PluginBuild> | undefined;

/** Packs the plugin somewhere else than dist/ and manifest.json. */
export function packPlugin(folder: string, options: Partial<PluginOptions> = {}): Promise<PluginResult> {
  const manifest = join(folder, 'manifest.json');
  const defaults = { root, out: folder, manifest, baseUrl: null, runtimes: [], check: false, assembly: null };
  return buildPlugin({ ...defaults, ...options });
}

async function build(kept: string | undefined): Promise<PluginBuild> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'coax-plugin-test-'));
  if (kept === undefined) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  const artifacts = join(folder, 'dotnet');
  for (const [project, configuration] of [
    ['jellyfin/Jellyfin.Plugin.Coax.csproj', 'Release'],
    ['harness/Coax.Harness.csproj', 'Release'],
  ] as const) {
    const args = ['build', join(root, 'plugin', project), '-c', configuration, '--artifacts-path', artifacts];
    const { code, output } = await dotnet([...args, '-nodeReuse:false', '-v', 'q'], root);
    if (code !== 0) throw new Error(`dotnet build of plugin/${project} failed:\n${output}`);
  }
  const assembly = join(artifacts, 'bin', 'Jellyfin.Plugin.Coax', 'release', 'Jellyfin.Plugin.Coax.dll');
  const { ok, lines } = await packPlugin(folder, { assembly });
  if (!ok) throw new Error(lines.join('\n'));
  const zip = join(folder, readdirSync(folder).find((name) => /^coax_[\d.]+\.zip$/.test(name)) ?? '');
  const harness = join(artifacts, 'bin', 'Coax.Harness', 'release', 'Coax.Harness.dll');
  if (!existsSync(harness)) throw new Error(`dotnet build has made no ${harness}`);
  return { folder, zip, manifest: join(folder, 'manifest.json'), assembly, harness };
}

/** Builds plugin and harness; the same build for all who ask. `folder` (or COAX_PLUGIN_WORK) is kept, so that the next build has less to do; absent: one that is removed. */
export function pluginBuild(folder = process.env['COAX_PLUGIN_WORK']): Promise<PluginBuild> {
  made ??= build(folder);
  return made;
}

/** Runs the harness and gives its answer line by line. */
export async function runHarness(
  harness: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<{ code: number | null; errors: string }> {
  const child = spawn('dotnet', [harness, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: root });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return { code: await closed, errors };
}

/** All checks (or those whose name holds one of `only`) of a packed plugin, beside a fake provider with a guide and enough connections for none to wait. */
export async function runChecks(
  { harness, zip, folder }: Pick<PluginBuild, 'harness' | 'zip' | 'folder'>,
  options: {
    readonly only?: readonly string[];
    readonly args?: readonly string[];
    readonly onResult?: (result: CheckResult) => void;
  } = {},
): Promise<{ results: readonly CheckResult[]; code: number | null; errors: string }> {
  await using provider = await startFakeProvider({
    max: 6,
    catalog: { channels: 12 },
    guide: { days: 2 },
    behaviour: { burstBytes: 2_000_000 },
  });
  const { username, password } = provider.login;
  const account = { id: 'main', username, password, maxConnections: null };
  const source = { id: 'panel', kind: 'xtream', name: 'Panel', url: provider.url, accounts: [account] };
  const outputs = [{ id: 'default', name: 'Default', token: randomBytes(16).toString('hex') }];
  const settings = { live: { lingerMs: 800 } };
  const config = join(folder, 'engine-config.json');
  writeFileSync(config, JSON.stringify({ version: 1, settings, sources: [source], outputs }), { mode: 0o600 });
  const results: CheckResult[] = [];
  const { code, errors } = await runHarness(
    harness,
    [
      '--plugin',
      zip,
      '--engine-config',
      config,
      '--node',
      process.execPath,
      '--provider-control',
      provider.control,
      ...(options.only ?? []).flatMap((text) => ['--only', text]),
      ...(options.args ?? []),
    ],
    (line) => {
      const result = JSON.parse(line) as CheckResult;
      results.push(result);
      options.onResult?.(result);
    },
  );
  return { results, code, errors };
}
