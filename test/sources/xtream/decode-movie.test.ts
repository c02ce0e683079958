import { expect } from 'chai';
import { decodeMovie } from '../../../src/sources/xtream/decode-movie.ts';
import { decodeSeries } from '../../../src/sources/xtream/decode-series.ts';

const categories = new Map([['1', 'Drama']]);

describe('an entry of get_vod_streams', () => {
  it('is read whole', () => {
    const entry = {
      num: 1,
      name: 'Heat (1995)',
      stream_type: 'movie',
      stream_id: '44',
      stream_icon: 'http://i.example/44.jpg',
      rating: '8.3',
      rating_5based: 4.1,
      added: '1700000000',
      category_id: '1',
      container_extension: 'mkv',
      direct_source: '',
      tmdb: '949',
      plot: 'A thief &amp; a cop',
      backdrop_path: ['http://i.example/b.jpg'],
      duration: '02:50:00',
      is_adult: 0,
    };
    expect(decodeMovie(entry, categories)).to.deep.equal({
      item: {
        providerId: '44',
        title: 'Heat (1995)',
        ext: 'mkv',
        groups: ['Drama'],
        poster: 'http://i.example/44.jpg',
        backdrop: 'http://i.example/b.jpg',
        plot: 'A thief & a cop',
        year: 1995,
        rating: 8.3,
        durationSec: 10_200,
        tmdbId: '949',
        adult: false,
        addedUnix: 1_700_000_000,
        locator: { kind: 'xtream', type: 'movie', id: '44', ext: 'mkv' },
      },
    });
  });

  for (const [quirk, entry, key, expected] of [
    ['container_extension null', { container_extension: null }, 'ext', 'mp4'],
    ['rating null with rating_5based', { rating: null, rating_5based: '3.5' }, 'rating', 7],
    ['rating ""', { rating: '' }, 'rating', undefined],
    ['backdrop_path as text', { backdrop_path: 'http://i.example/b.jpg' }, 'backdrop', 'http://i.example/b.jpg'],
    ['backdrop_path null', { backdrop_path: null }, 'backdrop', undefined],
    ['tmdb_id as number', { tmdb_id: 949 }, 'tmdbId', '949'],
    ['tmdb_id 0', { tmdb_id: 0, tmdb: '0' }, 'tmdbId', undefined],
    ['releasedate as an object', { releasedate: {} }, 'year', undefined],
    ['release_date', { release_date: '2001-02-03' }, 'year', 2001],
    ['a null name', { name: null }, 'title', 'Stream 44'],
  ] as const) {
    it(`is read with ${quirk}`, () => {
      const decoded = decodeMovie({ stream_id: 44, name: 'X', ...entry }, categories);
      expect('item' in decoded && (decoded.item as unknown as Record<string, unknown>)[key]).to.deep.equal(expected);
    });
  }
});

describe('an entry of get_series', () => {
  for (const [quirk, entry, key, expected] of [
    ['a series_id as number', { series_id: 9 }, 'providerId', '9'],
    ['last_modified as text', { last_modified: '1700000000' }, 'modifiedUnix', 1_700_000_000],
    ['last_modified ""', { last_modified: '' }, 'modifiedUnix', undefined],
    ['releaseDate', { releaseDate: '2011-04-17' }, 'year', 2011],
    ['backdrop_path as list', { backdrop_path: ['http://i.example/b.jpg'] }, 'backdrop', 'http://i.example/b.jpg'],
    ['a cover', { cover: 'http://i.example/c.jpg' }, 'poster', 'http://i.example/c.jpg'],
    ['rating as number', { rating: 9.2 }, 'rating', 9.2],
    ['tmdb', { tmdb: '1399' }, 'tmdbId', '1399'],
    ['a category', { category_id: 1 }, 'groups', ['Drama']],
    ['no name', { name: null }, 'title', 'Series 9'],
  ] as const) {
    it(`is read with ${quirk}`, () => {
      const decoded = decodeSeries({ series_id: '9', name: 'X', ...entry }, categories);
      expect('item' in decoded && (decoded.item as unknown as Record<string, unknown>)[key]).to.deep.equal(expected);
    });
  }

  it('is refused without an id', () => {
    expect(decodeSeries({ name: 'X' }, categories)).to.deep.equal({ reason: 'has no series_id' });
  });
});
