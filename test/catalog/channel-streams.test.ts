import { expect } from 'chai';
import { ChannelImport, knownChannels } from '../../src/catalog/channel-import.ts';
import { removeSources } from '../../src/catalog/source-removal.ts';
import type { ChannelId, StreamId } from '../../src/model/ids.ts';
import { live } from './items.ts';
import { TempCatalog } from './temp-catalog.ts';

describe('The list of streams of a channel', () => {
  /** Makes these the channels of a source, as a refresh does, and gives their ids. */
  function refresh(temp: TempCatalog, source: string, names: readonly string[]): ChannelId[] {
    const known = new Map(knownChannels(temp.worker, source).map(({ name, id }) => [name, id]));
    temp.worker.write(() => {
      const channels = new ChannelImport(temp.worker, source);
      for (const name of names) channels.put(known.get(name) ?? null, live(name));
      channels.finish(Date.now());
    });
    const now = knownChannels(temp.worker, source).filter(({ gone }) => !gone);
    return names.map((name) => now.find((item) => item.name === name)?.id as ChannelId);
  }

  const streamOf = (channel: ChannelId): StreamId => `st${channel.slice(1)}` as StreamId;
  const played = (temp: TempCatalog, channel: ChannelId) =>
    temp.catalog.channels.get(channel)?.streams.map(({ id }) => id);

  it('outlives refreshes, and sources that are removed and come back', async () => {
    using temp = new TempCatalog();
    const [news = '' as ChannelId] = refresh(temp, 's1', ['News', 'Sport']);
    const [other = '' as ChannelId] = refresh(temp, 's2', ['News HD']);
    const list = [streamOf(other), streamOf(news)];
    await temp.catalog.channels.setStreams(news, list);
    expect(played(temp, news)).to.deep.equal(list);
    refresh(temp, 's1', ['Sport', 'News']);
    expect(played(temp, news)).to.deep.equal(list);
    removeSources(temp.worker, ['s2']);
    expect(played(temp, news), 'what is left').to.deep.equal([streamOf(news)]);
    expect(temp.catalog.channels.listedStreams(news)).to.deep.equal(list);
    refresh(temp, 's2', ['News HD']);
    expect(played(temp, news), 'it came back').to.deep.equal(list);
    removeSources(temp.worker, ['s1']);
    refresh(temp, 's1', ['News', 'Sport']);
    expect(played(temp, news)).to.deep.equal(list);
  });

  it('leaves out what its provider has dropped, and is the own stream where nothing is left', async () => {
    using temp = new TempCatalog();
    const [news = '' as ChannelId] = refresh(temp, 's1', ['News']);
    const [other = '' as ChannelId] = refresh(temp, 's2', ['News HD', 'Else']);
    await temp.catalog.channels.setStreams(news, [streamOf(other)]);
    expect(played(temp, news)).to.deep.equal([streamOf(other)]);
    refresh(temp, 's2', ['Else']);
    expect(played(temp, news)).to.deep.equal([streamOf(news)]);
  });

  it('moves the generation of the lineup only when it changes', async () => {
    using temp = new TempCatalog();
    const [news = '' as ChannelId, sport = '' as ChannelId] = refresh(temp, 's1', ['News', 'Sport']);
    const before = temp.catalog.generation.lineup;
    const list = [streamOf(sport), streamOf(news)];
    await temp.catalog.channels.setStreams(news, list);
    expect(temp.catalog.generation.lineup).to.be.above(before);
    const after = temp.catalog.generation.lineup;
    await temp.catalog.channels.setStreams(news, list);
    expect(temp.catalog.generation.lineup).to.equal(after);
  });
});
