import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { unzipSync } from 'fflate';
import type { ManifestPackage } from '../../scripts/build/manifest.ts';
import { runtimeEntries } from '../../scripts/build/runtimes.ts';
import { zipOf } from '../../scripts/build/zip.ts';
import { dotnet, hasDotnet, needsDotnet } from '../support/dotnet.ts';
import { type PluginBuild, packPlugin, pluginBuild } from '../support/plugin-harness.ts';
import { directoryOf } from '../support/unpacked.ts';

const root = join(import.meta.dirname, '..', '..');
const inputs = ['src', 'plugin', 'scripts', 'build.js', 'package.json', 'package-lock.json', 'CHANGELOG.md', 'LICENSE'];

/** A copy of what the package is made from, in a folder of another name, with the packages of this one. */
function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'somewhere-else-'));
  for (const name of inputs)
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) => !/[/\\](obj|bin)$/.test(path),
    });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe('the command that packs the plugin', () => {
  it('says what is missing, and exits with 1, where there is no .NET SDK', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coax-no-sdk-'));
    try {
      const { status, stderr } = spawnSync(process.execPath, [join(root, 'build.js'), 'plugin', '--out', folder], {
        encoding: 'utf8',
        env: { ...process.env, PATH: folder },
      });
      expect(status).to.equal(1);
      expect(stderr).to.match(/\.NET SDK.*dotnet.*PATH/s);
      expect(stderr).to.not.match(/\n\s+at /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a variant that carries Node', () => {
  it('has the program of the npm package, executable, and its licence, and nothing else of it', function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') this.skip();
    const entries = runtimeEntries(root, 'linux-x64');
    expect(entries.map(({ path, executable }) => [path, executable])).to.have.deep.members([
      ['runtime/bin/node', true],
      ['runtime/LICENSE', false],
    ]);
    const small = entries.map((entry) => ({ ...entry, bytes: entry.bytes.subarray(0, 100) }));
    const modes = directoryOf(Buffer.from(zipOf(small, '2026-11-21'))).map(({ path, mode }) => [path, mode]);
    expect(modes).to.deep.equal([
      ['runtime/LICENSE', 0o100644],
      ['runtime/bin/node', 0o100755],
    ]);
  });
});

describe(`the packed plugin${hasDotnet ? '' : needsDotnet}`, function () {
  this.timeout(600_000);
  let built: PluginBuild;
  let zip: Buffer;
  before(async function () {
    if (!hasDotnet) this.skip();
    built = await pluginBuild();
    zip = readFileSync(built.zip);
  });

  it('holds the assembly, its description, a picture and the engine, and nothing that a host could load by mistake', () => {
    const names = directoryOf(zip).map(({ path }) => path);
    expect(names).to.include.members(['Jellyfin.Plugin.Coax.dll', 'meta.json', 'logo.png', 'engine/engine.mjs']);
    expect(names.filter((name) => /\.(dll|exe|so|node|dylib|pdb|deps\.json)$/i.test(name))).to.deep.equal([
      'Jellyfin.Plugin.Coax.dll',
    ]);
    expect(
      names.filter((name) => !/^(Jellyfin\.Plugin\.Coax\.dll|meta\.json|logo\.png|engine\/.+)$/.test(name)),
    ).to.deep.equal([]);
    expect(names.filter((name) => /(^|\/)\.\.?(\/|$)|^\/|\\/.test(name))).to.deep.equal([]);
    expect(zip.length).to.be.lessThan(8_000_000);
  });

  it('has files in order, of one day, with Unix modes and no links', () => {
    const files = directoryOf(zip);
    expect(files.map(({ path }) => path)).to.deep.equal(files.map(({ path }) => path).toSorted());
    expect(new Set(files.map(({ stamp }) => stamp)).size).to.equal(1);
    expect(new Set(files.map(({ system }) => system))).to.deep.equal(new Set([3]));
    expect(new Set(files.map(({ mode }) => mode))).to.deep.equal(new Set([0o100644]));
  });

  it('describes itself as the manifest does', () => {
    const [entry] = JSON.parse(readFileSync(built.manifest, 'utf8')) as ManifestPackage[];
    const meta = JSON.parse(Buffer.from(unzipSync(zip)['meta.json'] ?? []).toString('utf8')) as Record<string, unknown>;
    const latest = entry?.versions[0];
    expect(meta).to.deep.include({
      guid: entry?.guid,
      name: 'Coax',
      version: latest?.version,
      targetAbi: latest?.targetAbi,
    });
    expect(meta['changelog']).to.equal(latest?.changelog);
    expect(latest?.checksum).to.equal(createHash('md5').update(zip).digest('hex'));
  });

  it('tells no path of the machine that made it', () => {
    for (const [name, bytes] of Object.entries(unzipSync(zip))) {
      const text = Buffer.from(bytes).toString('latin1');
      for (const path of [root, tmpdir() + '/coax', process.env['HOME'] ?? root])
        if (path.length > 5) expect(text.includes(path), `${path} in ${name}`).to.equal(false);
      const wide = Buffer.from(root, 'utf16le').toString('latin1');
      expect(text.includes(wide), `${root} in ${name}`).to.equal(false);
    }
  });

  it('is the same, byte for byte, from another folder in another time zone; a changed source makes the manifest stale', async () => {
    const folder = copyOfSources();
    try {
      const run = (...args: string[]) =>
        spawnSync(process.execPath, [join(folder, 'build.js'), 'plugin', ...args], {
          encoding: 'utf8',
          cwd: folder,
          env: { ...process.env, TZ: 'Pacific/Auckland', LANG: 'C' },
        });
      const first = run();
      expect(first.status, first.stderr).to.equal(0);
      const [entry] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ManifestPackage[];
      expect(entry?.versions[0]?.checksum).to.equal(createHash('md5').update(zip).digest('hex'));

      const { assembly } = built;
      const fresh = run('--check', '--assembly', assembly);
      expect(fresh.status, fresh.stderr).to.equal(0);
      writeFileSync(
        join(folder, 'src', 'version.ts'),
        `${readFileSync(join(folder, 'src', 'version.ts'), 'utf8')}\nconsole.error(1);\n`,
      );
      const stale = run('--check', '--assembly', assembly);
      expect(stale.status).to.equal(1);
      expect(stale.stderr).to.match(/stale.*engine\/engine\.mjs.*npm run build:plugin/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes any folder as its address, but none with a query, whose zip a host would not take', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coax-base-'));
    try {
      const { assembly } = built;
      const { ok } = await packPlugin(folder, { assembly, baseUrl: 'http://127.0.0.1:9/files/' });
      expect(ok).to.equal(true);
      const [entry] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ManifestPackage[];
      expect(entry?.imageUrl).to.equal('http://127.0.0.1:9/files/logo.png');
      expect(entry?.versions[0]?.sourceUrl).to.match(/^http:\/\/127\.0\.0\.1:9\/files\/coax_[\d.]+\.zip$/);
      const same = await packPlugin(folder, { assembly, check: true });
      expect(same.ok, same.lines.join('\n')).to.equal(true);
      const refused = await packPlugin(folder, { assembly, baseUrl: 'https://host/x?token=1' }).then(
        () => '',
        (error: Error) => error.message,
      );
      expect(refused).to.match(/without a query/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fails for a platform that Node has no package for, and makes the rest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coax-runtime-'));
    try {
      const { ok, lines } = await packPlugin(folder, { assembly: built.assembly, runtimes: ['amiga-68k'] });
      expect(ok).to.equal(false);
      expect(lines.join('\n')).to.match(/coax_[\d.]+\.zip.*no variant for amiga-68k: .*linux-x64/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("builds against the host's own packages as well, where they can be restored", async function () {
    const args = ['build', join(root, 'plugin', 'jellyfin'), '-c', 'Release', '-p:HostPackages=true', '-v', 'q'];
    const { code, output } = await dotnet(
      [...args, '-nodeReuse:false', '--artifacts-path', join(built.folder, 'host')],
      root,
    );
    if (code !== 0 && /NU1101|NU1102|NU1301/.test(output)) {
      this.test!.title += ` [skipped: ${/NU1\d\d\d: [^.\n]*/.exec(output)?.[0] ?? 'they can not'}]`;
      this.skip();
    }
    expect(code, output).to.equal(0);
  });
});
