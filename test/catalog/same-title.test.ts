import { expect } from 'chai';
import { isSameMovie, plainTitle, type TitleMarks } from '../../src/catalog/same-title.ts';

const film: TitleMarks = { title: 'The Film', year: 2015, tmdbId: null, durationSec: 6_000, ext: 'mkv' };

describe('the same film at two sources', () => {
  for (const [title, plain] of [
    ['The Film', 'The Film'],
    ['The Film (2015)', 'The Film'],
    ['The Film [4K] (2015)', 'The Film'],
    ['The Film - 2015', 'The Film'],
    ['The Film | FHD', 'The Film'],
    ['Spider-Man - Home', 'Spider-Man - Home'],
    ['(500)', '(500)'],
  ] as const) {
    it(`has a plain title: ${title}`, () => {
      expect(plainTitle(title)).to.equal(plain);
    });
  }

  for (const [why, other, same] of [
    ['name, year and length agree', { title: 'THE FILM (2015)', durationSec: 6_040 }, true],
    ['another year', { year: 2016 }, false],
    ['no year', { year: null }, false],
    ['no length', { durationSec: null }, false],
    ['another cut', { durationSec: 6_400 }, false],
    ['another name', { title: 'The Films' }, false],
    ['another container', { ext: 'mp4' }, false],
  ] as const) {
    it(`is told by name, year and length: ${why}`, () => {
      expect(isSameMovie(film, { ...film, ...other })).to.equal(same);
      expect(isSameMovie({ ...film, ...other }, film)).to.equal(same);
    });
  }

  it('is told by two numbers of TMDB, whatever the name, unless the lengths say otherwise', () => {
    const known = { ...film, tmdbId: '42' };
    expect(isSameMovie(known, { ...known, title: 'Der Film', year: null, durationSec: null })).to.equal(true);
    expect(isSameMovie(known, { ...known, tmdbId: '43' })).to.equal(false);
    expect(isSameMovie(known, { ...known, durationSec: 9_000 })).to.equal(false);
  });
});
