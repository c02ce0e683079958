import { expect } from 'chai';
import fc from 'fast-check';
import type { SinonFakeTimers } from 'sinon';
import type { Cut } from '../../../src/relay/hls-out/segment.ts';
import { firstNumbers, Timeline, type TimelineOptions } from '../../../src/relay/hls-out/timeline.ts';
import { fakeTime } from '../../support/fake-time.ts';

function cut(changes: Partial<Cut> = {}): Cut {
  return {
    form: 'ts',
    parts: [],
    bytes: 1_000,
    seconds: 2,
    discontinuity: false,
    atMs: 1_000,
    slate: false,
    independent: true,
    ...changes,
  };
}

function timeline(changes: Partial<TimelineOptions> = {}): Timeline {
  return new Timeline({
    segmentMs: 2_000,
    windowMs: 12_000,
    maxBytes: 1e9,
    numbers: { sequence: 7, discontinuities: 3 },
    gopSeconds: () => 1,
    ...changes,
  });
}

const numbersOf = (line: Timeline): number[] => line.listed.map(({ sequence }) => sequence);

describe('Timeline', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => clock.restore());

  it('lists as much as its window, and keeps what has left it for as long as players may ask for it', () => {
    const line = timeline();
    expect(line.target).to.equal(3);
    for (let n = 0; n < 8; n++) line.add(cut());
    expect(numbersOf(line)).to.deep.equal([8, 9, 10, 11, 12, 13, 14]);
    expect(line.get(7)?.sequence).to.equal(7);
    clock.tick(15_000);
    line.sweep(performance.now());
    expect(line.get(7)).to.not.equal(undefined);
    clock.tick(2_000);
    line.sweep(performance.now());
    expect(line.get(7)).to.equal(undefined);
    expect(line.get(8)?.sequence).to.equal(8);
    expect(line.get(15)).to.equal(undefined);
  });

  it('counts the discontinuities that have left the playlist', () => {
    const line = timeline();
    expect(line.target).to.equal(3);
    for (let n = 0; n < 20; n++) line.add(cut({ discontinuity: n % 4 === 0 }));
    const [first] = line.listed;
    // One at 11, 15, 19, 23; none at 7, where the playlist began.
    expect(first?.sequence).to.equal(20);
    expect(line.discontinuitySequence).to.equal(3 + 3);
    expect(line.listed.filter(({ discontinuity }) => discontinuity).map(({ sequence }) => sequence)).to.deep.equal([
      23,
    ]);
  });

  it('is ready with two segments, or with one that is as long', () => {
    const line = timeline();
    line.add(cut());
    expect(line.isReady(0)).to.equal(false);
    line.add(cut());
    expect(line.isReady(0)).to.equal(true);
    expect(line.isReady(8)).to.equal(false);
    const long = timeline();
    long.add(cut({ seconds: 4 }));
    expect(long.isReady(0)).to.equal(true);
  });

  for (const [gop, target] of [
    [0, 5],
    [0.5, 3],
    [1, 3],
    [2, 4],
    [3, 5],
    [10, 5],
  ] as const) {
    it(`promises segments of at most ${target} s where key frames are ${gop === 0 ? 'not known' : `${gop} s apart`}, for good`, () => {
      let known = gop as number;
      const line = timeline({ gopSeconds: () => known });
      expect(line.mostSeconds).to.equal(5);
      expect(line.target).to.equal(target);
      known = 20;
      expect(line.target).to.equal(target);
      expect(line.mostSeconds).to.equal(target);
    });
  }

  it('dates each segment by the one before it, and anew after a discontinuity', () => {
    const line = timeline();
    line.add(cut({ atMs: 10_000 }));
    line.add(cut({ atMs: 10_100 }));
    line.add(cut({ atMs: 90_000, discontinuity: true }));
    expect(line.listed.map(({ atMs }) => atMs)).to.deep.equal([10_000, 12_000, 90_000]);
  });

  it('holds no more bytes than it may', () => {
    const line = timeline({ maxBytes: 5_000 });
    for (let n = 0; n < 20; n++) line.add(cut());
    expect(line.bytes).to.equal(5_000);
    expect(numbersOf(line)).to.deep.equal([22, 23, 24, 25, 26]);
  });

  it('tells everybody who waits that there is one more', async () => {
    const line = timeline();
    const { changed, version } = line;
    line.add(cut());
    await changed;
    expect(line.version).to.be.above(version);
  });

  it('numbers by the wall clock, so that a start anew goes on above', () => {
    const first = firstNumbers(Date.UTC(2026, 10, 21));
    const later = firstNumbers(Date.UTC(2026, 10, 21) + 10_000);
    expect(later.sequence - first.sequence).to.equal(40);
    expect(firstNumbers(Date.UTC(2042, 0, 1)).sequence).to.be.below(2 ** 31);
  });

  it('never breaks what players rely on, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            seconds: fc.double({ min: 0.04, max: 5, noNaN: true }),
            discontinuity: fc.boolean(),
            bytes: fc.integer({ min: 1, max: 3_000 }),
            pauseMs: fc.integer({ min: 0, max: 20_000 }),
          }),
          { minLength: 1, maxLength: 80 },
        ),
        (cuts) => {
          const line = timeline({ gopSeconds: () => 0 });
          const { target } = line;
          let last = -1;
          let gone = 0;
          for (const { pauseMs, ...one } of cuts) {
            clock.tick(pauseMs);
            const before = line.listed;
            line.add(cut(one));
            const { listed } = line;
            expect(listed[0]?.sequence).to.be.at.least(last);
            last = listed[0]?.sequence ?? 0;
            expect(line.discontinuitySequence).to.be.at.least(gone);
            gone = line.discontinuitySequence;
            const left = before.filter(({ sequence }) => sequence < last);
            const seconds = listed.reduce((sum, each) => sum + each.seconds, 0);
            if (left.length > 0) expect(seconds).to.be.at.least(3 * target);
            for (const { sequence } of left) expect(line.get(sequence)?.sequence).to.equal(sequence);
            expect(seconds).to.be.below(3 * target + 2 * 5.1);
          }
        },
      ),
    );
  });
});
