import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import { ChannelImport } from '../../src/catalog/channel-import.ts';
import { ensureFeed, FeedImport } from '../../src/catalog/feed-import.ts';
import { type Config, configSchema, type OutputConfig } from '../../src/config/schema.ts';
import type { HostProgramme } from '../../src/guide/host-programme.ts';
import { pictureName } from '../../src/lineup/picture-name.ts';
import { readPictureList } from '../../src/lineup/picture-wishes.ts';
import { type ProgrammeGeneration, ProgrammeFiles } from '../../src/lineup/programme-files.ts';
import { silentLog } from '../../src/log/log.ts';
import type { GuideId } from '../../src/model/ids.ts';
import type { LiveItem } from '../../src/model/items.ts';
import type { Programme } from '../../src/model/programme.ts';
import { home, live } from '../catalog/items.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';
import { waitUntil } from '../support/wait-until.ts';

const workerUrl = new URL('../../src/lineup/publish-worker.ts', import.meta.url);
const now = Math.floor(Date.now() / 1000);
const minute = 60;

interface Line {
  readonly channelId: string;
  readonly programmes: readonly HostProgramme[];
}

async function linesOf({ file }: ProgrammeGeneration) {
  const text = await readFile(file.path, 'utf8');
  const [head, ...rest] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return {
    head: head as { guide: number; revision: string; fromUnix: number; toUnix: number },
    end: rest.pop() as { end: boolean; channels: number; programmes: number },
    channels: rest as Line[],
  };
}

describe('ProgrammeFiles', () => {
  let temp: TempCatalog;
  let config: Config;
  let output: OutputConfig;
  let open: ProgrammeFiles[];
  let revision: number;
  let players: Int32Array<SharedArrayBuffer>;

  beforeEach(() => {
    temp = new TempCatalog();
    config = configSchema.parse({
      sources: [{ id: home, kind: 'xtream', name: 'Home', url: 'http://panel.test:8080' }],
      outputs: [{ id: 'o1', name: 'One', token: 'x'.repeat(20) }],
    });
    output = config.outputs[0]!;
    open = [];
    revision = 0;
    players = new Int32Array(new SharedArrayBuffer(4));
  });
  afterEach(async () => {
    await Promise.all(open.map((files) => files.close()));
    temp[Symbol.dispose]();
  });

  const start = (entry = workerUrl): ProgrammeFiles => {
    const files = new ProgrammeFiles({
      folder: join(temp.folder, 'published'),
      catalogPath: temp.path,
      config: () => config,
      secrets: () => ['hunter22'],
      generation: () => temp.catalog.generation,
      pictures: {
        folder: join(temp.folder, 'pictures'),
        get revision() {
          return revision;
        },
        start: () => Promise.resolve(),
      },
      workerUrl: entry,
      playersFirst: players.buffer,
      log: silentLog,
    });
    open.push(files);
    return files;
  };
  const lineup = (...items: LiveItem[]): void => {
    temp.worker.write(() => {
      const target = new ChannelImport(temp.worker, home);
      for (const item of items) target.put(null, item);
      target.finish(Date.now());
    });
  };
  const guide = (...programmes: (Partial<Programme> & { at: number })[]): void => {
    const feed = ensureFeed(temp.worker, { sourceId: home, name: 'guide', priority: 0 });
    const target = new FeedImport(temp.worker, feed.id, {
      fromUnix: now - 86_400,
      toUnix: now + 30 * 86_400,
      spareChannels: 0,
      isWanted: () => true,
    });
    target.channels([
      { id: 'a' as GuideId, names: [] },
      { id: 'b' as GuideId, names: [] },
    ]);
    target.programmes(
      programmes.map(({ at, ...more }) => ({
        guideId: 'a' as GuideId,
        startUnix: now + at * minute,
        stopUnix: now + (at + 30) * minute,
        title: 'Show',
        ...more,
      })),
    );
    target.finish();
    target.publish();
  };

  it('writes a head, a line for each channel with programmes, and an end that counts them', async () => {
    lineup(live('A', { guideId: 'a' }), live('B HD', { guideId: 'b' }), live('C'));
    guide(
      { at: 0, title: 'One', categories: ['Nachrichten'] },
      { at: 30, title: 'Two' },
      { at: 0, guideId: 'b' as GuideId, title: 'Drei' },
    );
    const generation = await start().current(output);
    const { head, end, channels } = await linesOf(generation);
    expect(head).to.include({ guide: 1, revision: generation.revision });
    expect(head.fromUnix).to.be.at.most(now);
    expect(head.toUnix).to.be.at.least(now + 13 * 86_400);
    expect(end).to.deep.equal({ end: true, channels: 2, programmes: 3 });
    expect([generation.channels, generation.programmes]).to.deep.equal([2, 3]);
    expect(channels.map(({ programmes }) => programmes.map(({ title }) => title))).to.deep.equal([
      ['One', 'Two'],
      ['Drei'],
    ]);
    expect(channels[0]!.programmes[0]).to.include({ start: now, stop: now + 30 * minute, isNews: true });
    expect(channels[1]!.programmes[0]).to.include({ hd: true });
    expect(channels.map(({ channelId }) => channelId)).to.deep.equal(
      temp.catalog.channels
        .list({})
        .items.slice(0, 2)
        .map(({ id }) => id),
    );
  });

  it('is the same file packed, and has its revision as ETag', async () => {
    lineup(live('Ä', { guideId: 'a' }));
    guide({ at: 0, title: 'Größe' });
    const { file, packed, revision: tag } = await start().current(output);
    const bytes = await readFile(file.path);
    expect(gunzipSync(await readFile(packed.path)).equals(bytes)).to.equal(true);
    expect([file.size, file.etag, packed.etag]).to.deep.equal([bytes.length, `"${tag}"`, `"${tag}"`]);
    expect((await readFile(packed.path)).length).to.equal(packed.size);
  });

  it('writes an end also when there is nothing', async () => {
    expect((await linesOf(await start().current(output))).end).to.deep.equal({ end: true, channels: 0, programmes: 0 });
  });

  it('keeps ids when programmes move, and moves its revision; nothing changed keeps both', async () => {
    lineup(live('A', { guideId: 'a' }));
    guide({ at: 0, title: 'One' }, { at: 30, title: 'Two' });
    const files = start();
    const first = await files.current(output);
    const before = await linesOf(first);
    guide({ at: 7, title: 'One' }, { at: 37, title: 'Two' }, { at: 67, title: 'Three' });
    const second = await files.current(output);
    const after = await linesOf(second);
    const ids = (channels: readonly Line[]) => channels[0]!.programmes.map(({ id }) => id);
    expect(ids(after.channels).slice(0, 2)).to.deep.equal(ids(before.channels));
    expect(files.revision(output)).to.equal(second.revision).and.not.equal(first.revision);
    // Something that the guide does not show: made anew, with the same content.
    revision = 1;
    const third = await files.current(output);
    expect(third.folder).to.not.equal(second.folder);
    expect(third.revision).to.equal(second.revision);
    expect((await readFile(third.file.path)).equals(await readFile(third.file.path))).to.equal(true);
  });

  it('goes on with the ids of an earlier run, and gives its file at once', async () => {
    lineup(live('A', { guideId: 'a' }));
    guide({ at: 0, title: 'One' });
    const first = start();
    const made = await first.current(output);
    const [line] = (await linesOf(made)).channels;
    await first.close();
    const second = start();
    await second.start();
    expect(second.revision(output)).to.equal(made.revision);
    expect(await second.current(output)).to.deep.equal(made);
    guide({ at: 5, title: 'One' });
    const [after] = (await linesOf(await second.current(output))).channels;
    expect(after!.programmes[0]!.id).to.equal(line!.programmes[0]!.id);
  });

  it('makes nothing before somebody asks, and says so by its revision', async () => {
    const files = start();
    await files.start();
    files.refresh();
    expect(files.revision(output)).to.match(/^unmade-/);
    const { revision: made } = await files.current(output);
    expect(files.revision(output)).to.equal(made);
  });

  it('makes ids anew when what was there before is damaged', async () => {
    lineup(live('A', { guideId: 'a' }));
    guide({ at: 0, title: 'One' });
    const files = start();
    let generation = await files.current(output);
    for (const damage of [
      '[["x",0,5]]',
      '[]',
      'nonsense',
      `[["${temp.catalog.channels.list({}).items[0]!.id}",3,90]]`,
    ]) {
      await writeFile(join(generation.folder, 'channels.json'), damage);
      await writeFile(generation.file.path, '{"guide":1}\n'.repeat(9));
      guide({ at: 1, title: `One ${damage.length}` });
      generation = await files.current(output);
      const [line] = (await linesOf(generation)).channels;
      expect(line!.programmes[0]!.id).to.match(/^[0-9a-f]{24}$/);
    }
  });

  it('names a picture only when it is held, and wishes for those of the next 36 hours', async () => {
    lineup(live('A', { guideId: 'a' }));
    const icon = (name: string) => `http://pictures.test/${name}.png`;
    guide(
      { at: 0, title: '1', icon: icon('now') },
      { at: 40, title: '2', icon: icon('later') },
      { at: 80, title: '3', icon: 'http://panel.test/4.png' },
      { at: 120, title: '4', icon: 'http://pictures.test/?token=hunter22' },
      { at: 160, title: '5', icon: icon('now') },
      { at: 40 * 60, title: '6', icon: icon('far') },
    );
    const files = start();
    const first = await files.current(output);
    const images = async (generation: ProgrammeGeneration) =>
      (await linesOf(generation)).channels[0]!.programmes.map(({ image }) => image);
    expect(await images(first)).to.deep.equal(Array(6).fill(undefined));
    const wishes = await readPictureList(first.folder);
    expect(wishes).to.deep.include({ addresses: [icon('now'), icon('later')], hosts: ['panel.test'] });
    const etags = (await linesOf(first)).channels[0]!.programmes.map(({ etag }) => etag);
    await mkdir(join(temp.folder, 'pictures'));
    await writeFile(join(temp.folder, 'pictures', pictureName(icon('now'))), 'x');
    revision = 1;
    const second = await files.current(output);
    const path = `/o/${output.token}/picture/${pictureName(icon('now'))}`;
    expect(await images(second)).to.deep.equal([path, undefined, undefined, undefined, path, undefined]);
    const after = (await linesOf(second)).channels[0]!.programmes.map(({ etag }) => etag);
    expect(after.map((etag, index) => etag === etags[index])).to.deep.equal([false, true, true, true, false, true]);
    expect((await readPictureList(second.folder)).named).to.deep.equal([pictureName(icon('now'))]);
    config = { ...config, settings: { ...config.settings, guide: { pictures: 'off' } } };
    const third = await files.current(output);
    expect(await images(third)).to.deep.equal(Array(6).fill(undefined));
    expect((await readPictureList(third.folder)).addresses).to.deep.equal([]);
  });

  it('holds no login and no address of a provider, wherever the guide has them', async () => {
    lineup(live('A', { guideId: 'a' }));
    guide({
      at: 0,
      title: 'See http://user:hunter22@panel.test/',
      subtitle: 'http://panel.test/get.php?username=u&password=hunter22',
      description: 'Watch http://panel.test/live/u/hunter22/1.ts now',
      icon: 'http://panel.test/images/u/hunter22/1.png',
    });
    const generation = await start().current(output);
    const text = await readFile(generation.file.path, 'utf8');
    expect(text).to.not.include('hunter22');
    expect(text).to.include('See http://');
    expect(await readFile(join(generation.folder, 'pictures.json'), 'utf8')).to.not.include('hunter22');
  });

  it('fails when there is nothing, and gives the one before when there is', async () => {
    const made = await start().current(output);
    const files = start(new URL('file:///nowhere.ts'));
    await files.start();
    revision = 2;
    expect(await files.current(output)).to.deep.equal(made);
    const error = await files.current({ ...output, id: 'o2' }).catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'INTERNAL');
  });

  it('lets files for players go first', async () => {
    lineup(live('A', { guideId: 'a' }));
    guide({ at: 0, title: 'One' });
    Atomics.store(players, 0, 1);
    let isMade = false;
    const made = start()
      .current(output)
      .then((generation) => {
        isMade = true;
        return generation;
      });
    const place = join(temp.folder, 'published', 'o1', 'host');
    await waitUntil('it has begun', async () => (await readdir(place).catch(() => [])).length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isMade).to.equal(false);
    Atomics.store(players, 0, 0);
    expect((await made).programmes).to.equal(1);
  });

  it('has ids that are unique in each channel, whatever the guide', async () => {
    lineup(live('A', { guideId: 'a' }), live('A HD', { guideId: 'a' }));
    const files = start();
    const any = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 2_000 }), title: fc.constantFrom('x', 'y', 'Tatort', ' ') }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(any, async (items) => {
        guide(...items);
        const { channels } = await linesOf(await files.current(output));
        for (const { programmes } of channels) {
          expect(new Set(programmes.map(({ id }) => id)).size).to.equal(programmes.length);
          const starts = programmes.map(({ start: at }) => at);
          expect(starts).to.deep.equal(starts.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 15 },
    );
  });
});
