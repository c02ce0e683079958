import { expect } from 'chai';
import fc from 'fast-check';
import { mergeProgrammes, shiftProgrammes } from '../../src/guide/merge.ts';
import type { Programme } from '../../src/model/programme.ts';
import { programme } from '../catalog/items.ts';

type Span = readonly [start: number, stop: number, title?: string];
const feed = (...spans: Span[]): Programme[] =>
  spans.map(([start, stop, title]) => programme('g', start, stop, title ?? `${start}`));
const spans = (programmes: readonly Programme[]): string =>
  programmes.map(({ startUnix, stopUnix, title }) => `${title}:${startUnix}-${stopUnix}`).join(' ');

describe('mergeProgrammes', () => {
  for (const [what, feeds, expected] of [
    ['sorts', [feed([20, 30], [10, 20])], '10:10-20 20:20-30'],
    ['drops what lasts no time or less', [feed([10, 10], [30, 20], [40, 50])], '40:40-50'],
    ['drops duplicates', [feed([10, 20], [10, 20])], '10:10-20'],
    ['drops a repetition shifted by seconds', [feed([10, 100, 'a'], [12, 100, 'a'])], 'a:10-100'],
    ['ends a programme where the next begins', [feed([10, 25], [20, 30])], '10:10-20 20:20-30'],
    ['keeps the longer of two that start together', [feed([10, 15, 'a'], [10, 20, 'b'])], 'b:10-20'],
    ['fills gaps from a lower feed', [feed([10, 20], [40, 50]), feed([20, 40, 'x'])], '10:10-20 x:20-40 40:40-50'],
    [
      'leaves out what overlaps the upper feed',
      [feed([10, 20]), feed([15, 25, 'x'], [25, 30, 'y'])],
      '10:10-20 y:25-30',
    ],
    ['takes a lower feed alone', [[], feed([1, 2])], '1:1-2'],
    ['has nothing from nothing', [[], []], ''],
    ['asks three feeds in turn', [feed([1, 2]), feed([2, 3]), feed([1, 3, 'x'], [3, 4])], '1:1-2 2:2-3 3:3-4'],
  ] as const)
    it(what, () => {
      expect(spans(mergeProgrammes(feeds))).to.equal(expected);
    });

  const anyFeed = fc
    .array(
      fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: -5, max: 30 }), fc.constantFrom('a', 'b', 'c')),
      {
        maxLength: 20,
      },
    )
    .map((all) => feed(...all.map(([start, length, title]) => [start, start + length, title] as const)));

  it('is in order and without overlaps, whatever the feeds', () => {
    fc.assert(
      fc.property(fc.array(anyFeed, { maxLength: 4 }), (feeds) => {
        const merged = mergeProgrammes(feeds);
        for (const [index, { startUnix, stopUnix }] of merged.entries()) {
          expect(stopUnix).to.be.above(startUnix);
          expect(startUnix).to.be.at.least(merged[index - 1]?.stopUnix ?? 0);
        }
      }),
    );
  });

  it('changes nothing when it is merged again', () => {
    fc.assert(
      fc.property(fc.array(anyFeed, { maxLength: 3 }), (feeds) => {
        const merged = mergeProgrammes(feeds);
        expect(mergeProgrammes([merged, merged])).to.deep.equal(merged);
      }),
    );
  });
});

describe('shiftProgrammes', () => {
  it('moves both ends by minutes', () => {
    expect(spans(shiftProgrammes(feed([0, 60, 'a']), -1))).to.equal('a:-60-0');
  });
});
