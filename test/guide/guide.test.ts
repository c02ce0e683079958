import { expect } from 'chai';
import { ensureFeed, FeedImport } from '../../src/catalog/feed-import.ts';
import type { GuidedChannel } from '../../src/guide/contract.ts';
import { Guide } from '../../src/guide/guide.ts';
import type { ChannelId } from '../../src/model/ids.ts';
import type { Programme } from '../../src/model/programme.ts';
import { home, programme } from '../catalog/items.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';

const day = 86_400;

function publish(temp: TempCatalog, name: string, priority: number, programmes: readonly Programme[]): boolean {
  const feed = ensureFeed(temp.worker, { sourceId: home, name, priority });
  const target = new FeedImport(temp.worker, feed.id, {
    fromUnix: 0,
    toUnix: 100 * day,
    isWanted: () => true,
    spareChannels: 0,
  });
  target.programmes(programmes);
  target.finish();
  return target.publish();
}

function channel(id: string, guideId: string | null, more: Partial<GuidedChannel> = {}): GuidedChannel {
  return { id: id as ChannelId, sourceId: home, name: id, guideId, guideShiftMin: 0, ...more };
}

const titles = (list: readonly Programme[] | undefined): string =>
  (list ?? []).map(({ title, startUnix, stopUnix }) => `${title}:${startUnix}-${stopUnix}`).join(' ');

describe('Guide', () => {
  it('gives programmes that touch the window, in order, with all they carry', () => {
    using temp = new TempCatalog();
    const rich = { ...programme('a', 100, 200, 'rich'), season: 2, categories: ['News'], isNew: true };
    publish(temp, 'guide', 0, [programme('a', 300, 400, 'late'), rich, programme('a', 0, 100, 'early')]);
    const found = new Guide(temp.catalog.feeds).programmesOf([channel('c1', 'a')], 150, 300);
    expect([...found]).to.deep.equal([['c1', [rich]]]);
  });

  it('serves several channels from one guide id, and has an empty list for one without a guide', () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [programme('a', 0, 10, 'x')]);
    const found = new Guide(temp.catalog.feeds).programmesOf(
      [channel('c1', 'a'), channel('c2', 'A'), channel('c3', 'b')],
      0,
      100,
    );
    expect([...found].map(([id, list]) => [id, titles(list)])).to.deep.equal([
      ['c1', 'x:0-10'],
      ['c2', 'x:0-10'],
      ['c3', ''],
    ]);
  });

  it('fills the gaps of the preferred feed from the others', () => {
    using temp = new TempCatalog();
    publish(temp, 'lower', 2, [programme('a', 0, 10, 'low'), programme('a', 10, 20, 'low')]);
    publish(temp, 'upper', 1, [programme('a', 0, 10, 'up')]);
    const found = new Guide(temp.catalog.feeds).programmesOf([channel('c', 'a')], 0, 100);
    expect(titles(found.get('c' as ChannelId))).to.equal('up:0-10 low:10-20');
  });

  it('shifts the guide of a channel by its minutes', () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [programme('a', 0, 3_600, 'first'), programme('a', 3_600, 7_200, 'second')]);
    const guide = new Guide(temp.catalog.feeds);
    const found = guide.programmesOf([channel('c', 'a', { guideShiftMin: 60 })], 3_600, 7_200);
    expect(titles(found.get('c' as ChannelId))).to.equal('first:3600-7200');
  });

  it('tells what is on now and next', () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [
      programme('a', 0, 10, 'now'),
      programme('a', 10, 20, 'next'),
      programme('b', 15, 20, 'next'),
    ]);
    const found = new Guide(temp.catalog.feeds).currentAndNext([channel('c1', 'a'), channel('c2', 'b')], 5);
    expect([...found.values()].map(({ current, next }) => [current?.title, next?.title])).to.deep.equal([
      ['now', 'next'],
      [undefined, 'next'],
    ]);
  });

  it('shows a new guide as soon as it is published, and not before', () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [programme('a', 0, 10, 'old')]);
    const guide = new Guide(temp.catalog.feeds);
    const seen = () => titles(guide.programmesOf([channel('c', 'a')], 0, 100).get('c' as ChannelId));
    const shown = [seen()];
    const feed = ensureFeed(temp.worker, { sourceId: home, name: 'guide', priority: 0 });
    const target = new FeedImport(temp.worker, feed.id, {
      fromUnix: 0,
      toUnix: day,
      isWanted: () => true,
      spareChannels: 0,
    });
    target.programmes([programme('x', 0, 5, 'other'), programme('a', 0, 10, 'new')]);
    target.finish();
    shown.push(seen());
    target.publish();
    shown.push(seen());
    expect(shown).to.deep.equal(['old:0-10', 'old:0-10', 'new:0-10']);
  });

  it('does not move when the same guide is published again', () => {
    using temp = new TempCatalog();
    const list = [programme('a', 0, 10, 'x'), programme('b', 0, 10, 'y')];
    const published = [publish(temp, 'guide', 0, list), publish(temp, 'guide', 0, list)];
    const generation = temp.catalog.generation.guide;
    published.push(publish(temp, 'guide', 0, [...list, programme('b', 10, 20, 'z')]));
    expect([published, temp.catalog.generation.guide - generation]).to.deep.equal([[true, false, true], 1]);
  });

  it('walks over channels in their order, and stops when told to', async () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [programme('a', 0, 10, 'x')]);
    const guide = new Guide(temp.catalog.feeds);
    const channels = Array.from({ length: 500 }, (_, index) => channel(`c${index}`, 'a'));
    const controller = new AbortController();
    const seen: string[] = [];
    const walk = async (): Promise<void> => {
      for await (const [{ id }, list] of guide.walk(channels, 0, 100, controller.signal)) {
        seen.push(`${id} ${list.length}`);
        if (seen.length === 300) controller.abort();
      }
    };
    const error = await walk().catch((reason: Error) => reason.name);
    expect([error, seen.length, seen[0], seen[299]]).to.deep.equal(['AbortError', 300, 'c0 1', 'c299 1']);
  });

  it('names the guide id that serves a channel', () => {
    using temp = new TempCatalog();
    publish(temp, 'guide', 0, [programme('BBC1.uk', 0, 10)]);
    const guide = new Guide(temp.catalog.feeds);
    expect([guide.guideIdOf(channel('c', 'bbc1.UK')), guide.guideIdOf(channel('c', 'none'))]).to.deep.equal([
      'BBC1.uk',
      null,
    ]);
  });
});
