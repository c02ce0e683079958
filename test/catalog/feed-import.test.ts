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

  describe('keeps what is past', () => {
    const refresh = (database: Database, nowUnix: number, list: readonly Programme[], days = 1): void => {
      const feed = ensureFeed(database, { sourceId: home, name: 'guide', priority: 0 });
      const target = new FeedImport(database, feed.id, {
        fromUnix: nowUnix - 86_400,
        toUnix: nowUnix + 1e6,
        nowUnix,
        spareChannels: 0,
        isWanted: (id) => id !== 'unwanted',
        keepsFrom: (id) => (id === 'archived' ? nowUnix - days * 86_400 : nowUnix),
      });
      target.programmes(list);
      target.finish();
      target.publish();
    };
    const hour = 3_600;
    const day = 24 * hour;
    const start = 100 * day;

    it('although the feed carries it no longer, as long as the archive of the channel', () => {
      using temp = new TempCatalog();
      const old = ['archived', 'plain'].map((id) => programme(id, start, start + hour, 'old'));
      refresh(temp.worker, start + hour, old, 7);
      for (const later of [2, 6]) {
        const now = start + later * day;
        refresh(
          temp.worker,
          now,
          ['archived', 'plain'].map((id) => programme(id, now, now + hour, `day ${later}`)),
          7,
        );
      }
      expect(shown(temp.catalog)).to.deep.equal(['archived old', 'archived day 2', 'archived day 6', 'plain day 6']);
      const now = start + 8 * day;
      refresh(temp.worker, now, [programme('archived', now, now + hour, 'day 8')], 7);
      expect(shown(temp.catalog)).to.deep.equal(['archived day 2', 'archived day 6', 'archived day 8']);
    });

    it('but not what the feed itself says otherwise, nor what was to come', () => {
      using temp = new TempCatalog();
      refresh(temp.worker, start, [
        programme('archived', start - 2 * hour, start - hour, 'past'),
        programme('archived', start - hour, start, 'moved'),
        programme('archived', start + hour, start + 2 * hour, 'planned'),
      ]);
      const now = start + 60;
      refresh(temp.worker, now, [programme('archived', start - hour, start + hour, 'corrected')]);
      expect(shown(temp.catalog)).to.deep.equal(['archived past', 'archived corrected']);
    });

    it('of a channel that the feed has lost, if somebody wants it', () => {
      using temp = new TempCatalog();
      const feed = ensureFeed(temp.worker, { sourceId: home, name: 'guide', priority: 0 });
      const all = new FeedImport(temp.worker, feed.id, {
        fromUnix: 0,
        toUnix: 1e9,
        spareChannels: 9,
        isWanted: () => true,
      });
      all.programmes(['archived', 'unwanted'].map((id) => programme(id, start, start + hour, 'old')));
      all.finish();
      all.publish();
      refresh(temp.worker, start + 2 * hour, [programme('plain', start, start + 3 * hour, 'on')]);
      expect(shown(temp.catalog).sort()).to.deep.equal(['archived old', 'plain on']);
    });

    it('and counts it neither as programmes nor as a change', () => {
      using temp = new TempCatalog();
      const list = [programme('archived', start + day, start + day + hour, 'next')];
      refresh(temp.worker, start, [programme('archived', start - hour, start, 'old'), ...list]);
      refresh(temp.worker, start + 60, list);
      const before = temp.catalog.feeds.ofSource(home)[0]?.generation;
      refresh(temp.worker, start + 120, list);
      expect(temp.catalog.feeds.ofSource(home)[0]?.generation).to.equal(before);
      expect(ensureFeed(temp.worker, { sourceId: home, name: 'guide', priority: 0 }).programmes).to.equal(1);
    });
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
