import { expect } from 'chai';
import fc from 'fast-check';
import { KeyFrameFinder } from '../../src/mpegts/key-frames.ts';
import { continuityOf, packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { buildPat, buildPmt } from '../../src/mpegts/psi.ts';
import {
  accessUnitDelimiter,
  audioPid,
  h264Pps,
  h264Slice,
  h264Sps,
  pes,
  plainPat,
  plainPmt,
  pmtPid,
  recoveryPointSei,
  syntheticClip,
  TsWriter,
  videoPid,
} from '../support/ts-builder.ts';

const sets = Buffer.concat([h264Sps(), h264Pps]);

/** Packets of PAT, PMT and the given video units, with the offset of each unit. */
function stream(units: readonly { data: Buffer; randomAccess?: boolean }[], pmt = plainPmt) {
  const writer = new TsWriter();
  const parts = [writer.section(0, plainPat), writer.section(pmtPid, pmt)];
  const offsets: number[] = [];
  units.forEach(({ data, randomAccess = false }, n) => {
    offsets.push(parts.reduce((sum, part) => sum + part.length, 0));
    parts.push(writer.unit(videoPid, pes(0xe0, data, { pts: n * 3600 }), { randomAccess, pcr: n * 3600 * 300 }));
  });
  return { bytes: Buffer.concat(parts), offsets };
}

function pmtOf(streamType: number) {
  return buildPmt({ programNumber: 1, pcrPid: videoPid, streams: [{ pid: videoPid, streamType }] });
}

const start = (...bytes: number[]): Buffer => Buffer.from([0, 0, 1, ...bytes]);

describe('KeyFrameFinder', () => {
  it('finds each key frame of a stream, with tables, PTS and PCR', () => {
    const clip = syntheticClip(3000, { startPts: 90_000 });
    const finder = new KeyFrameFinder();
    const points = finder.push(clip);
    expect(points.map(({ pts, kind, parameterSets }) => ({ pts, kind, parameterSets }))).to.deep.equal(
      [90_000, 180_000, 270_000].map((pts) => ({ pts, kind: 'idr', parameterSets: true })),
    );
    expect(points.map(({ pcr }) => pcr)).to.deep.equal([72_000, 162_000, 252_000].map((base) => base * 300));
    for (const { offset, tables } of points) {
      expect(pidOf(clip, offset)).to.equal(videoPid);
      expect(pidOf(tables.pat, 0)).to.equal(0);
      expect(pidOf(tables.pmt, 0)).to.equal(pmtPid);
    }
  });

  it('gives tables whose counters the next tables of the stream follow on', () => {
    const clip = syntheticClip(3000);
    const [, second] = new KeyFrameFinder().push(clip);
    let next = second!.offset;
    while (pidOf(clip, next) !== 0) next += packetSize;
    expect(continuityOf(clip, next)).to.equal((continuityOf(second!.tables.pat, 0) + 1) % 16);
  });

  it('finds the same points however the stream is cut', () => {
    const clip = syntheticClip(2200, { bitRate: 600_000 });
    const whole = new KeyFrameFinder().push(clip).map(({ offset }) => offset);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (cuts) => {
        const finder = new KeyFrameFinder();
        const found: number[] = [];
        let position = 0;
        for (let n = 0; position < clip.length; n++) {
          const next = position + cuts[n % cuts.length]! * packetSize;
          found.push(...finder.push(clip.subarray(position, next)).map(({ offset }) => offset));
          position = next;
        }
        expect(found).to.deep.equal(whole);
      }),
      { numRuns: 20 },
    );
  });

  const filler = Buffer.concat([Buffer.from([0, 0, 0, 1, 0x06, 5, 200]), Buffer.alloc(200, 0x55), Buffer.from([0x80])]);
  const h264: readonly (readonly [string, Buffer, string | undefined])[] = [
    ['an IDR picture', Buffer.concat([accessUnitDelimiter, sets, h264Slice('idr')]), 'idr'],
    ['a recovery point', Buffer.concat([accessUnitDelimiter, sets, recoveryPointSei, h264Slice('p')]), 'recovery'],
    ['an I picture with its parameter sets', Buffer.concat([sets, h264Slice('i')]), 'intra'],
    ['an I picture without parameter sets', Buffer.concat([accessUnitDelimiter, h264Slice('i')]), undefined],
    ['a P picture with parameter sets', Buffer.concat([sets, h264Slice('p')]), undefined],
    ['an IDR picture some packets later', Buffer.concat([filler, filler, sets, h264Slice('idr')]), 'idr'],
  ];
  for (const [name, data, kind] of h264) {
    it(`takes ${name} ${kind === undefined ? 'for no start' : `as ${kind}`}`, () => {
      const { bytes, offsets } = stream([{ data: h264Slice('p') }, { data }, { data: h264Slice('p') }]);
      const points = new KeyFrameFinder().push(bytes);
      expect(points.map((point) => [point.offset, point.kind])).to.deep.equal(kind ? [[offsets[1], kind]] : []);
    });
  }

  it('finds a start code wherever the packets cut it', () => {
    for (let length = 130; length < 190; length++) {
      const filling = Buffer.concat([Buffer.from([0, 0, 1, 0x06, 5, 0xff]), Buffer.alloc(length, 0x55)]);
      const { bytes, offsets } = stream([
        { data: Buffer.concat([filling, sets, h264Slice('idr')]) },
        { data: h264Slice('p') },
      ]);
      expect(new KeyFrameFinder().push(bytes).map(({ offset }) => offset)).to.deep.equal([offsets[0]]);
    }
  });

  it('joins parameter sets in a unit of their own to the picture after them', () => {
    const { bytes, offsets } = stream([
      { data: h264Slice('p') },
      { data: sets },
      { data: h264Slice('idr') },
      { data: h264Slice('p') },
    ]);
    const points = new KeyFrameFinder().push(bytes);
    expect(points.map(({ offset, parameterSets }) => ({ offset, parameterSets }))).to.deep.equal([
      { offset: offsets[1], parameterSets: true },
    ]);
  });

  const others: readonly (readonly [string, number, Buffer, string | undefined])[] = [
    [
      'HEVC IDR',
      0x24,
      Buffer.concat([start(0x40, 1, 9), start(0x42, 1, 9), start(0x44, 1, 9), start(0x26, 1, 9)]),
      'idr',
    ],
    ['HEVC CRA', 0x24, Buffer.concat([start(0x42, 1, 9), start(0x2a, 1, 9)]), 'recovery'],
    ['HEVC trailing picture', 0x24, start(0x02, 1, 9), undefined],
    ['MPEG-2 I picture', 0x02, Buffer.concat([start(0xb3, 1, 2, 3), start(0x00, 0x00, 0x0f, 0xff)]), 'intra'],
    ['MPEG-2 P picture', 0x02, Buffer.concat([start(0xb3, 1, 2, 3), start(0x00, 0x00, 0x17, 0xff)]), undefined],
    ['VC-1 entry point', 0xea, Buffer.concat([start(0x0f, 1), start(0x0e, 1)]), 'intra'],
  ];
  for (const [name, streamType, data, kind] of others) {
    it(`reads ${name}`, () => {
      const { bytes } = stream([{ data }, { data }], pmtOf(streamType));
      expect(new KeyFrameFinder().push(bytes).map((point) => point.kind)[0]).to.equal(kind);
    });
  }

  it('believes the random access indicator of a codec it can not read', () => {
    const unit = (randomAccess: boolean) => ({ data: Buffer.alloc(300, 7), randomAccess });
    const { bytes, offsets } = stream(
      [unit(false), unit(true), unit(false), unit(false), unit(false), unit(true)],
      pmtOf(0xd2),
    );
    expect(new KeyFrameFinder().push(bytes).map(({ offset, kind }) => [offset, kind])).to.deep.equal([
      [offsets[1], 'random-access'],
      [offsets[5], 'random-access'],
    ]);
  });

  it('does not believe the indicator of a readable codec at once', () => {
    const units = Array.from({ length: 50 }, (_, n) => ({ data: h264Slice('p'), randomAccess: n % 10 === 0 }));
    expect(new KeyFrameFinder().push(stream(units).bytes)).to.deep.equal([]);
  });

  it('falls back to the indicator when nothing else is ever seen', () => {
    const units = Array.from({ length: 700 }, (_, n) => ({ data: h264Slice('p'), randomAccess: n % 50 === 0 }));
    const points = new KeyFrameFinder().push(stream(units).bytes);
    expect(points.length).to.be.within(1, 8);
    expect(points[0]?.kind).to.equal('random-access');
  });

  it('does not take the indicator when every unit has it', () => {
    const units = Array.from({ length: 700 }, () => ({ data: h264Slice('p'), randomAccess: true }));
    expect(new KeyFrameFinder().push(stream(units).bytes)).to.deep.equal([]);
  });

  it('takes every audio unit of a radio channel as a start', () => {
    const writer = new TsWriter();
    const radio = buildPmt({ programNumber: 1, pcrPid: audioPid, streams: [{ pid: audioPid, streamType: 0x03 }] });
    const bytes = Buffer.concat([
      writer.section(0, plainPat),
      writer.section(pmtPid, radio),
      ...[0, 1, 2].map((n) => writer.unit(audioPid, pes(0xc0, Buffer.alloc(400, 3), { pts: n * 2160 }))),
    ]);
    const finder = new KeyFrameFinder();
    expect(finder.push(bytes).map(({ kind, pts }) => [kind, pts])).to.deep.equal([
      ['audio', 0],
      ['audio', 2160],
      ['audio', 4320],
    ]);
    expect(finder.audioOnly).to.equal(true);
  });

  it('treats a channel whose video never comes as radio after a while', () => {
    const writer = new TsWriter();
    const parts = [writer.section(0, plainPat), writer.section(pmtPid, plainPmt)];
    for (let n = 0; n < 300; n++) parts.push(writer.unit(audioPid, pes(0xc0, Buffer.alloc(100, 3), { pts: n * 1920 })));
    expect(new KeyFrameFinder().push(Buffer.concat(parts)).length).to.be.within(50, 150);
  });

  it('chooses the first program with video', () => {
    const writer = new TsWriter();
    const pat = buildPat([
      { number: 1, pmtPid: 0x20 },
      { number: 2, pmtPid: 0x21 },
    ]);
    const radio = buildPmt({ programNumber: 1, pcrPid: 0x30, streams: [{ pid: 0x30, streamType: 0x03 }] });
    const television = buildPmt({ programNumber: 2, pcrPid: videoPid, streams: [{ pid: videoPid, streamType: 0x1b }] });
    const finder = new KeyFrameFinder();
    const points = finder.push(
      Buffer.concat([
        writer.section(0, pat),
        writer.section(0x20, radio),
        writer.section(0x21, television),
        writer.unit(0x30, pes(0xc0, Buffer.alloc(50, 1), { pts: 1 })),
        writer.unit(videoPid, pes(0xe0, Buffer.concat([sets, h264Slice('idr')]), { pts: 7 })),
        writer.unit(videoPid, pes(0xe0, h264Slice('p'), { pts: 8 })),
      ]),
    );
    expect(points.map(({ pts }) => pts)).to.deep.equal([7]);
    expect(pidOf(points[0]!.tables.pmt, 0)).to.equal(0x21);
  });

  it('starts over after reset', () => {
    const clip = syntheticClip(1500);
    const finder = new KeyFrameFinder();
    const first = finder.push(clip);
    finder.reset();
    expect(finder.position).to.equal(0);
    expect(finder.tables).to.equal(null);
    expect(finder.push(clip)).to.deep.equal(first);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 188, maxLength: 188 * 12 }),
        fc.integer({ min: 0, max: 20 }),
        (noise, at) => {
          const clip = syntheticClip(300, { keyFrameMs: 100, bitRate: 400_000 });
          clip.set(noise.subarray(0, Math.max(0, clip.length - at * 97)), at * 97);
          expect(new KeyFrameFinder().push(clip).length).to.be.lessThan(10);
        },
      ),
    );
  });
});
