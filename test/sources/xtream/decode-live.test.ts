import { expect } from 'chai';
import type { LiveItem } from '../../../src/model/items.ts';
import { decodeLive } from '../../../src/sources/xtream/decode-live.ts';

const categories = new Map([
  ['12', 'UK'],
  ['13', 'Sports'],
]);

function live(entry: object, askedBy?: string): LiveItem {
  const decoded = decodeLive({ stream_id: 7, name: 'One', ...entry }, categories, askedBy);
  if (!('item' in decoded)) throw new Error(decoded.reason);
  return decoded.item;
}

describe('an entry of get_live_streams', () => {
  it('is read whole', () => {
    const entry = {
      num: 5,
      name: 'BBC One &amp; HD',
      stream_type: 'live',
      stream_id: 7,
      stream_icon: 'http://logo.example/7.png',
      epg_channel_id: 'bbc1.uk',
      added: '1700000000',
      is_adult: '0',
      category_id: '12',
      category_ids: [12, 13],
      custom_sid: ':0:1:',
      tv_archive: 1,
      direct_source: 'http://direct.example/7',
      tv_archive_duration: '7',
    };
    expect(decodeLive(entry, categories)).to.deep.equal({
      item: {
        providerId: '7',
        name: 'BBC One & HD',
        number: '5',
        logo: 'http://logo.example/7.png',
        groups: ['UK', 'Sports'],
        guideId: 'bbc1.uk',
        adult: false,
        catchup: { type: 'xc', days: 7 },
        addedUnix: 1_700_000_000,
        locator: { kind: 'xtream', type: 'live', id: '7', ext: 'ts', direct: 'http://direct.example/7' },
        extra: { custom_sid: ':0:1:' },
      },
    });
  });

  for (const [quirk, entry, key, expected] of [
    ['a null name', { name: null }, 'name', 'Stream 7'],
    ['an empty name', { name: ' ' }, 'name', 'Stream 7'],
    ['a stream_id as text', { stream_id: '007' }, 'providerId', '007'],
    ['a stream_id wider than 32 bits', { stream_id: 9_007_199_254_740_991 }, 'providerId', '9007199254740991'],
    ['num 0', { num: 0 }, 'number', undefined],
    ['num ""', { num: '' }, 'number', undefined],
    ['num "2.1"', { num: '2.1' }, 'number', '2.1'],
    ['num null', { num: null }, 'number', undefined],
    ['epg_channel_id null', { epg_channel_id: null }, 'guideId', undefined],
    ['epg_channel_id ""', { epg_channel_id: '' }, 'guideId', undefined],
    ['category_id null with category_ids', { category_id: null, category_ids: ['13'] }, 'groups', ['Sports']],
    ['category_ids as CSV', { category_ids: '12,13' }, 'groups', ['UK', 'Sports']],
    ['category_ids as number', { category_ids: 12 }, 'groups', ['UK']],
    ['category_id as number', { category_id: 13 }, 'groups', ['Sports']],
    ['category_ids null', { category_id: '12', category_ids: null }, 'groups', ['UK']],
    ['an unknown category', { category_id: '99' }, 'groups', []],
    ['an unknown category that names itself', { category_id: '99', category_name: 'DE' }, 'groups', ['DE']],
    ['the same category twice', { category_id: 12, category_ids: ['12', 12] }, 'groups', ['UK']],
    ['added in d/m/Y', { added: '22/05/2024 10:00:00' }, 'addedUnix', 1_716_372_000],
    ['added ""', { added: '' }, 'addedUnix', undefined],
    [
      'tv_archive true without days',
      { tv_archive: true, tv_archive_duration: null },
      'catchup',
      { type: 'xc', days: 0 },
    ],
    ['tv_archive "0"', { tv_archive: '0', tv_archive_duration: 7 }, 'catchup', undefined],
    ['is_adult "1"', { is_adult: '1' }, 'adult', true],
    ['is_adult true', { is_adult: true }, 'adult', true],
    ['a radio', { stream_type: 'radio_streams' }, 'radio', true],
    ['a created_live', { stream_type: 'created_live' }, 'radio', undefined],
    ['a logo that is "N/A"', { stream_icon: 'N/A' }, 'logo', undefined],
    ['an object for a logo', { stream_icon: {} }, 'logo', undefined],
    ['emoji and tag glyphs', { name: '┃UK┃ ★ One 🏆' }, 'name', '┃UK┃ ★ One 🏆'],
  ] as const) {
    it(`is read with ${quirk}`, () => {
      expect((live(entry) as unknown as Record<string, unknown>)[key]).to.deep.equal(expected);
    });
  }

  it('is also in the category it was asked by', () => {
    expect(live({ category_id: '12' }, '13').groups).to.deep.equal(['UK', 'Sports']);
  });

  for (const [entry, reason] of [
    [null, 'null'],
    [[], 'a list'],
    ['x', 'a string'],
    [{ name: 'One' }, 'no stream_id'],
    [{ stream_id: '' }, 'no stream_id'],
    [{ stream_id: 'N/A' }, 'no stream_id'],
  ] as const) {
    it(`is refused in words when it is ${JSON.stringify(entry)}`, () => {
      const decoded = decodeLive(entry, categories);
      expect('reason' in decoded && decoded.reason).to.contain(reason);
    });
  }
});
