import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import type { ManifestPackage } from '../../scripts/build/manifest.ts';
import { hasDotnet, needsDotnet } from '../support/dotnet.ts';
import { type CheckResult, type PluginBuild, packPlugin, pluginBuild, runHarness } from '../support/plugin-harness.ts';

describe(`the catalogue${hasDotnet ? '' : needsDotnet}`, function () {
  this.timeout(600_000);
  let built: PluginBuild;
  let folder: string;
  let server: Server;
  let base: string;
  let manifest: ManifestPackage[];
  const asked: string[] = [];

  before(async function () {
    if (!hasDotnet) this.skip();
    built = await pluginBuild();
    folder = mkdtempSync(join(tmpdir(), 'coax-catalogue-'));
    server = createServer((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      if (path === '/manifest.json') {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(manifest));
        return;
      }
      try {
        response.end(readFileSync(join(folder, basename(path))));
      } catch {
        response.writeHead(404).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { ok, lines } = await packPlugin(folder, { assembly: built.assembly, baseUrl: base });
    expect(ok, lines.join('\n')).to.equal(true);
    manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ManifestPackage[];
    const [own] = manifest;
    const latest = own?.versions[0];
    if (own === undefined || latest === undefined) throw new Error('the manifest is empty');
    const other = (version: string, targetAbi: string) => ({
      ...latest,
      version,
      targetAbi,
      sourceUrl: `${base}/coax_${version}.zip`,
      checksum: '0'.repeat(32),
    });
    manifest = [{ ...own, versions: [other('99.0.0.0', '99.0.0.0'), latest, other('0.0.1.0', '10.11.0.0')] }];
  });
  after(() => {
    server?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  async function install(
    hostVersion: string,
  ): Promise<{ results: CheckResult[]; code: number | null; errors: string }> {
    const results: CheckResult[] = [];
    const args = ['--catalog', `${base}/manifest.json`, '--host-version', hostVersion, '--node', process.execPath];
    const only = ['--only', 'its own assembly', '--only', 'a host starts with it'];
    const run = await runHarness(built.harness, [...args, ...only], (line) => {
      results.push(JSON.parse(line) as CheckResult);
    });
    return { results, ...run };
  }

  for (const version of ['10.11.0.0', '12.0.0.0'])
    it(`offers it to a host of ${version}, which installs the newest that is for it, and starts`, async () => {
      const { results, errors } = await install(version);
      expect(
        results.map(({ ok, message }) => [ok, message]),
        errors,
      ).to.deep.equal([
        [true, ''],
        [true, ''],
      ]);
      expect(errors).to.include(`installed Coax_${manifest[0]?.versions[1]?.version}`);
      expect(asked).to.include('/logo.png');
      expect(asked.filter((path) => /99|0\.0\.1/.test(path))).to.deep.equal([]);
    });

  it('has nothing for a host that is too old, and a host refuses a zip that was changed on the way', async () => {
    const old = await install('10.10.7.0');
    expect(old.code).to.not.equal(0);
    expect(old.errors).to.match(/no version is for host 10\.10\.7/);
    const [own] = manifest;
    if (own === undefined) throw new Error('the manifest is empty');
    const kept = manifest;
    manifest = [{ ...own, versions: own.versions.map((one) => ({ ...one, checksum: 'f'.repeat(32) })) }];
    const changed = await install('10.11.0.0');
    manifest = kept;
    expect(changed.errors).to.match(/checksums do not match/);
  });
});
