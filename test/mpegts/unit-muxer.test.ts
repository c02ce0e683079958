import { expect } from 'chai';
import fc from 'fast-check';
import { UnitDemuxer } from '../../src/mpegts/unit-demuxer.ts';
import { type MuxTrack, type MuxUnit, UnitMuxer } from '../../src/mpegts/unit-muxer.ts';
import { ptsWrap } from '../../src/mpegts/time.ts';
import { checkTs } from '../support/ts-check.ts';

const video: MuxTrack = { isVideo: true, streamType: 0x1b, streamId: 0xe0 };
const audio: MuxTrack = { isVideo: false, streamType: 0x0f, streamId: 0xc0 };

const picture = (dts: number, size = 1_000, isKey = false): MuxUnit => ({
  track: 0,
  pts: dts + 3_600,
  dts,
  isKey,
  data: Buffer.alloc(size, 1),
});
const sound = (dts: number, size = 300): MuxUnit => ({
  track: 1,
  pts: dts,
  dts,
  isKey: true,
  data: Buffer.alloc(size, 2),
});

describe('Units that are written as a transport stream', () => {
  it('wait for the other tracks, and go out in the order of their decoding times', () => {
    const muxer = new UnitMuxer([video, audio]);
    for (let n = 0; n < 10; n++) muxer.push(picture(n * 3_600));
    expect(muxer.take().length).to.equal(0);
    for (let n = 0; n < 6; n++) muxer.push(sound(n * 1_920));
    const units = new UnitDemuxer().push(Buffer.concat([muxer.take(), muxer.flush()]));
    const times = units.map(({ dts }) => dts);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
  });

  it('share a packet where they are sound and follow each other, and nowhere else', () => {
    const muxer = new UnitMuxer([video, audio]);
    for (const dts of [0, 1_920, 3_840, 5_760, 7_680, 20_000, 21_920]) muxer.push(sound(dts));
    const demuxer = new UnitDemuxer();
    const units = [...demuxer.push(muxer.flush()), ...demuxer.flush()];
    // The length of a frame is known from the second on.
    expect(units.map(({ pts, data }) => [pts, data.length])).to.deep.equal([
      [0, 300],
      [1_920, 900 + 300],
      [20_000, 300],
      [21_920, 300],
    ]);
  });

  it('are not held back for ever by a track that sends nothing', () => {
    const muxer = new UnitMuxer([video, audio]);
    let bytes = 0;
    for (let n = 0; n < 25 * 30; n++) {
      muxer.push(picture(n * 3_600));
      bytes += muxer.take().length;
    }
    expect(bytes).to.be.above(100_000);
  });

  it('go on round the wrap of the clock', () => {
    const muxer = new UnitMuxer([video, audio]);
    const out: Buffer[] = [];
    for (let n = 0; n < 100; n++) {
      muxer.push(picture((ptsWrap - 100_000 + n * 3_600) % ptsWrap, 500, n % 25 === 0));
      muxer.push(sound((ptsWrap - 100_000 + n * 3_600) % ptsWrap));
      out.push(muxer.take());
    }
    out.push(muxer.flush());
    const demuxer = new UnitDemuxer();
    const all = Buffer.concat(out);
    const units = [...demuxer.push(all), ...demuxer.flush()].filter(({ stream }) => stream.kind === 'video');
    expect(units).to.have.length(100);
    expect(units.map(({ dts }) => dts).slice(26, 30)).to.deep.equal([ptsWrap - 6_400, ptsWrap - 2_800, 800, 4_400]);
    expect(checkTs(all).continuityErrors).to.deep.equal([]);
  });

  it('come back as they were, whatever their sizes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const muxer = new UnitMuxer([video]);
        const units = sizes.map(
          (size, n): MuxUnit => ({
            track: 0,
            pts: n * 3_600 + 7_200,
            dts: n * 3_600,
            isKey: n % 5 === 0,
            data: Buffer.alloc(size, n + 1),
          }),
        );
        const out: Buffer[] = [];
        for (const unit of units) {
          muxer.push(unit);
          out.push(muxer.take());
        }
        out.push(muxer.flush());
        const demuxer = new UnitDemuxer();
        const back = [...demuxer.push(Buffer.concat(out)), ...demuxer.flush()];
        expect(back.map(({ pts, dts, isRandomAccess }) => ({ pts, dts, isKey: isRandomAccess }))).to.deep.equal(
          units.map(({ pts, dts, isKey }) => ({ pts, dts, isKey })),
        );
        for (const [n, { data }] of back.entries())
          expect(data.equals(Buffer.from(units[n]?.data ?? []))).to.equal(true);
      }),
    );
  });
});
