import { expect } from 'chai';
import type { Database } from '../../src/catalog/database.ts';
import { publishEpisodes } from '../../src/catalog/episode-import.ts';
import { knownTitles, TitleImport } from '../../src/catalog/title-import.ts';
import type { EpisodeId, MovieId, SeriesId, SourceId } from '../../src/model/ids.ts';
import type { EpisodeItem, MovieItem, SeriesItem } from '../../src/model/items.ts';
import { home, movie, series } from './items.ts';
import { TempCatalog } from './temp-catalog.ts';

function publish(
  database: Database,
  kind: 'movie' | 'series',
  items: readonly (MovieItem | SeriesItem)[],
  source = home,
): void {
  const ids = new Map(knownTitles(database, source, kind).map(({ key, id }) => [key, id]));
  database.write(() => {
    const target = new TitleImport(database, source, kind);
    for (const item of items) target.put(ids.get(item.providerId) ?? null, item);
    target.finish(1);
  });
}

function episode(season: number, number: number): EpisodeItem {
  return {
    providerId: `${season}-${number}`,
    season,
    episode: number,
    title: `Part ${number}`,
    ext: 'mkv',
    locator: { kind: 'xtream', type: 'series', id: '1', ext: 'mkv' },
  };
}

describe('the library', () => {
  it('knows the same film at other sources, by number or by name, year and length', () => {
    using temp = new TempCatalog();
    const marks = { year: 2015, durationSec: 6_000 };
    publish(temp.worker, 'movie', [
      movie('The Film', marks),
      movie('Numbered', { tmdbId: '42' }),
      movie('The Film (2015)', { providerId: 'again', ...marks }),
    ]);
    const other = 's2' as SourceId;
    const there = [
      movie('The Film (2015) [HD]', marks),
      movie('The Filmmakers', marks),
      movie('The Film', { providerId: 'remake', ...marks, year: 2020 }),
      movie('Mit Nummer', { tmdbId: '42' }),
    ];
    publish(temp.worker, 'movie', there, other);
    const akin = (title: string): string[] => {
      const found = temp.catalog.movies.list({ sourceIds: [home] }).items.find((one) => one.title === title);
      return found === undefined ? [] : temp.catalog.movies.akin(found).map((one) => one.title);
    };
    expect(akin('The Film')).to.deep.equal(['The Film (2015) [HD]']);
    expect(akin('Numbered')).to.deep.equal(['Mit Nummer']);
  });

  it('lists movies by title, in pages, apart from series', () => {
    using temp = new TempCatalog();
    publish(
      temp.worker,
      'movie',
      ['Zulu', 'Alien', 'Élan'].map((title) => movie(title)),
    );
    publish(temp.worker, 'series', [series('Andor')]);
    const first = temp.catalog.movies.list({ limit: 2 });
    const second = temp.catalog.movies.list({ limit: 2, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map(({ title }) => title)).to.deep.equal(['Alien', 'Élan', 'Zulu']);
    expect([first.total, second.next]).to.deep.equal([3, null]);
    expect(temp.catalog.movies.list({ q: 'elan' }).total).to.equal(1);
    expect(temp.catalog.series.list({}).items.map(({ title }) => title)).to.deep.equal(['Andor']);
    expect(temp.catalog.movies.groups()).to.deep.equal([{ name: 'Drama', count: 3 }]);
  });

  it('adds what is learned of a file to what is known, through a refresh', () => {
    using temp = new TempCatalog();
    publish(temp.worker, 'movie', [movie('Alien')]);
    const id = temp.catalog.movies.list({}).items[0]?.id ?? ('' as MovieId);
    temp.catalog.movies.saveFile(id, { sizeBytes: 12 });
    publish(temp.worker, 'movie', [movie('Alien', { plot: 'A cat on a ship' })]);
    temp.catalog.movies.saveFile(id, { contentType: 'video/x-matroska' });
    const known = temp.catalog.movies.get(id);
    expect([known?.file, known?.plot]).to.deep.equal([
      { sizeBytes: 12, contentType: 'video/x-matroska' },
      'A cat on a ship',
    ]);
  });

  it('lists episodes by season and number, in pages', () => {
    using temp = new TempCatalog();
    publish(temp.worker, 'series', [series('Andor')]);
    const id = temp.catalog.series.list({}).items[0]?.id ?? ('' as SeriesId);
    const items = [episode(2, 1), episode(1, 10), episode(1, 9)];
    temp.worker.write(() =>
      publishEpisodes(temp.worker, { id, sourceId: home, modifiedUnix: 1 }, items, [null, null, null], 5),
    );
    const first = temp.catalog.series.episodes(id, { limit: 2 });
    const rest = temp.catalog.series.episodes(id, { limit: 2, cursor: first.next ?? '' });
    const all = [...first.items, ...rest.items];
    expect(all.map((one) => `${one.season}x${one.episode}`)).to.deep.equal(['1x9', '1x10', '2x1']);
    const episodeId = all[0]?.id ?? ('' as EpisodeId);
    temp.catalog.series.saveFile(episodeId, { sizeBytes: 3 });
    expect(temp.catalog.series.episode(episodeId)?.file).to.deep.equal({ sizeBytes: 3 });
  });

  it('needs episodes that were never read, or whose series has moved', () => {
    using temp = new TempCatalog();
    publish(temp.worker, 'series', [series('Andor', { modifiedUnix: 10 })]);
    const read = () => temp.catalog.series.list({}).items[0];
    const needs = (): boolean => {
      const known = read();
      return known !== undefined && temp.catalog.series.needsEpisodes(known, 1_000);
    };
    const before = needs();
    const id = read()?.id ?? ('' as SeriesId);
    temp.worker.write(() =>
      publishEpisodes(temp.worker, { id, sourceId: home, modifiedUnix: 10 }, [episode(1, 1)], [null], 5),
    );
    const after = needs();
    publish(temp.worker, 'series', [series('Andor', { modifiedUnix: 11 })]);
    expect([before, after, needs()]).to.deep.equal([true, false, true]);
    expect(temp.catalog.series.episodes(id, {}).total).to.equal(1);
  });
});
