import { expect } from 'chai';
import { starsOf } from '../../src/guide/star-rating.ts';

describe('starsOf', () => {
  const cases: readonly (readonly [string | undefined, number | null])[] = [
    ['7.5/10', 7.5],
    ['3/4 stars', 7.5],
    ['3/4', 7.5],
    ['4 / 5', 8],
    ['7,5/10', 7.5],
    ['2 out of 4', 5],
    ['85%', 8.5],
    ['85/100', 8.5],
    ['6.9', 6.9],
    ['10/10', 10],
    ['1/3', 3.3],
    ['0/10', null],
    ['11/10', null],
    ['5/0', null],
    ['', null],
    ['good', null],
    [undefined, null],
  ];
  for (const [written, stars] of cases)
    it(`reads ${written === undefined ? 'nothing' : `"${written}"`} as ${stars}`, () => {
      expect(starsOf(written)).to.equal(stars);
    });
});
