import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Database } from '../../src/catalog/database.ts';
import { ensureFeed, FeedImport, longestProgrammeSec } from '../../src/catalog/feed-import.ts';
import { removeSources, sweep } from '../../src/catalog/source-removal.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { GuideId } from '../../src/model/ids.ts';
import type { Programme } from '../../src/model/programme.ts';
import { home, programme } from './items.ts';
import { TempCatalog } from './temp-catalog.ts';

function begin(database: Database, { wanted = true, spareChannels = 0 } = {}): FeedImport {
  const feed = ensureFeed(database, { sourceId: home, name: 'guide', priority: 0 });
  return new FeedImport(database, feed.id, { fromUnix: 0, toUnix: 1e9, isWanted: () => wanted, spareChannels });
}

function publish(database: Database, list: readonly Programme[]): void {
  const target = begin(database);
  target.programmes(list);
  target.finish();
  target.publish();
}

function shown(catalog: Catalog): string[] {
  return catalog.feeds
    .ofSource(home)
    .flatMap((feed) =>
      catalog.feeds
        .channels(feed)
        .flatMap((channel) =>
          catalog.feeds.programmes(feed, channel, -1e6, 1e9).map(({ title }) => `${channel.id} ${title}`),
        ),
    );
}

function tables(database: Database): number {
  const row = database.sql("SELECT count(*) AS n FROM sqlite_schema WHERE name GLOB 'programme_*'").get();
  return Number(row?.['n']);
}

describe('FeedImport', () => {
  it('keeps one programme of those that start together, and none without a real time', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [
      programme('a', 10, 20, 'first'),
      programme('a', 10, 30, 'second'),
      programme('a', 50, 40, 'reversed'),
      programme('a', Number.NaN, 60, 'no start'),
      programme('a', 70, Number.NaN, 'no stop'),
      programme('a', 80.6, 90.2, 'fractions'),
    ]);
    expect(shown(temp.catalog)).to.deep.equal(['a first', 'a fractions']);
  });

  it('bounds how long a programme lasts', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [programme('a', 100, 1e8, 'endless')]);
    const [feed] = temp.catalog.feeds.ofSource(home);
    const [channel] = feed === undefined ? [] : temp.catalog.feeds.channels(feed);
    const found = feed && channel && temp.catalog.feeds.programmes(feed, channel, 0, 1e9);
    expect(found?.map(({ stopUnix }) => stopUnix)).to.deep.equal([100 + longestProgrammeSec]);
  });

  it('keeps the programmes of so many unwanted channels, each whole', () => {
    using temp = new TempCatalog();
    const target = begin(temp.worker, { wanted: false, spareChannels: 2 });
    for (const start of [0, 10]) target.programmes(['a', 'b', 'c'].map((id) => programme(id, start, start + 10, 'x')));
    target.finish();
    target.publish();
    expect(shown(temp.catalog)).to.deep.equal(['a x', 'a x', 'b x', 'b x']);
  });

  it('takes ids and texts as they are', () => {
    using temp = new TempCatalog();
    const id = `x'); DROP TABLE feed; --"\u0000é`;
    const target = begin(temp.worker);
    target.channels([{ id: id as GuideId, names: [`'"%_`] }]);
    target.programmes([programme(id, 0, 10, `'); DELETE FROM feed; --`)]);
    target.finish();
    target.publish();
    expect(shown(temp.catalog)).to.deep.equal([`${id} '); DELETE FROM feed; --`]);
  });

  it('leaves the guide as it was when its process is killed, and the next start tidies up', function () {
    using temp = new TempCatalog();
    publish(temp.worker, [programme('a', 0, 10, 'old')]);
    const { signal } = spawnSync(process.execPath, [join(import.meta.dirname, 'dying-import.ts'), temp.path]);
    expect([signal, shown(temp.catalog), tables(temp.worker)]).to.deep.equal(['SIGKILL', ['a old'], 2]);
    sweep(temp.worker, [home]);
    expect([shown(temp.catalog), tables(temp.worker)]).to.deep.equal([['a old'], 1]);
  });
});

describe('removeSources', () => {
  it('takes the guide and nothing of other sources', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [programme('a', 0, 10, 'mine')]);
    removeSources(temp.worker, ['another']);
    expect(shown(temp.catalog)).to.deep.equal(['a mine']);
    removeSources(temp.worker, [home]);
    expect([shown(temp.catalog), tables(temp.worker)]).to.deep.equal([[], 0]);
  });
});
