import { expect } from 'chai';
import { parseEpisodeTitle } from '../../../src/sources/m3u/title.ts';

describe('the name of an episode', () => {
  for (const [name, show, season, episode, rest] of [
    ['Dark S01E02', 'Dark', 1, 2, ''],
    ['Dark S01 E02', 'Dark', 1, 2, ''],
    ['Dark (2017) S01E02 - Lies', 'Dark (2017)', 1, 2, 'Lies'],
    ['Dark.S01.E02.Lies', 'Dark', 1, 2, 'Lies'],
    ['Dark - S10E112', 'Dark', 10, 112, ''],
    ['Dark [S01E02] Lies', 'Dark', 1, 2, 'Lies'],
    ['dark s1e2', 'dark', 1, 2, ''],
    ['Dark 1x02 Lies', 'Dark', 1, 2, 'Lies'],
    ['Dark Season 1 Episode 2', 'Dark', 1, 2, ''],
    ['S01E02 Dark', 'Dark', 1, 2, ''],
    ['DE | Dark S01E02E03', 'DE | Dark', 1, 2, ''],
  ] as const) {
    it(`is taken apart: ${name}`, () => {
      expect(parseEpisodeTitle(name)).to.deep.equal({ show, season, episode, rest });
    });
  }

  for (const name of ['Dark', 'S01E02', 'Film 1080x720', 'USE 2', '']) {
    it(`is not seen in ${JSON.stringify(name)}`, () => {
      expect(parseEpisodeTitle(name)).to.equal(undefined);
    });
  }
});
