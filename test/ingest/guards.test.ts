import { expect } from 'chai';
import { judge, type PartFacts } from '../../src/ingest/guards.ts';

const facts: PartFacts = {
  part: 'live',
  state: 'complete',
  before: 100,
  after: 100,
  heldCount: null,
  collapseShare: 0.5,
};

describe('judge', () => {
  for (const [what, change, expected] of [
    ['a complete list', {}, 'publish'],
    ['a list that grew', { after: 900 }, 'publish'],
    ['a list that lost as much as is allowed', { after: 50 }, 'publish'],
    ['a list that lost more', { after: 49 }, 'SOURCE_SHRUNK'],
    ['a short list that was held back before', { after: 49, heldCount: 49 }, 'publish'],
    ['another short list than the one held back', { after: 20, heldCount: 49 }, 'SOURCE_SHRUNK'],
    ['a short list of a handful', { before: 10, after: 1 }, 'publish'],
    ['an empty list', { after: 0 }, 'SOURCE_EMPTY'],
    ['an empty list that comes again', { after: 0, heldCount: 0 }, 'SOURCE_EMPTY'],
    ['no channels from the start', { before: 0, after: 0 }, 'SOURCE_EMPTY'],
    ['no movies from the start', { part: 'movies', before: 0, after: 0 }, 'publish'],
    ['no movies where there were some', { part: 'movies', after: 0 }, 'SOURCE_EMPTY'],
    ['a part the provider does not have', { state: 'absent', after: 0 }, 'skip'],
    ['a failed part', { state: 'failed', after: 40 }, 'SOURCE_UNREACHABLE'],
    [
      'a failed part that says why',
      { state: 'failed', problem: { code: 'SOURCE_NOT_A_LIST', message: 'HTML' } },
      'SOURCE_NOT_A_LIST',
    ],
    ['any share when the guard is off', { collapseShare: 1, after: 1 }, 'publish'],
  ] as const satisfies readonly (readonly [string, Partial<PartFacts>, string])[])
    it(`answers ${expected} to ${what}`, () => {
      const verdict = judge({ ...facts, ...change });
      expect(verdict.kind === 'keep' ? verdict.code : verdict.kind).to.equal(expected);
    });

  it('remembers the length of a list it holds back', () => {
    expect(judge({ ...facts, after: 3 })).to.deep.include({ hold: { count: 3 } });
  });

  it('still remembers it when the next fetch fails', () => {
    expect(judge({ ...facts, state: 'failed', heldCount: 3 })).to.deep.include({ hold: { count: 3 } });
  });
});
