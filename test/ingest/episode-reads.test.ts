import { expect } from 'chai';
import { TitleImport } from '../../src/catalog/title-import.ts';
import { CoaxError } from '../../src/errors.ts';
import { EpisodeReads } from '../../src/ingest/episode-reads.ts';
import { silentLog } from '../../src/log/log.ts';
import type { SeriesId } from '../../src/model/ids.ts';
import type { EpisodeItem } from '../../src/model/items.ts';
import type { SourceReader } from '../../src/sources/contract.ts';
import { home, series } from '../catalog/items.ts';
import { TempCatalog } from '../catalog/temp-catalog.ts';
import { fakeReader } from './fake-reader.ts';

const never = new AbortController().signal;

function episode(providerId: string, number: number): EpisodeItem {
  return {
    providerId,
    season: 1,
    episode: number,
    title: `Part ${number}`,
    ext: 'mkv',
    locator: { kind: 'xtream', type: 'series', id: providerId, ext: 'mkv' },
  };
}

function setUp(temp: TempCatalog, episodes: SourceReader['episodes'], modifiedUnix = 1) {
  temp.worker.write(() => {
    const target = new TitleImport(temp.worker, home, 'series');
    target.put(null, series('Andor', { modifiedUnix }));
    target.finish(1);
  });
  const reads = new EpisodeReads({
    catalog: temp.catalog,
    readerOf: () => fakeReader({ episodes }),
    log: silentLog,
  });
  const id = temp.catalog.series.list({}).items[0]?.id ?? ('' as SeriesId);
  return { reads, id };
}

function touch(temp: TempCatalog, id: string, modifiedUnix: number): void {
  temp.worker.write(() => {
    const target = new TitleImport(temp.worker, home, 'series');
    target.put(id, series('Andor', { modifiedUnix }));
    target.finish(1);
  });
}

describe('EpisodeReads', () => {
  it('reads once for all who ask, and again only when the series has moved', async () => {
    using temp = new TempCatalog();
    let asked = 0;
    const { reads, id } = setUp(temp, () => {
      asked++;
      return Promise.resolve({ items: [episode('10', 1), episode('11', 2)], rejects: [] });
    });
    await Promise.all([reads.ensure(id, never), reads.ensure(id, never)]);
    await reads.ensure(id, never);
    expect([asked, temp.catalog.series.episodes(id, {}).total]).to.deep.equal([1, 2]);
    touch(temp, id, 2);
    await reads.ensure(id, never);
    expect(asked).to.equal(2);
  });

  it('keeps the ids of episodes that are renumbered', async () => {
    using temp = new TempCatalog();
    let items = [episode('10', 1), episode('11', 2)];
    const { reads, id } = setUp(temp, () => Promise.resolve({ items, rejects: [] }));
    await reads.ensure(id, never);
    const ids = () => temp.catalog.series.episodes(id, {}).items.map((one) => one.id);
    const before = ids();
    items = [episode('11', 1), episode('12', 2), episode('13', 3)];
    touch(temp, id, 2);
    await reads.ensure(id, never);
    expect(ids().slice(0, 2)).to.deep.equal(before);
  });

  it('makes do with the episodes it has when the provider fails or sends none', async () => {
    using temp = new TempCatalog();
    let answer = () => Promise.resolve({ items: [episode('10', 1)], rejects: [] });
    const { reads, id } = setUp(temp, () => answer());
    await reads.ensure(id, never);
    touch(temp, id, 2);
    answer = () => Promise.reject(new CoaxError('SOURCE_BUSY'));
    await reads.ensure(id, never);
    answer = () => Promise.resolve({ items: [], rejects: [] });
    await reads.ensure(id, never);
    expect(temp.catalog.series.episodes(id, {}).total).to.equal(1);
  });

  it('says why there are none', async () => {
    using temp = new TempCatalog();
    const { reads, id } = setUp(temp, () => Promise.reject(new CoaxError('SOURCE_BUSY')));
    const codeOf = (error: CoaxError) => error.code;
    expect(await reads.ensure(id, never).catch(codeOf)).to.equal('SOURCE_BUSY');
    expect(await reads.ensure('s-none' as SeriesId, never).catch(codeOf)).to.equal('NOT_FOUND');
  });

  it('stops asking the provider when the last caller has left', async () => {
    using temp = new TempCatalog();
    let asked: AbortSignal = never;
    const { reads, id } = setUp(temp, (_, signal) => {
      asked = signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    const callers = [new AbortController(), new AbortController()] as const;
    const results = callers.map(({ signal }) => reads.ensure(id, signal).catch((error: CoaxError) => error.code));
    callers[0].abort();
    const half = asked.aborted;
    callers[1].abort();
    expect([half, asked.aborted, await Promise.all(results)]).to.deep.equal([false, true, ['CANCELLED', 'CANCELLED']]);
  });
});
