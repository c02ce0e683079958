import { expect } from 'chai';
import fc from 'fast-check';
import { MediaFollower } from '../../../src/relay/hls-in/media-follower.ts';
import { startPoint } from '../../../src/relay/hls-in/start-point.ts';
import type { HlsMedia, HlsSegment } from '../../../src/text/hls-types.ts';

function list(
  sequence: number,
  count: number,
  more: Partial<HlsMedia> & { readonly gaps?: readonly number[] } = {},
): HlsMedia {
  const { gaps = [], ...rest } = more;
  const segments = Array.from(
    { length: count },
    (_, n): HlsSegment => ({
      uri: `${sequence + n}.ts`,
      sequence: sequence + n,
      discontinuity: 0,
      durationMs: 2_000,
      isGap: gaps.includes(sequence + n),
    }),
  );
  return { kind: 'media', targetMs: 2_000, sequence, segments, isEnded: false, isVod: false, ...rest };
}

/** Reads all that is listed and gives it as `3`, or `/3` behind a cut. */
function readAll(follower: MediaFollower): string[] {
  const out: string[] = [];
  for (let next = follower.next(); next !== null; next = follower.next()) {
    out.push(`${next.isCut ? '/' : ''}${next.segment.sequence}`);
    follower.done(next.segment);
  }
  return out;
}

describe('The follower of a playlist', () => {
  const table: readonly (readonly [string, readonly HlsMedia[], readonly string[]])[] = [
    ['a window that slides', [list(1, 4), list(2, 4), list(4, 4)], ['2', '3', '4', '5', '6', '7']],
    ['the same list again', [list(1, 4), list(1, 4)], ['2', '3', '4']],
    ['a list that is short', [list(1, 1), list(1, 2)], ['1', '2']],
    ['an empty list at first', [list(9, 0), list(9, 3)], ['9', '10', '11']],
    ['segments that were missed', [list(1, 3), list(6, 3)], ['1', '2', '3', '/6', '7', '8']],
    [
      'a long leap, behind which it begins near the end',
      [list(1, 3), list(100, 9)],
      ['1', '2', '3', '/106', '107', '108'],
    ],
    ['an old copy in between', [list(5, 4), list(4, 4), list(6, 4)], ['6', '7', '8', '9']],
    ['numbers that begin anew', [list(500, 3), list(0, 3), list(1, 3)], ['500', '501', '502', '/0', '1', '2', '3']],
    [
      'numbers that go back a little, for good',
      [list(5, 3), list(2, 3), list(2, 3), list(2, 3)],
      ['5', '6', '7', '/2', '3', '4'],
    ],
    ['gaps', [list(1, 5, { gaps: [4] })], ['2', '3', '/5'].slice(1)],
    ['a gap at the end', [list(1, 3, { gaps: [3] }), list(2, 4, { gaps: [3] })], ['1', '2', '/4', '5']],
    ['a finished list', [list(0, 4, { isEnded: true })], ['0', '1', '2', '3']],
  ];
  for (const [what, lists, expected] of table)
    it(`reads on: ${what}`, () => {
      const follower = new MediaFollower();
      const read = lists.flatMap((each, n) => {
        follower.take(each, n * 2_000, startPoint);
        return readAll(follower);
      });
      expect(read).to.deep.equal(expected);
    });

  it('may ask again after a target duration, or after half of one when nothing was new', () => {
    const follower = new MediaFollower();
    follower.take(list(1, 3), 1_000, startPoint);
    expect(follower.reloadMs).to.equal(3_000);
    follower.take(list(1, 3), 3_000, startPoint);
    expect(follower.reloadMs).to.equal(4_000);
    follower.take(list(2, 3), 4_000, startPoint);
    expect(follower.reloadMs).to.equal(6_000);
  });

  it('goes on behind a segment that could not be got, with a cut', () => {
    const follower = new MediaFollower();
    follower.take(list(1, 3), 0, startPoint);
    const next = follower.next();
    if (next !== null) follower.skip(next.segment);
    expect(readAll(follower)).to.deep.equal(['/2', '3']);
  });

  it('is over when the list is finished and was read', () => {
    const follower = new MediaFollower();
    follower.take(list(1, 2, { isEnded: true }), 0, startPoint);
    expect(follower.isOver).to.equal(false);
    readAll(follower);
    expect(follower.isOver).to.equal(true);
  });

  it('never gives a segment twice nor backwards while numbers grow, and cuts wherever one is missing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.nat(6), count: fc.nat(6), read: fc.nat(8), lost: fc.boolean() }), {
          maxLength: 40,
        }),
        (turns) => {
          const follower = new MediaFollower();
          let first = 0;
          let last = Number.NaN;
          for (const { step, count, read, lost } of turns) {
            first += step;
            follower.take(list(first, count + 4), 0, startPoint);
            for (let n = 0; n < read; n++) {
              const next = follower.next();
              if (next === null) break;
              const { segment, isCut } = next;
              if (!Number.isNaN(last)) {
                expect(segment.sequence).to.be.above(last);
                expect(isCut).to.equal(segment.sequence !== last + 1);
              }
              if (lost && n === 0) {
                follower.skip(segment);
                continue;
              }
              last = segment.sequence;
              follower.done(segment);
            }
          }
        },
      ),
    );
  });
});
