import { expect } from 'chai';
import fc from 'fast-check';
import { isDiscontinuity, nullPid, packetSize, payloadOffset, pcrOf, pidOf } from '../../src/mpegts/packet.ts';
import { readPesHeader } from '../../src/mpegts/pes.ts';
import { ProgramTables } from '../../src/mpegts/program-tables.ts';
import { buildPat, buildPmt, parsePat, parsePmt } from '../../src/mpegts/psi.ts';
import { SectionAssembler } from '../../src/mpegts/section.ts';
import { pcrDifference, ptsDifference, ptsWrap, wrapPts } from '../../src/mpegts/time.ts';
import { Generation } from '../../src/relay/generation.ts';
import { nextShift } from '../../src/relay/seam.ts';
import { checkTs } from '../support/ts-check.ts';
import {
  adtsFrame,
  audioPid,
  h264Pps,
  h264Slice,
  h264Sps,
  pes,
  plainPat,
  plainPmt,
  pmtPid,
  syntheticClip,
  TsWriter,
  videoPid,
} from '../support/ts-builder.ts';
import { joined } from './joined.ts';
import { Sink } from './sink.ts';

const frame = 3_600;

/** The DTS, or PTS, of each unit of a PID. */
function stamps(bytes: Buffer, pid: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += packetSize) {
    const header = pidOf(bytes, at) === pid ? readPesHeader(bytes, payloadOffset(bytes, at), at + packetSize) : null;
    if (header !== null) found.push(header.dts < 0 ? header.pts : header.dts);
  }
  return found;
}

function steps(values: readonly number[]): number[] {
  return values.slice(1).map((value, n) => ptsDifference(value, values[n] ?? 0));
}

/** Versions of the sections of a PID, in order. Wrong CRCs are left out. */
function versions(bytes: Buffer, pid: number): (number | undefined)[] {
  const found: (number | undefined)[] = [];
  const assembler = new SectionAssembler();
  for (let at = 0; at < bytes.length; at += packetSize)
    if (pidOf(bytes, at) === pid)
      assembler.push(bytes, at, (section) => found.push((pid === 0 ? parsePat(section) : parsePmt(section))?.version));
  return found;
}

/** `frames` pictures with sound, as a program with this PMT. */
function clipOf(
  pat: Buffer,
  pmt: Buffer,
  { frames = 25, start = 90_000, video = videoPid, audio = audioPid, extra = (): Buffer => Buffer.alloc(0) } = {},
): Buffer {
  const writer = new TsWriter();
  const parts = [writer.section(0, pat), writer.section(pmtPid, pmt)];
  for (let n = 0; n < frames; n++) {
    const pts = start + n * frame;
    const head = n % 10 === 0 ? Buffer.concat([h264Sps(), h264Pps, h264Slice('idr', 300)]) : h264Slice('p', 300);
    parts.push(extra(), writer.unit(video, pes(0xe0, head, { pts }), { pcr: (pts - 9_000) * 300 }));
    parts.push(writer.unit(audio, pes(0xc0, adtsFrame(), { pts: pts - 4_500 })));
  }
  return Buffer.concat(parts);
}

describe('Seam', () => {
  it('touches nothing before a stream is opened anew', () => {
    const clip = syntheticClip(1_000);
    const sink = new Sink();
    const generation = new Generation(sink, () => null);
    const half = 188 * 400;
    generation.push(clip.subarray(0, half), 0);
    generation.push(clip.subarray(half), 0);
    expect(sink.bytes.equals(clip.subarray(-sink.bytes.length))).to.equal(true);
    const last = sink.out.at(-1);
    expect([last?.buffer, last?.byteOffset], 'the same memory').to.deep.equal([clip.buffer, clip.byteOffset + half]);
  });

  it('lets the counters of all PIDs go on, however often', () => {
    const writer = new TsWriter();
    const sdt = Buffer.concat([Buffer.from([0x42, 0xf0, 9, 0, 1, 0xc1, 0, 0, 0, 1, 0xff, 0])]);
    const clip = (start: number) => clipOf(plainPat, plainPmt, { start, extra: () => writer.section(0x11, sdt) });
    const { bytes } = joined(clip(90_000), clip(500), clip(7_000_000), clip(90_000));
    expect(checkTs(bytes)).to.deep.include({ aligned: true, continuityErrors: [], timeJumps: [] });
  });

  for (const [what, start, gap] of [
    ['begins again', 90_000, frame],
    ['jumps back a little', 90_000 + 20 * frame, frame],
    ['has another clock', 5_000_000_000, frame],
    ['leaves out more than a second', 90_000 + 25 * frame + 100_000, frame],
    ['goes on where it was', 90_000 + 25 * frame, frame],
    ['leaves out half a second', 90_000 + 25 * frame + 45_000, frame + 45_000],
  ] as const) {
    it(`moves the times by what is needed when the provider ${what}`, () => {
      const { bytes } = joined(clipOf(plainPat, plainPmt), clipOf(plainPat, plainPmt, { start }));
      const pictures = steps(stamps(bytes, videoPid));
      expect(pictures[24]).to.equal(gap);
      expect(new Set([...pictures.slice(0, 24), ...pictures.slice(25)])).to.deep.equal(new Set([frame]));
      expect(Math.min(...steps(stamps(bytes, audioPid)))).to.equal(frame);
      expect(stamps(bytes, videoPid)[30]! - stamps(bytes, audioPid)[30]!, 'sound and picture').to.equal(4_500);
      const clocks: number[] = [];
      for (let at = 0; at < bytes.length; at += packetSize) if (pcrOf(bytes, at) >= 0) clocks.push(pcrOf(bytes, at));
      for (const [n, clock] of clocks.slice(1).entries())
        expect(pcrDifference(clock, clocks[n] ?? 0)).to.be.within(1, (frame + 45_000) * 300);
      for (let at = 0; at < bytes.length; at += packetSize) expect(isDiscontinuity(bytes, at)).to.equal(false);
    });
  }

  it('goes on over the 33-bit wrap, whatever the clocks of the connections', () => {
    const start = fc.integer({ min: 0, max: ptsWrap - 1 });
    fc.assert(
      fc.property(fc.array(start, { minLength: 2, maxLength: 5 }), (starts) => {
        const { bytes } = joined(
          ...[ptsWrap - 10 * frame, ...starts].map((at) => clipOf(plainPat, plainPmt, { start: at })),
        );
        for (const pid of [videoPid, audioPid])
          for (const step of steps(stamps(bytes, pid))) expect(step).to.be.within(1, frame + 90_000);
      }),
      { numRuns: 30 },
    );
  });

  it('gives a changed layout a new version, and the same layout the old one', () => {
    const other = 0x200;
    const changed = buildPmt({
      programNumber: 1,
      pcrPid: other,
      streams: [
        { pid: other, streamType: 0x1b },
        { pid: audioPid, streamType: 0x0f },
        { pid: 0x300, streamType: 0x06 },
      ],
    });
    const again = buildPmt({
      programNumber: 1,
      pcrPid: videoPid,
      version: 7,
      streams: [
        { pid: videoPid, streamType: 0x1b },
        { pid: audioPid, streamType: 0x0f },
      ],
    });
    const sink = joined(
      clipOf(plainPat, plainPmt),
      clipOf(plainPat, again),
      clipOf(plainPat, changed, { video: other, start: 1_000_000 }),
      clipOf(plainPat, changed, { video: other, start: 1_000_000 }),
      clipOf(buildPat([{ number: 1, pmtPid }], { transportStreamId: 5 }), plainPmt),
    );
    // Each reconnect puts the tables in once; nothing else has them in these clips.
    expect(versions(sink.bytes, pmtPid)).to.deep.equal([0, 1, 1, 2]);
    expect(versions(sink.bytes, 0)).to.deep.equal([0, 0, 0, 1]);
    const tables = sink.entries.map((entry) => [versions(entry.tables, 0)[0], versions(entry.tables, pmtPid)[0]]);
    expect(tables.slice(-3)).to.deep.equal([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(stamps(sink.bytes, other), 'PIDs are kept').to.deep.equal([]);
    expect(steps(stamps(sink.bytes, videoPid).slice(49, 51))).to.deep.equal([frame]);
  });

  it('gives a stream of another codec another PID, as decoders are bound to one', () => {
    const mp2 = buildPmt({
      programNumber: 1,
      pcrPid: audioPid,
      streams: [
        { pid: audioPid, streamType: 0x1b },
        { pid: videoPid, streamType: 0x03 },
      ],
    });
    const { bytes } = joined(clipOf(plainPat, plainPmt), clipOf(plainPat, mp2, { video: audioPid, audio: videoPid }));
    const pids = new Map<number, number>();
    for (let at = 0; at < bytes.length; at += packetSize) {
      const header = readPesHeader(bytes, payloadOffset(bytes, at), at + packetSize);
      if (header !== null) pids.set(pidOf(bytes, at), (pids.get(pidOf(bytes, at)) ?? 0) + 1);
    }
    expect(pids.get(videoPid)).to.equal(50);
    expect(pids.get(audioPid), 'the old sound').to.equal(25);
    expect(pids.get(0x1e00), 'the new sound').to.equal(25);
    const told = new ProgramTables();
    for (let at = 0; at < bytes.length; at += packetSize)
      if (told.isTable(pidOf(bytes, at))) told.push(bytes, at, pidOf(bytes, at));
    const { program } = told;
    expect(program?.pcrPid).to.equal(videoPid);
    expect(program?.streams.map(({ pid, codec }) => [pid, codec])).to.deep.equal([
      [videoPid, 'h264'],
      [0x1e00, 'mp2'],
    ]);
  });

  it('gives those who enter later tables that the next ones follow', () => {
    const sink = joined(syntheticClip(1_000), syntheticClip(3_000, { startPts: 50 }));
    const entry = sink.entries.at(-1);
    const bytes = Buffer.concat([entry?.tables ?? Buffer.alloc(0), sink.bytes.subarray(entry?.position)]);
    expect(checkTs(bytes)).to.deep.include({ firstPat: 0, firstPmt: 1, firstKey: 2, continuityErrors: [] });
  });

  it('signals a new clock on the chosen program when there are no times to compare', () => {
    const bare = (pcr: number): Buffer => {
      const writer = new TsWriter();
      const pat = buildPat([
        { number: 1, pmtPid },
        { number: 2, pmtPid: 0x1100 },
      ]);
      const radio = buildPmt({ programNumber: 2, pcrPid: 0x300, streams: [{ pid: 0x300, streamType: 0x0f }] });
      const parts = [writer.section(0, pat), writer.section(pmtPid, plainPmt), writer.section(0x1100, radio)];
      for (let n = 0; n < 6; n++) {
        const key = Buffer.concat([h264Sps(), h264Pps, h264Slice('idr', 300)]);
        parts.push(writer.unit(videoPid, pes(0xe0, key), n < 2 ? {} : { pcr }));
        parts.push(writer.unit(0x300, pes(0xc0, adtsFrame(), { pts: 5 }), { pcr: pcr + 7 }));
      }
      return Buffer.concat(parts);
    };
    const first = joined(bare(1));
    const seamAt = first.bytes.length;
    const { bytes } = joined(bare(1), bare(900_000_000_000));
    const flagged: number[] = [];
    for (let at = seamAt; at < bytes.length; at += packetSize)
      if (isDiscontinuity(bytes, at)) flagged.push(pidOf(bytes, at));
    expect(flagged).to.deep.equal([videoPid]);
  });

  it('leaves out units without a start, sound that was sent, and pictures that hang in the air', () => {
    const writer = new TsWriter();
    const picture = (pts: number, kind: 'idr' | 'p'): Buffer =>
      writer.unit(
        videoPid,
        pes(0xe0, Buffer.concat(kind === 'idr' ? [h264Sps(), h264Pps, h264Slice('idr', 500)] : [h264Slice('p', 500)]), {
          pts,
          dts: pts - frame,
        }),
        { pcr: (pts - 9_000) * 300 },
      );
    const sound = (pts: number): Buffer => writer.unit(audioPid, pes(0xc0, adtsFrame(400), { pts }));
    const second = Buffer.concat([
      writer.section(0, plainPat),
      writer.section(pmtPid, plainPmt),
      picture(90_000, 'idr'),
      sound(10_000).subarray(packetSize),
      sound(20_000),
      picture(90_000 - 2 * frame, 'p'),
      picture(90_000 - frame, 'p'),
      sound(88_000),
      picture(90_000 + frame, 'p'),
      sound(89_000),
    ]);
    const clip = clipOf(plainPat, plainPmt);
    const seam = joined(clip, second).bytes;
    const bytes = seam.subarray(joined(clip).bytes.length);
    expect(bytes.length, 'no byte moves').to.equal(second.length);
    expect(stamps(bytes, videoPid)).to.have.length(2);
    expect(stamps(bytes, audioPid)).to.have.length(2);
    expect(checkTs(seam)).to.deep.include({ continuityErrors: [], timeJumps: [] });
    const empty = Array.from({ length: bytes.length / packetSize }, (_, n) => pidOf(bytes, n * packetSize)).filter(
      (pid) => pid === nullPid,
    );
    // The rest of a sound and a whole one; the two pictures keep a packet each for their clock.
    expect(empty.length).to.be.above(3);
    let clocks = 0;
    for (let at = 0; at < bytes.length; at += packetSize) if (pcrOf(bytes, at) >= 0) clocks++;
    expect(clocks).to.equal(4);
  });

  it('knows the tables it has written', () => {
    const { bytes } = joined(syntheticClip(1_000), syntheticClip(1_000));
    const tables = new ProgramTables();
    for (let at = 0; at < bytes.length; at += packetSize)
      if (tables.isTable(pidOf(bytes, at))) tables.push(bytes, at, pidOf(bytes, at));
    expect(tables.program?.streams.map(({ pid }) => pid)).to.deep.equal([videoPid, audioPid]);
  });
});

describe('the shift of a generation', () => {
  it('is the present one without anything to go by', () => {
    expect(nextShift(77, [])).to.equal(77);
  });

  it('keeps every rule, the furthest one too, but not one of another clock', () => {
    expect(
      nextShift(0, [
        { least: 100_000, first: 0 },
        { least: 100_500, first: 0 },
        { least: 9_000_000, first: 0 },
      ]),
    ).to.equal(100_500);
  });

  it('stays while nothing goes back and at most a second is missing', () => {
    const least = 1_000_000;
    expect(nextShift(0, [{ least, first: least + 90_000 }])).to.equal(0);
    expect(nextShift(0, [{ least, first: least + 90_001 }])).to.equal(wrapPts(-90_001));
    expect(nextShift(0, [{ least, first: least - 1 }])).to.equal(1);
  });
});
