import { expect } from 'chai';
import { ChannelImport, knownChannels } from '../../src/catalog/channel-import.ts';
import type { Channel, ChannelQuery } from '../../src/catalog/contract.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { Database } from '../../src/catalog/database.ts';
import { goneForMs } from '../../src/catalog/import.ts';
import type { ChannelId, SourceId, StreamId } from '../../src/model/ids.ts';
import type { LiveItem } from '../../src/model/items.ts';
import { home, live } from './items.ts';
import { TempCatalog } from './temp-catalog.ts';

/** Publishes items under the ids of channels with the same provider id. */
function publish(database: Database, items: readonly LiveItem[], { source = home, now = 1 } = {}): void {
  const ids = new Map(knownChannels(database, source).map(({ key, id }) => [key, id]));
  database.write(() => {
    const target = new ChannelImport(database, source);
    for (const item of items) target.put(ids.get(item.providerId) ?? null, item);
    target.finish(now);
  });
}

function names(catalog: Catalog, query: ChannelQuery = {}): string[] {
  return catalog.channels.list(query).items.map(({ name }) => name);
}

function only(catalog: Catalog): Channel {
  const [channel] = catalog.channels.list({ hidden: 'with' }).items;
  if (channel === undefined) throw new Error('there is no channel');
  return channel;
}

describe('Channels', () => {
  it('sorts by number as a decimal, then by name whatever its case and accents', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [
      live('ten', { number: '10' }),
      live('two', { number: '2' }),
      live('two point one', { number: '2.1' }),
      live('Ähre'),
      live('zebra'),
      live('apple'),
      live('odd', { number: 'A7' }),
    ]);
    expect(names(temp.catalog)).to.deep.equal(['two', 'two point one', 'ten', 'Ähre', 'apple', 'odd', 'zebra']);
  });

  for (const [q, expected] of [
    ['sport', ['Sport 1', 'ŠPORT Extra']],
    ['extra SPORT', ['ŠPORT Extra']],
    ["'; DROP TABLE channel; --", ["Robert'; DROP TABLE channel; --"]],
    ['100%', ['100% Hits']],
    ['_', ['under_score']],
    ['nothing like it', []],
  ] as const)
    it(`finds ${expected.length} channels for ${q}`, () => {
      using temp = new TempCatalog();
      const all = [
        'Sport 1',
        'ŠPORT Extra',
        "Robert'; DROP TABLE channel; --",
        '100% Hits',
        'under_score',
        '1000 Hits',
      ];
      publish(
        temp.worker,
        all.map((name) => live(name)),
      );
      expect(names(temp.catalog, { q }).toSorted()).to.deep.equal([...expected].toSorted());
    });

  it('pages through all without repeating or missing any, also while others come and go', () => {
    using temp = new TempCatalog();
    const items = Array.from({ length: 25 }, (_, index) => live(`Channel ${String(index).padStart(2, '0')}`));
    publish(temp.worker, items);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = temp.catalog.channels.list({ limit: 10, ...(cursor !== null && { cursor }) });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next;
      publish(temp.worker, [...items, live('AAA, before all pages')]);
    } while (cursor !== null);
    expect(seen).to.deep.equal(items.map(({ name }) => name));
  });

  it('counts all that match, whatever the page', () => {
    using temp = new TempCatalog();
    publish(
      temp.worker,
      Array.from({ length: 7 }, (_, index) => live(`N${index}`)),
    );
    const { items, total, next } = temp.catalog.channels.list({ limit: 3 });
    expect([items.length, total, next === null]).to.deep.equal([3, 7, false]);
  });

  for (const query of [{ cursor: 'x' }, { cursor: 'WzFd' }, { limit: 0 }, { limit: 1001 }, { limit: 1.5 }])
    it(`refuses ${JSON.stringify(query)}`, () => {
      using temp = new TempCatalog();
      expect(() => temp.catalog.channels.list(query))
        .to.throw()
        .with.property('code', 'BAD_REQUEST');
    });

  it('filters by groups and sources, and counts groups', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('a', { groups: ['News', 'UK'] }), live('b', { groups: ['Films'] })]);
    publish(temp.worker, [live('c', { groups: ['News'] })], { source: 's2' as SourceId });
    expect(names(temp.catalog, { group: 'News' })).to.deep.equal(['a', 'c']);
    expect(names(temp.catalog, { groups: ['Films', 'UK'] })).to.deep.equal(['a', 'b']);
    expect(names(temp.catalog, { sourceIds: ['s2' as SourceId] })).to.deep.equal(['c']);
    expect(names(temp.catalog, { sourceIds: [] })).to.deep.equal([]);
    expect(temp.catalog.channels.groups()).to.deep.equal([
      { name: 'Films', count: 1 },
      { name: 'News', count: 2 },
      { name: 'UK', count: 1 },
    ]);
    expect(temp.catalog.channels.groups([home]).find(({ name }) => name === 'News')?.count).to.equal(1);
  });

  it('shows overrides in place of what the provider says, and the provider again after a reset', async () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('BBC 1', { number: '5', logo: 'http://logo' })]);
    const { id } = only(temp.catalog);
    const patched = await temp.catalog.channels.patch(id, { name: 'BBC One', number: '1', groups: ['Mine'] });
    expect([patched?.name, patched?.number, patched?.logo, patched?.groups]).to.deep.equal([
      'BBC One',
      '1',
      'http://logo',
      ['Mine'],
    ]);
    expect(patched?.overrides).to.deep.equal({ name: 'BBC One', number: '1', groups: ['Mine'] });
    expect(names(temp.catalog, { group: 'Mine', q: 'one' })).to.deep.equal(['BBC One']);
    const reset = await temp.catalog.channels.patch(id, { name: null, groups: null });
    expect([reset?.name, reset?.number, reset?.groups]).to.deep.equal(['BBC 1', '1', ['News']]);
  });

  it('keeps overrides when the provider changes what is below them', async () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('BBC 1', { providerId: '1' })]);
    const { id } = only(temp.catalog);
    await temp.catalog.channels.patch(id, { name: 'Mine' });
    publish(temp.worker, [live('BBC 1 FHD', { providerId: '1', number: '9' })]);
    const { name, number, provider } = only(temp.catalog);
    expect([name, number, provider.name]).to.deep.equal(['Mine', '9', 'BBC 1 FHD']);
    expect(names(temp.catalog, { q: 'fhd' })).to.deep.equal([]);
  });

  it('leaves hidden channels out unless asked for', async () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('a'), live('b')]);
    const { id } = only(temp.catalog);
    await temp.catalog.channels.patch(id, { hidden: true });
    expect(names(temp.catalog)).to.deep.equal(['b']);
    expect(names(temp.catalog, { hidden: 'only' })).to.deep.equal(['a']);
    expect(names(temp.catalog, { hidden: 'with' })).to.deep.equal(['a', 'b']);
  });

  it('has nothing to patch for an id that is not there', async () => {
    using temp = new TempCatalog();
    const { lineup } = temp.catalog.generation;
    expect(await temp.catalog.channels.patch('c-none' as ChannelId, { name: 'x' })).to.equal(null);
    expect(temp.catalog.generation.lineup).to.equal(lineup);
  });

  it('moves the generation when what viewers see changes, and only then', async () => {
    using temp = new TempCatalog();
    const first = temp.catalog.generation.lineup;
    const generations = [0];
    const note = () => generations.push(temp.catalog.generation.lineup - first);
    publish(temp.worker, [live('a', { providerId: '1' })]);
    note();
    publish(temp.worker, [live('a', { providerId: '1' })]);
    note();
    publish(temp.worker, [
      live('a', { providerId: '1', locator: { kind: 'url', url: 'http://provider/other-token' } }),
    ]);
    note();
    await temp.catalog.channels.patch(only(temp.catalog).id, { hidden: false });
    note();
    await temp.catalog.channels.patch(only(temp.catalog).id, { hidden: false });
    note();
    publish(temp.worker, []);
    note();
    expect(generations).to.deep.equal([0, 1, 1, 1, 2, 2, 3]);
  });

  it('has generations that no catalogue before it had, as files are published under them', async () => {
    using first = new TempCatalog();
    publish(first.worker, [live('a', { providerId: '1' })]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    using second = new TempCatalog();
    expect(second.catalog.generation.lineup).to.be.greaterThan(first.catalog.generation.lineup);
    expect(second.catalog.generation.guide).to.be.greaterThan(first.catalog.generation.guide);
  });

  it('stores codec facts with the stream, through a refresh', () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('a')]);
    const facts = { container: 'mpegts', video: [], audio: [], subtitles: [], observedAt: 5, by: 'stream' } as const;
    const stream = only(temp.catalog).streams[0]?.id ?? ('' as StreamId);
    temp.catalog.channels.saveCodecs(stream, facts);
    publish(temp.worker, [live('a', { number: '4' })]);
    expect(only(temp.catalog).streams.map(({ codecs }) => codecs)).to.deep.equal([facts]);
  });

  it('hides a channel that vanished, gives it back its id and overrides, and forgets it after some days', async () => {
    using temp = new TempCatalog();
    publish(temp.worker, [live('a'), live('b')]);
    const { id } = only(temp.catalog);
    await temp.catalog.channels.patch(id, { number: '7' });
    publish(temp.worker, [live('b')], { now: 1_000 });
    expect([names(temp.catalog), temp.catalog.channels.get(id)]).to.deep.equal([['b'], null]);
    publish(temp.worker, [live('a'), live('b')], { now: 2_000 });
    expect(temp.catalog.channels.get(id)?.number).to.equal('7');
    publish(temp.worker, [live('b')], { now: 3_000 });
    publish(temp.worker, [live('b')], { now: 3_001 + goneForMs });
    expect(knownChannels(temp.worker, home).map(({ name }) => name)).to.deep.equal(['b']);
  });

  it('comes to the same ids on another machine with the same source ids, and to others for duplicates', () => {
    const items = [live('a'), live('b'), live('b'), live('b', { providerId: 'x' })];
    const seen = [0, 1].map(() => {
      using temp = new TempCatalog();
      publish(temp.worker, items);
      return temp.catalog.channels.list({}).items.map(({ id }) => id);
    });
    expect(seen[0]).to.deep.equal(seen[1]);
    expect(new Set(seen[0]).size).to.equal(4);
  });
});
