import { expect } from 'chai';
import fc from 'fast-check';
import type { GuideId } from '../../../src/model/ids.ts';
import { decodeListings } from '../../../src/sources/xtream/decode-epg.ts';
import { decodeEpisodes } from '../../../src/sources/xtream/decode-episode.ts';
import { decodeLive } from '../../../src/sources/xtream/decode-live.ts';
import { decodeMovie } from '../../../src/sources/xtream/decode-movie.ts';
import { decodeSeries } from '../../../src/sources/xtream/decode-series.ts';
import { decodeCategories } from '../../../src/sources/xtream/decoded.ts';

/** A value as panels send it for any field. */
const quirk = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      null,
      '',
      '0',
      0,
      1,
      '1',
      true,
      false,
      'N/A',
      'null',
      [],
      {},
      [[]],
      '12,13',
      -1,
      1e21,
      '1e3',
    ),
  },
  { weight: 2, arbitrary: fc.integer().map(String) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '22/05/2024 10:00:00',
      '2025-12-18 12:30:00',
      '20251218123000',
      'http://h/x.png',
      '//h/x',
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);
const entryOf = (...keys: readonly string[]) => fc.oneof(fc.dictionary(fc.constantFrom(...keys), quirk), quirk);

const entry = entryOf(
  'stream_id',
  'series_id',
  'name',
  'num',
  'stream_type',
  'stream_icon',
  'epg_channel_id',
  'added',
  'is_adult',
  'category_id',
  'category_ids',
  'custom_sid',
  'tv_archive',
  'direct_source',
  'tv_archive_duration',
  'rating',
  'rating_5based',
  'container_extension',
  'tmdb',
  'tmdb_id',
  'year',
  'plot',
  'backdrop_path',
  'cover',
  'releaseDate',
  'release_date',
  'last_modified',
  'duration',
  'duration_secs',
  '__proto__',
  'constructor',
); // prettier-ignore
const episode = entryOf(
  'id',
  'episode_num',
  'season',
  'title',
  'container_extension',
  'info',
  'added',
  'direct_source',
);
const episodes = fc.oneof(
  fc.dictionary(
    fc.oneof(fc.integer({ min: -1, max: 99 }).map(String), fc.string()),
    fc.oneof(fc.array(episode), episode),
  ),
  fc.array(fc.oneof(fc.array(episode), episode)),
  quirk,
);
const info = fc.record({
  episodes,
  seasons: fc.oneof(fc.array(entryOf('season_number')), entryOf('season_number')),
  info: quirk,
});
const listing = entryOf('title', 'description', 'start', 'end', 'stop', 'start_timestamp', 'stop_timestamp', 'lang');

const types: Readonly<Record<string, string>> = {
  providerId: 'string',
  name: 'string',
  title: 'string',
  number: 'string',
  logo: 'string',
  groups: 'array',
  guideId: 'string',
  adult: 'boolean',
  radio: 'boolean',
  catchup: 'object',
  addedUnix: 'number',
  locator: 'object',
  extra: 'object',
  ext: 'string',
  poster: 'string',
  backdrop: 'string',
  plot: 'string',
  year: 'number',
  rating: 'number',
  durationSec: 'number',
  tmdbId: 'string',
  modifiedUnix: 'number',
  season: 'number',
  episode: 'number',
  airDate: 'string',
  startUnix: 'number',
  stopUnix: 'number',
  description: 'string',
  language: 'string',
}; // prettier-ignore

function check(item: object): void {
  for (const [key, value] of Object.entries(item)) {
    expect(types, key).to.have.property(key);
    expect(value, key).to.be.a(types[key] ?? 'nothing');
    if (typeof value === 'number') expect(Number.isFinite(value), key).to.equal(true);
    if (typeof value === 'string') expect(value, key).not.to.equal('');
  }
}

describe('the decoders of a panel', () => {
  it('take any entry: an item of the right types or words, and never throw', () => {
    const categories = new Map([
      ['12', 'A'],
      ['1', 'B'],
    ]);
    fc.assert(
      fc.property(entry, fc.option(fc.constantFrom('12', 'x'), { nil: undefined }), (value, askedBy) => {
        for (const decode of [decodeLive, decodeMovie, decodeSeries]) {
          const decoded = decode(value, categories, askedBy);
          if ('item' in decoded) check(decoded.item);
          else expect(decoded.reason).to.match(/^(is|has) /);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('take any series, any listings and any categories', () => {
    fc.assert(
      fc.property(fc.oneof(info, quirk), (answer) => {
        const { items, rejects } = decodeEpisodes(answer);
        for (const item of items) check(item);
        for (const { reason } of rejects) expect(reason).to.match(/^(is|has) /);
        expect(new Set(items.map(({ providerId }) => providerId)).size).to.equal(items.length);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.array(listing), fc.string(), (epg_listings, zone) => {
        const { items } = decodeListings({ epg_listings }, 'g' as GuideId, zone);
        for (const { guideId: _, ...item } of items) {
          check(item);
          expect(item.stopUnix).to.be.greaterThan(item.startUnix);
        }
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(entryOf('category_id', 'category_name')), quirk), (answer) => {
        for (const [id, name] of decodeCategories(answer)) expect([id, name]).not.to.include('');
      }),
    );
  });
});
