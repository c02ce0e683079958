import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startTestApp } from '../support/in-process-app.ts';

const root = join(import.meta.dirname, '..', '..');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(args: readonly string[], program = join(root, 'src', 'main.ts')): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { timeout: 30_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
    });
  });
}

describe('coax as a process', function () {
  this.timeout(40_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('shows what it can do', async () => {
    const help = await run(['--help']);
    expect(help.code).to.equal(0);
    for (const name of ['serve', 'check', 'import', 'export', 'm3u', 'xmltv'])
      expect(help.out).to.match(new RegExp(`^  ${name} `, 'm'));
    const serve = await run(['serve', '--help']);
    expect(serve.out).to.include('--stdin-lifeline');
    expect(serve.code).to.equal(0);
  });

  for (const [args, hint] of [
    [['sevre'], 'Did you mean serve?'],
    [['serve', '--prot', '1'], 'Did you mean --port?'],
    [['serve', '--port', 'many'], 'whole number from 0 to 65535'],
    [['serve', '--log-format', 'xml'], 'text or json'],
    [['m3u'], 'takes FILE'],
    [['serve', '--host='], '--host must not be empty'],
    [['serve', '--data', ''], '--data must not be empty'],
  ] as const) {
    it(`ends with code 2 and a hint for: coax ${args.join(' ')}`, async () => {
      const { code, out, err } = await run(args);
      expect(code).to.equal(2);
      expect(err).to.include(hint);
      expect(out).to.equal('');
    });
  }

  it('is the same when it is started by its bin', async () => {
    const { code, out } = await run(['--version'], join(root, 'bin', 'coax.js'));
    expect(code).to.equal(0);
    expect(out.trim()).to.equal(
      (JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }).version,
    );
    expect((await run(['serve', '--nonsense'], join(root, 'bin', 'coax.js'))).code).to.equal(2);
  });

  it('reports on files, and says so when they are of another kind', async () => {
    await writeFile(
      join(folder, 'list.m3u'),
      '#EXTM3U\n#EXTINF:-1 tvg-id="a",One\nhttp://h/1.ts\n#EXTINF:-1,Two\nnonsense\n',
    );
    const report = JSON.parse((await run(['m3u', join(folder, 'list.m3u'), '--json'])).out) as {
      channels: number;
      rejects: { total: number; first: { at: number }[] };
    };
    expect(report.channels).to.equal(1);
    expect(report.rejects.total).to.equal(1);
    expect((await run(['xmltv', join(folder, 'none.xml')])).code).to.equal(1);
    await writeFile(join(folder, 'page.html'), '<!DOCTYPE html><html></html>');
    const wrong = await run(['xmltv', join(folder, 'page.html')]);
    expect(wrong.out + wrong.err).to.match(/HTML|page/i);
  });

  it('moves a whole configuration, with overrides and the ids of channels, to another folder', async () => {
    await using app = await startTestApp();
    await app.settled();
    const before = (await (await app.api('GET', '/channels')).json()) as { items: { id: string }[] };
    await app.api('PATCH', `/channels/${before.items[1]!.id}`, { name: 'My own', number: '42' });
    const streams = [0, 1].map((n) => `st${before.items[n]!.id.slice(1)}`);
    await app.api('PUT', `/channels/${before.items[1]!.id}/streams`, { streams });
    const file = join(folder, 'all.json');
    expect((await run(['export', file, '--data', app.dataDir])).code).to.equal(0);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);

    const target = join(folder, 'new');
    expect((await run(['import', file, '--data', target, '--dry-run'])).out).to.include('Nothing was changed');
    const done = await run(['import', file, '--data', target]);
    expect(done.err).to.equal('');
    expect(done.code).to.equal(0);
    await using moved = await startTestApp(undefined, target);
    await moved.settled();
    const after = (await (await moved.api('GET', '/channels')).json()) as {
      items: { id: string; name: string; number: string }[];
    };
    expect(after.items.map(({ id }) => id).sort()).to.deep.equal(before.items.map(({ id }) => id).sort());
    expect(after.items.find(({ id }) => id === before.items[1]!.id)).to.include({ name: 'My own', number: '42' });
    const kept = (await (await moved.api('GET', `/channels/${before.items[1]!.id}/streams`)).json()) as {
      streams: { id: string }[];
    };
    expect(kept.streams.map(({ id }) => id)).to.deep.equal(streams);
    expect(await (await moved.api('GET', '/outputs')).json()).to.have.nested.property(
      '[0].token',
      ((await (await app.api('GET', '/outputs')).json()) as { token: string }[])[0]!.token,
    );
  });

  it('changes nothing when what is imported is wrong, or the folder is in use', async () => {
    await using app = await startTestApp();
    const file = join(folder, 'all.json');
    await run(['export', file, '--data', app.dataDir]);
    const held = await run(['import', file, '--data', app.dataDir]);
    expect(held.code).to.equal(1);
    expect(held.err).to.include('Another Coax');
    const document = JSON.parse(await readFile(file, 'utf8')) as {
      config: { settings: { live: { lingerMs: unknown } } };
    };
    document.config.settings.live.lingerMs = 'long';
    await writeFile(file, JSON.stringify(document));
    const target = join(folder, 'new');
    const wrong = await run(['import', file, '--data', target]);
    expect(wrong.code).to.equal(1);
    expect(wrong.err).to.include('config.settings.live.lingerMs');
    expect((await run(['check', '--data', target])).code).to.equal(1);
  });

  it('checks the transcode profiles that outputs name', async () => {
    const config = {
      version: 1,
      sources: [],
      outputs: [
        { id: 'o1', name: 'Phones', token: '0123456789abcdef', profile: 'h264' },
        { id: 'o2', name: 'Tablets', token: '0123456789abcdeg', profile: 'nothing' },
      ],
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const { code, out } = await run(['check', '--data', folder, '--offline']);
    expect(code).to.equal(1);
    expect(out).to.match(/^WRONG +output Tablets: there is no transcode profile nothing$/m);
    expect(out)
      .to.match(/^(?:ok|WRONG) +transcoding: /m)
      .and.to.not.include('output Phones');
  });

  it('checks configuration, catalogue and logins', async () => {
    const dataDir = join(folder, 'data');
    {
      await using app = await startTestApp();
      await app.settled();
      await run(['export', join(folder, 'all.json'), '--data', app.dataDir]);
    }
    await run(['import', join(folder, 'all.json'), '--data', dataDir]);
    const good = await run(['check', '--data', dataDir]);
    expect(good.out).to.include('All is well');
    expect(good.code).to.equal(0);
    await copyFile(join(root, 'package.json'), join(dataDir, 'catalog.db'));
    const damaged = await run(['check', '--data', dataDir, '--offline']);
    expect(damaged.code).to.equal(1);
    expect(damaged.out).to.match(/WRONG {2}catalogue: .*damaged/);
    await writeFile(join(dataDir, 'config.json'), '{"sources": 5}');
    const broken = await run(['check', '--data', dataDir]);
    expect(broken.code).to.equal(1);
    expect(broken.out).to.include('sources');
  });
});
