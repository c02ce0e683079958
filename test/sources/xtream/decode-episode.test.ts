import { expect } from 'chai';
import { decodeEpisodes } from '../../../src/sources/xtream/decode-episode.ts';

const numbers = (answer: unknown) => decodeEpisodes(answer).items.map((e) => [e.providerId, e.season, e.episode]);

describe('the answer to get_series_info', () => {
  it('gives episodes whole', () => {
    const answer = {
      seasons: [],
      info: [],
      episodes: {
        '1': [
          {
            id: '123',
            episode_num: '2',
            title: 'Show - S01E02 - Two &amp; More',
            container_extension: 'mkv',
            info: {
              movie_image: 'http://i.example/e.jpg',
              plot: 'It goes on',
              releasedate: '2020-01-02',
              rating: '7',
              duration_secs: 3000,
              video: [],
            },
            added: '1700000000',
            season: 1,
            direct_source: '',
          },
        ],
      },
    };
    expect(decodeEpisodes(answer)).to.deep.equal({
      items: [
        {
          providerId: '123',
          season: 1,
          episode: 2,
          title: 'Show - S01E02 - Two & More',
          ext: 'mkv',
          plot: 'It goes on',
          poster: 'http://i.example/e.jpg',
          airDate: '2020-01-02',
          rating: 7,
          durationSec: 3000,
          addedUnix: 1_700_000_000,
          locator: { kind: 'xtream', type: 'series', id: '123', ext: 'mkv' },
        },
      ],
      rejects: [],
    });
  });

  for (const [shape, answer, expected] of [
    ['a whole answer that is []', [], []],
    ['null', null, []],
    ['no episodes', { episodes: [] }, []],
    [
      'episodes by season',
      { episodes: { '1': [{ id: 1, episode_num: 1 }], '2': [{ id: 2, episode_num: 1 }] } },
      [
        ['1', 1, 1],
        ['2', 2, 1],
      ],
    ],
    ['season 0, the specials', { episodes: { '0': [{ id: 1, episode_num: 1, season: 0 }] } }, [['1', 0, 1]]],
    ['a single episode for a list', { episodes: { '1': { id: 1, episode_num: 3 } } }, [['1', 1, 3]]],
    [
      'a list as object',
      { episodes: { '1': { '0': { id: 1, episode_num: 1 }, '1': { id: 2, episode_num: 2 } } } },
      [
        ['1', 1, 1],
        ['2', 1, 2],
      ],
    ],
    [
      'a list of lists, season in the episode',
      { episodes: [[{ id: 1, season: 4, episode_num: 1 }], [{ id: 2, season: 5, episode_num: 1 }]] },
      [
        ['1', 4, 1],
        ['2', 5, 1],
      ],
    ],
    [
      'a list of lists, index is the season',
      { episodes: [[{ id: 1, episode_num: 1 }], [{ id: 2, episode_num: 1 }]] },
      [
        ['1', 0, 1],
        ['2', 1, 1],
      ],
    ],
    [
      'a list of lists with seasons',
      {
        seasons: [{ season_number: 1 }, { season_number: '2' }],
        episodes: [[{ id: 1, episode_num: 1 }], [{ id: 2, episode_num: 1 }]],
      },
      [
        ['1', 1, 1],
        ['2', 2, 1],
      ],
    ],
    [
      'seasons as one object',
      { seasons: { season_number: 3 }, episodes: [[{ id: 1, episode_num: 1 }]] },
      [['1', 3, 1]],
    ],
    ['seasons null', { seasons: null, episodes: { '1': [{ id: 1 }] } }, [['1', 1, 1]]],
    [
      'a flat list',
      { episodes: [{ id: 1, season: 2, episode_num: 5 }, { id: 2 }] },
      [
        ['1', 2, 5],
        ['2', 1, 2],
      ],
    ],
    ['no episode_num but a telling title', { episodes: { x: [{ id: 1, title: 'Show S03E07' }] } }, [['1', 3, 7]]],
    [
      'the same episode twice',
      {
        episodes: {
          '1': [
            { id: 1, episode_num: 1 },
            { id: '1', episode_num: 1 },
          ],
        },
      },
      [['1', 1, 1]],
    ],
  ] as const) {
    it(`is read as ${shape}`, () => {
      expect(numbers(answer)).to.deep.equal(expected);
    });
  }

  it('takes info: [], added "" and a null extension', () => {
    const { items } = decodeEpisodes({
      episodes: { 1: [{ id: 5, info: [], added: '', container_extension: null, title: null }] },
    });
    expect(items).to.deep.equal([
      {
        providerId: '5',
        season: 1,
        episode: 1,
        title: 'Episode 1',
        ext: 'mp4',
        locator: { kind: 'xtream', type: 'series', id: '5', ext: 'mp4' },
      },
    ]);
  });

  it('loses one bad episode only', () => {
    const { items, rejects } = decodeEpisodes({
      episodes: { '1': [{ title: 'no id' }, null, { id: 3, episode_num: 3 }] },
    });
    expect(items.map(({ providerId }) => providerId)).to.deep.equal(['3']);
    expect(rejects).to.deep.equal([
      { what: 'episode', at: 1, reason: 'has no id' },
      { what: 'episode', at: 2, reason: 'is null where an object belongs' },
    ]);
  });
});
