import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

describe('the build', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-build-'));
    await run(process.execPath, [join(root, 'build.js'), '--out', join(folder, 'dist')]);
  });
  after(() => rm(folder, { recursive: true }));

  it('needs no folder of packages: the engine plays the demo from it alone', async () => {
    const engine = spawn(
      process.execPath,
      [join(folder, 'dist', 'engine.mjs'), 'serve', '--data', join(folder, 'data'), '--port', '0', '--stdin-lifeline'],
      {
        cwd: folder,
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    try {
      let output = '';
      for await (const line of createInterface({ input: engine.stdout })) {
        output = /playlist +(\S+)/.exec(line)?.[1] ?? '';
        if (output !== '') break;
      }
      let playlist = '';
      for (let tries = 0; !playlist.includes('#EXTINF') && tries < 100; tries += 1) {
        playlist = await (await fetch(output)).text();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const live = /^http\S+\.ts$/m.exec(playlist)?.[0];
      expect(live, playlist).to.be.a('string');
      const player = http.get(live!);
      const [media] = (await once(player, 'response')) as [http.IncomingMessage];
      const [bytes] = (await once(media, 'data')) as [Buffer];
      expect(bytes[0]).to.equal(0x47);
      player.destroy();
      // The guide is read after the channels, and published when it is.
      const guide = async () => (await fetch(output.replace('playlist.m3u', 'guide.xml'))).text();
      for (let tries = 0; !(await guide()).includes('<programme ') && tries < 100; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await guide()).to.include('<programme ');
    } finally {
      engine.stdin.end();
      const [code] = (await once(engine, 'exit')) as [number];
      expect(code).to.equal(0);
    }
  });

  it('holds no native addon, and the licence of every package in it', async () => {
    const files = await readdir(join(folder, 'dist'), { recursive: true });
    expect(files.filter((name) => /\.(node|so|dll|dylib)$/.test(name))).to.deep.equal([]);
    const { components } = JSON.parse(await readFile(join(folder, 'dist', 'sbom.json'), 'utf8')) as {
      components: { name: string; version: string }[];
    };
    const licences = await readFile(join(folder, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    expect(components.length).to.be.greaterThan(20);
    for (const { name, version } of components) expect(licences).to.include(`${name} ${version} (`);
    expect(licences).to.not.match(/\((GPL-2\.0-only|AGPL|SSPL|BUSL|UNLICENSED|see text)/);
  });
});
