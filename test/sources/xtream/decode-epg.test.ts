import { expect } from 'chai';
import type { GuideId } from '../../../src/model/ids.ts';
import { decodeListings } from '../../../src/sources/xtream/decode-epg.ts';

const id = 'one.uk' as GuideId;
const packed = (text: string): string => Buffer.from(text).toString('base64');
const stamps = { start_timestamp: '1766061000', stop_timestamp: 1_766_064_600 };
const listing = (entry: object) => ({ epg_listings: [{ title: packed('News'), ...stamps, ...entry }] });

describe('a listing of get_simple_data_table', () => {
  it('is read whole', () => {
    const answer = listing({ description: packed('What happened'), lang: 'en', start: 'wrong', end: 'wrong' });
    expect(decodeListings(answer, id).items).to.deep.equal([
      {
        guideId: id,
        startUnix: 1_766_061_000,
        stopUnix: 1_766_064_600,
        title: 'News',
        description: 'What happened',
        language: 'en',
      },
    ]);
  });

  for (const [quirk, entry, expected] of [
    ['a plain title', { title: 'Evening News' }, { title: 'Evening News' }],
    ['an empty description', { description: '' }, { title: 'News' }],
    [
      'texts in the panel zone',
      { start_timestamp: null, stop_timestamp: '', start: '2025-12-18 12:30:00', end: '2025-12-18 13:30:00' },
      { startUnix: 1_766_057_400, stopUnix: 1_766_061_000 },
    ],
    [
      'compact times',
      { start_timestamp: undefined, stop_timestamp: undefined, start: '20251218123000', stop: '20251218133000' },
      { startUnix: 1_766_057_400, stopUnix: 1_766_061_000 },
    ],
  ] as const) {
    it(`is read with ${quirk}`, () => {
      expect(decodeListings(listing(entry), id, 'Europe/Berlin').items[0]).to.include(expected);
    });
  }

  for (const [entry, reason] of [
    [{ stop_timestamp: 1_766_061_000 }, 'ends before it starts'],
    [{ stop_timestamp: 1 }, 'no end'],
    [{ start_timestamp: 'N/A' }, 'no start'],
    [{ start_timestamp: '4102444800' }, 'no start'],
    [{ title: '' }, 'no title'],
  ] as const) {
    it(`is refused when ${JSON.stringify(entry)}: ${reason}`, () => {
      const { items, rejects } = decodeListings(listing(entry), id);
      expect(items).to.deep.equal([]);
      expect(rejects[0]?.reason).to.contain(reason);
    });
  }

  it('is nothing where the answer is [] or something else', () => {
    for (const answer of [[], null, false, '', {}, { epg_listings: null }, { epg_listings: 'x' }])
      expect(decodeListings(answer, id).items).to.deep.equal([]);
  });

  it('comes once for a moment, in order', () => {
    const at = (start: number) => ({ title: 'X', start_timestamp: start, stop_timestamp: start + 600 });
    const answer = { epg_listings: [at(1_766_061_600), at(1_766_061_000), at(1_766_061_000)] };
    expect(decodeListings(answer, id).items.map(({ startUnix }) => startUnix)).to.deep.equal([
      1_766_061_000, 1_766_061_600,
    ]);
  });
});
