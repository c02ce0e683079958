import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Catalog, catalogFileName } from '../../src/catalog/catalog.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import { Publisher } from '../../src/lineup/publisher.ts';
import { silentLog } from '../../src/log/log.ts';

describe('Publisher', () => {
  let folder: string;
  let catalog: Catalog;
  let config: Config;
  let generation: { lineup: number; guide: number };
  let publishers: Publisher[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coax-publish-'));
    catalog = Catalog.open(join(folder, catalogFileName));
    config = configSchema.parse({ outputs: [{ id: 'o1', name: 'One', token: 'x'.repeat(20) }] });
    generation = { lineup: 1, guide: 1 };
    publishers = [];
  });
  afterEach(async () => {
    await Promise.all(publishers.map((publisher) => publisher.close()));
    catalog.close();
    await rm(folder, { recursive: true });
  });

  const start = (workerUrl = new URL('../../src/lineup/publish-worker.ts', import.meta.url)): Publisher => {
    const publisher = new Publisher({
      folder: join(folder, 'published'),
      catalogPath: join(folder, catalogFileName),
      config: () => config,
      secrets: () => [],
      generation: () => generation,
      workerUrl,
      log: silentLog,
    });
    publishers.push(publisher);
    return publisher;
  };
  const folders = async (): Promise<string[]> => {
    const [base] = await readdir(join(folder, 'published', 'o1'));
    return readdir(join(folder, 'published', 'o1', base!));
  };

  it('makes all files of a generation once, for everybody who asks', async () => {
    const publisher = start();
    const [one, two] = await Promise.all([
      publisher.current(config.outputs[0]!, 'http://h/o/x'),
      publisher.current(config.outputs[0]!, 'http://h/o/x'),
    ]);
    expect(two).to.equal(one);
    for (const file of Object.values(one)) expect((await readFile(file.path)).length).to.equal(file.size);
    expect(await publisher.current(config.outputs[0]!, 'http://h/o/x')).to.equal(one);
  });

  it('gives each base address files of its own', async () => {
    const publisher = start();
    const one = await publisher.current(config.outputs[0]!, 'http://h/o/x');
    const two = await publisher.current(config.outputs[0]!, 'https://other/o/x');
    expect(await readFile(one['playlist.m3u'].path, 'utf8')).to.include('http://h/o/x/guide.xml');
    expect(await readFile(two['playlist.m3u'].path, 'utf8')).to.include('https://other/o/x/guide.xml');
  });

  it('makes a new generation when lineup or guide moved, and removes the old one', async () => {
    const publisher = start();
    const one = await publisher.current(config.outputs[0]!, 'b');
    generation = { lineup: 2, guide: 1 };
    const two = await publisher.current(config.outputs[0]!, 'b');
    expect(two['playlist.m3u'].path).to.not.equal(one['playlist.m3u'].path);
    expect(two['playlist.m3u'].etag, 'the same bytes').to.equal(one['playlist.m3u'].etag);
    expect(await folders()).to.have.length(1);
  });

  it('takes up what an earlier run has made', async () => {
    const one = await start().current(config.outputs[0]!, 'b');
    const two = await start(new URL('file:///nowhere.ts')).current(config.outputs[0]!, 'b');
    expect(two).to.deep.equal(one);
  });

  it('never gives a generation that is not whole', async () => {
    const one = await start().current(config.outputs[0]!, 'b');
    const index = join(one['guide.xml'].path, '..', 'index.json');
    for (const text of ['', '{', '{"files":{}}', JSON.stringify({ files: { 'playlist.m3u': { size: 1 } } })]) {
      await writeFile(index, text);
      const again = await start().current(config.outputs[0]!, 'b');
      expect(again['guide.xml'].etag).to.equal(one['guide.xml'].etag);
    }
  });

  it('is not disturbed by what a crash has left behind', async () => {
    const one = await start().current(config.outputs[0]!, 'b');
    const place = join(one['guide.xml'].path, '..', '..');
    await mkdir(join(place, 'half.tmp'));
    await writeFile(join(place, 'half.tmp', 'guide.xml'), '<tv>');
    generation = { lineup: 2, guide: 2 };
    await start().current(config.outputs[0]!, 'b');
    expect(await folders()).to.have.length(1);
  });

  it('goes on with what it has when a new generation can not be made, and fails when it has nothing', async () => {
    const publisher = start(new URL('file:///nowhere.ts'));
    const error = await publisher.current(config.outputs[0]!, 'b').catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'INTERNAL');
    const good = start();
    const one = await good.current(config.outputs[0]!, 'b');
    catalog.close();
    await writeFile(
      join(folder, catalogFileName),
      'this is no database, and long enough to be read as a header'.repeat(10),
    );
    generation = { lineup: 3, guide: 3 };
    expect(await good.current(config.outputs[0]!, 'b')).to.equal(one);
    await rm(join(folder, catalogFileName));
    catalog = Catalog.open(join(folder, catalogFileName));
  });
});
