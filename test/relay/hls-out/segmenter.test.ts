import { expect } from 'chai';
import fc from 'fast-check';
import { adtsFrame } from '../../support/ts-builder.ts';
import { CutStage, pictures, sounds } from './cut-stage.ts';

const secondsOf = (stage: CutStage): number[] => stage.segments.map(({ seconds }) => Number(seconds.toFixed(3)));

describe('Segmenter', () => {
  it('cuts at key frames near the wished length, and tells how long segments are', () => {
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 25 * 9 + 5 }));
    expect(secondsOf(stage)).to.deep.equal([2, 2, 2, 2]);
    expect(stage.segments.map(({ sequence }) => sequence)).to.deep.equal([100, 101, 102, 103]);
    expect(stage.validator.problems).to.deep.equal([]);
    expect(stage.validator.checked).to.equal(4);
  });

  it('takes the key frame before the wished length where the next one would be far behind it', () => {
    const stage = new CutStage().feed(pictures({ gops: [48], frames: 48 * 5 + 5 }));
    expect(secondsOf(stage)).to.deep.equal([1.92, 1.92, 1.92, 1.92, 1.92]);
    expect(stage.timeline.target).to.equal(4);
  });

  it('loses no packet and doubles none', () => {
    const source = Buffer.concat([...pictures({ gops: [25], frames: 25 * 7 })]);
    const stage = new CutStage().feed([source]);
    const cut = Buffer.concat(stage.segments.flatMap(({ parts }) => parts));
    const count = (bytes: Buffer): Map<string, number> => {
      const counts = new Map<string, number>();
      for (let at = 0; at < bytes.length; at += 188) {
        const pid = bytes.readUInt16BE(at + 1) & 0x1fff;
        if (pid !== 0x100 && pid !== 0x101) continue;
        const key = bytes.toString('latin1', at, at + 188);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return counts;
    };
    const given = count(source);
    for (const [packet, times] of count(cut)) expect(given.get(packet)).to.be.at.least(times);
    const unique = (bytes: Buffer): string[] => [...count(bytes)].flatMap(([key, n]) => Array<string>(n).fill(key));
    // All but the part of the stream that is not cut yet.
    expect(unique(cut).length).to.be.within(unique(source).length - 400, unique(source).length);
  });

  it('cuts groups of pictures of ten seconds before they are longer than the target duration, and says that they are not independent', () => {
    const stage = new CutStage().feed(pictures({ gops: [250], frames: 250 * 6 }));
    expect(stage.timeline.target).to.equal(5);
    expect(Math.max(...secondsOf(stage))).to.be.at.most(5);
    expect(Math.min(...secondsOf(stage))).to.be.above(1);
    expect(stage.playlist).not.to.include('INDEPENDENT');
    expect(stage.validator.problems).to.deep.equal([]);
    expect(stage.segments.filter(({ independent }) => independent).length).to.be.at.least(5);
  });

  it('keeps its target duration when groups of pictures become longer than it', () => {
    const gops = [...Array<number>(10).fill(25), 250, 200, 300];
    const stage = new CutStage().feed(pictures({ gops, frames: 25 * 45 }));
    expect(stage.timeline.target).to.equal(3);
    expect(Math.max(...secondsOf(stage))).to.be.at.most(3);
    // Only the promise of independence had to go.
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('signals a jump of the clock, and goes on at the next key frame', () => {
    const jumps = { 90: 9_000_000, 190: -20_000_000 };
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 300, jumps }));
    expect(stage.segments.map(({ discontinuity }) => discontinuity)).to.deep.equal([false, false, true, false, true]);
    expect(secondsOf(stage)).to.deep.equal([2, 1.6, 2, 1.6, 2]);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('goes on over the wrap of the clock', () => {
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 200, startPts: 2 ** 33 - 300_000 }));
    expect(secondsOf(stage)).to.deep.equal([2, 2, 2]);
    expect(stage.segments.some(({ discontinuity }) => discontinuity)).to.equal(false);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('signals pictures of another form', () => {
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 25 * 9, widths: { 75: 640 } }));
    expect(stage.segments.map(({ discontinuity }) => discontinuity)).to.deep.equal([false, false, true, false]);
    expect(secondsOf(stage)).to.deep.equal([2, 1, 2, 2]);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('signals where a slate begins and ends, and nothing where the same stream goes on after a reconnect', () => {
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 130 }));
    stage.generation().feed(pictures({ gops: [25], frames: 130, startPts: 5_000_000 }));
    expect(stage.segments.some(({ discontinuity }) => discontinuity)).to.equal(false);
    stage.generation({ slate: true }).feed(pictures({ gops: [25], frames: 100, startPts: 7_000_000 }));
    stage.generation().feed(pictures({ gops: [25], frames: 130, startPts: 1_000_000 }));
    expect(stage.validator.problems).to.deep.equal([]);
    const slates = stage.segments.filter(({ slate }) => slate);
    expect(slates.length).to.be.at.least(2);
    expect(slates[0]?.discontinuity).to.equal(true);
    expect(stage.segments.filter(({ discontinuity }) => discontinuity)).to.have.length(2);
  });

  it('begins with the backlog of a ring that runs already', () => {
    const stage = new CutStage({ reads: false }).feed(pictures({ gops: [25], frames: 25 * 12 }));
    expect(stage.segments).to.have.length(0);
    stage.segmenter.pump(stage.outlet.ring);
    expect(secondsOf(stage)).to.deep.equal([2, 2, 2, 2, 2]);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('signals what it missed when it did not read for longer than the ring holds', () => {
    const frames = [...pictures({ gops: [25], frames: 400 })];
    const stage = new CutStage({ reads: false }).feed(frames.slice(0, 100));
    stage.segmenter.pump(stage.outlet.ring);
    const before = stage.segments.length;
    expect(before).to.equal(1);
    stage.feed(frames.slice(100, 150)).outlet.ring.clear();
    stage.feed(frames.slice(150));
    stage.segmenter.pump(stage.outlet.ring);
    expect(stage.segments.slice(before).some(({ discontinuity }) => discontinuity)).to.equal(true);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('gives what is whole when the stream is over', () => {
    const stage = new CutStage().feed(pictures({ gops: [25], frames: 130 })).end();
    expect(secondsOf(stage).slice(0, 2)).to.deep.equal([2, 2]);
    // The last units may be only half there.
    expect(secondsOf(stage)[2]).to.be.within(1, 1.2);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('cuts the sound of a radio station in its transport stream', () => {
    const stage = new CutStage().feed(sounds(200));
    expect(stage.segments.length).to.equal(10);
    expect(stage.timeline.target).to.equal(3);
    for (const seconds of secondsOf(stage)) expect(seconds).to.be.within(1.8, 2);
    expect(stage.validator.problems).to.deep.equal([]);
  });

  it('cuts bare sound between frames and tells each segment its time', () => {
    const frames = Array.from({ length: 500 }, () => adtsFrame(90));
    const stage = new CutStage().generation({ raw: true }).feed(frames, 1_000);
    expect(stage.segments.length).to.equal(5);
    let samples = 0;
    for (const { parts, form, seconds } of stage.segments) {
      const bytes = Buffer.concat(parts);
      expect(form).to.equal('aac');
      expect(bytes.toString('latin1', 0, 3)).to.equal('ID3');
      expect(bytes.toString('latin1', 20, 64)).to.equal('com.apple.streaming.transportStreamTimestamp');
      expect(Number(bytes.readBigUInt64BE(65))).to.be.closeTo((samples * 90_000) / 48_000, 1);
      expect((bytes.length - 73) % 97).to.equal(0);
      samples += ((bytes.length - 73) / 97) * 1024;
      expect(seconds).to.be.closeTo(((bytes.length - 73) / 97) * (1024 / 48_000), 1e-9);
    }
  });

  it('holds its promises for any groups of pictures, rates, starts and jumps of the clock', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(23.976, 25, 50),
        fc.integer({ min: 0, max: 2 ** 33 - 1 }),
        fc.dictionary(fc.integer({ min: 2, max: 440 }).map(String), fc.integer({ min: -9_000_000, max: 9_000_000 }), {
          maxKeys: 2,
        }),
        fc.boolean(),
        fc.integer({ min: 188, max: 40_000 }),
        fc.constantFrom(1_000, 2_000, 4_000),
        (gops, frameRate, startPts, jumps, withoutPcr, cutAt, segmentMs) => {
          const stage = new CutStage({ segmentMs, windowMs: 6_000 });
          stage.feed(pictures({ gops, frames: 450, frameRate, startPts, jumps, withoutPcr }), cutAt).end();
          expect(stage.validator.problems.join('\n')).to.equal('');
          const { target } = stage.timeline;
          for (const { seconds } of stage.segments) expect(seconds).to.be.within(0, target);
          expect(stage.segments.length).to.be.above(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
