import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { releaseOf } from '../../scripts/build/changelog.ts';
import {
  fourParts,
  type ManifestPackage,
  type ManifestVersion,
  manifestWith,
  metaJson,
  versionOf,
} from '../../scripts/build/manifest.ts';

const root = join(import.meta.dirname, '..', '..');
const entry = (version: string, checksum = 'a'.repeat(32)): ManifestVersion => ({
  version,
  changelog: 'x',
  targetAbi: '10.11.0.0',
  sourceUrl: `https://coax.example.org/coax_${version}.zip`,
  checksum,
  timestamp: '2026-11-21T00:00:00Z',
});
const versions = (text: string): string[] =>
  (JSON.parse(text) as ManifestPackage[])[0]?.versions.map(({ version }) => version) ?? [];

describe('the repository manifest', () => {
  it('keeps older versions, newest first, and replaces the one that is packed again', () => {
    let text = manifestWith(null, entry('1.2.0.0'), 'https://coax.example.org/logo.png');
    text = manifestWith(text, entry('1.10.0.0'), 'https://coax.example.org/logo.png');
    text = manifestWith(text, entry('1.9.0.0'), 'https://coax.example.org/logo.png');
    text = manifestWith(text, entry('1.9.0.0', 'b'.repeat(32)), 'https://coax.example.org/logo.png');
    expect(versions(text)).to.deep.equal(['1.10.0.0', '1.9.0.0', '1.2.0.0']);
    expect(versionOf(text, '1.9.0.0')?.checksum).to.equal('b'.repeat(32));
    expect(versionOf(text, '1.1.0.0')).to.equal(null);
  });

  it('keeps other packages of the same repository', () => {
    const other = { guid: 'f0d1d3a1-0000-4000-8000-000000000001', name: 'Other', versions: [] };
    const text = manifestWith(JSON.stringify([other]), entry('1.0.0.0'), 'https://coax.example.org/logo.png');
    expect((JSON.parse(text) as ManifestPackage[]).map(({ name }) => name)).to.deep.equal(['Coax', 'Other']);
  });

  it('has versions of four parts, as the host can read no other', () => {
    expect(fourParts('1.2.3')).to.equal('1.2.3.0');
    for (const version of ['1.2', '1.2.3-beta', 'v1.2.3', '1.2.3.4'])
      expect(() => fourParts(version), version).to.throw(/MAJOR\.MINOR\.PATCH/);
  });

  it("is beside the sources with the version of package.json, whose day is the changelog's", () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const release = releaseOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version);
    const known = versionOf(readFileSync(join(root, 'manifest.json'), 'utf8'), fourParts(version));
    expect(known, `version ${version} in manifest.json`).to.not.equal(null);
    expect(known?.timestamp).to.equal(`${release?.date}T00:00:00Z`);
    expect(known?.checksum).to.match(/^[0-9a-f]{32}$/);
    expect(known?.sourceUrl).to.match(/^https:\/\/[^?#]+\.zip$/);
    expect(known?.targetAbi).to.equal('10.11.0.0');
  });

  it('names the only assembly that a host may load in meta.json', () => {
    const meta = JSON.parse(metaJson('1.2.3', 'x', '2026-11-21T00:00:00Z')) as Record<string, unknown>;
    expect(meta).to.deep.include({ assemblies: ['Jellyfin.Plugin.Coax.dll'], version: '1.2.3.0', autoUpdate: true });
  });
});
