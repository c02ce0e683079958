import { expect } from 'chai';
import fc from 'fast-check';
import { AudioReader } from '../../src/mpegts/audio-reader.ts';
import { readAdts, readLoas } from '../../src/mpegts/aac.ts';
import { readAc3 } from '../../src/mpegts/ac3.ts';
import { CodecReader } from '../../src/mpegts/codec-reader.ts';
import { parseH264Sps } from '../../src/mpegts/h264.ts';
import { parseHevcSps } from '../../src/mpegts/hevc.ts';
import { readMpegAudio } from '../../src/mpegts/mpeg-audio.ts';
import { parseMpeg2Sequence } from '../../src/mpegts/mpeg2-video.ts';
import { buildPmt } from '../../src/mpegts/psi.ts';
import { measuredRate } from '../../src/mpegts/video-reader.ts';
import { BitWriter } from '../support/bit-writer.ts';
import { h264Sps, pes, plainPat, pmtPid, syntheticClip, TsWriter } from '../support/ts-builder.ts';

describe('CodecReader', () => {
  it('reads a synthetic stream', () => {
    const reader = new CodecReader();
    expect(reader.push(syntheticClip(2000, { frameRate: 50, bitRate: 4_000_000 }))).to.equal('complete');
    const facts = reader.facts(7);
    expect(facts?.video[0]).to.deep.include({
      codec: 'h264',
      profile: 'High',
      level: 31,
      width: 1280,
      height: 720,
      frameRate: 50,
      interlaced: false,
    });
    expect(facts?.audio[0]).to.deep.include({ codec: 'aac', profile: 'LC', channels: 2, sampleRate: 48_000 });
    expect(facts?.bitRate).to.be.closeTo(4_000_000, 100_000);
    expect(facts).to.deep.include({ container: 'mpegts', by: 'stream', observedAt: 7 });
  });

  it('is still reading before a second has passed', () => {
    const reader = new CodecReader();
    expect(reader.push(syntheticClip(500))).to.equal('reading');
    expect(reader.facts()?.video[0]?.codec).to.equal('h264');
  });

  it('says that a codec it can not read needs ffprobe', () => {
    const writer = new TsWriter();
    const pmt = buildPmt({ programNumber: 1, pcrPid: 0x100, streams: [{ pid: 0x100, streamType: 0xea }] });
    const parts = [writer.section(0, plainPat), writer.section(pmtPid, pmt)];
    for (let n = 0; n < 60; n++) {
      parts.push(writer.unit(0x100, pes(0xfd, Buffer.alloc(500, 9), { pts: n * 3600 }), { pcr: n * 3600 * 300 }));
    }
    const reader = new CodecReader();
    expect(reader.push(Buffer.concat(parts))).to.equal('incomplete');
    expect(reader.facts()?.video[0]?.codec).to.equal('vc1');
  });

  it('names subtitles and languages of the PMT', () => {
    const writer = new TsWriter();
    const teletext = Buffer.from([0x56, 5, 0x64, 0x65, 0x75, 0x09, 0]);
    const streams = [{ pid: 0x105, streamType: 0x06, descriptors: teletext }];
    const reader = new CodecReader();
    reader.push(
      Buffer.concat([
        writer.section(0, plainPat),
        writer.section(pmtPid, buildPmt({ programNumber: 1, pcrPid: 0x105, streams })),
      ]),
    );
    expect(reader.facts()?.subtitles).to.deep.equal([{ pid: 0x105, codec: 'dvb_teletext', language: 'deu' }]);
  });

  it('gives up on a stream that never shows what it is', () => {
    const clip = syntheticClip(21_500, { repeatSets: false, bitRate: 400_000 });
    // Without its first second there are no parameter sets at all.
    const reader = new CodecReader();
    expect(reader.push(clip.subarray(syntheticClip(1000, { bitRate: 400_000 }).length))).to.equal('incomplete');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4000 }), fc.nat(60_000), (noise, at) => {
        const clip = syntheticClip(400, { bitRate: 1_000_000 });
        clip.set(noise.subarray(0, Math.max(0, clip.length - at)), Math.min(at, clip.length));
        const reader = new CodecReader();
        reader.push(clip);
        expect(reader.facts()?.container ?? 'mpegts').to.equal('mpegts');
      }),
    );
  });
});

describe('header parsers', () => {
  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
        const bytes = Buffer.from(noise);
        for (const parse of [parseH264Sps, parseHevcSps]) {
          const format = parse(bytes);
          if (format !== null) expect(format.width).to.be.within(16, 16_384);
        }
        const sequence = parseMpeg2Sequence(bytes, bytes);
        if (sequence !== null) expect(sequence.height).to.be.within(16, 16_384);
        for (const read of [readAdts, readLoas, readAc3, readMpegAudio]) {
          for (let at = 0; at < bytes.length; at++) {
            const frame = read(bytes, at);
            if (frame !== null) expect(frame.length).to.be.above(0);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are linear: a long run of audio garbage costs nothing much', () => {
    const reader = new AudioReader('ac3');
    const noise = Buffer.alloc(184, 0x0b);
    for (let n = 0; n < 3000; n++) reader.push(noise, 0, noise.length);
    expect(reader.done).to.equal(true);
    expect(reader.told).to.equal(false);
  });

  for (const [height, interlaced, expected] of [
    [1080, false, 1080],
    [1080, true, 1080],
    [576, true, 576],
    [720, false, 720],
  ] as const) {
    it(`crop an H.264 picture of ${height} lines${interlaced ? ' in fields' : ''}`, () => {
      const sps = parseH264Sps(
        h264Sps({ width: 1920, height, interlaced })
          .subarray(5)
          .filter((b, n, all) => !(b === 3 && all[n - 1] === 0 && all[n - 2] === 0)),
      );
      expect(sps).to.deep.include({ width: 1920, height: expected, framesOnly: !interlaced, frameRate: 25 });
    });
  }

  it('read LATM with explicit SBR', () => {
    // useSameStreamMux 0, version 0, one subframe, one program, one layer; HE-AAC at 24 kHz core, 48 kHz out, stereo.
    const config = new BitWriter().bits(1, 0).bits(1, 0).bits(1, 1).bits(6, 0).bits(4, 0).bits(3, 0);
    const body = config.bits(5, 5).bits(4, 6).bits(4, 2).bits(4, 3).bits(5, 2).bits(40, 0).bytes();
    const loas = Buffer.concat([Buffer.from([0x56, 0xe0, body.length]), body]);
    expect(readLoas(loas, 0)).to.deep.include({
      codec: 'aac_latm',
      profile: 'HE-AAC',
      sampleRate: 48_000,
      channels: 2,
    });
  });

  it('leave AAC-LC at 24 kHz open: it may be HE-AAC', () => {
    const frame = readAdts(Buffer.from([0xff, 0xf1, 0x58, 0x80, 0x08, 0x1f, 0xfc, 0]), 0);
    expect(frame).to.deep.include({ sampleRate: 24_000, unsure: true });
  });
});

describe('measuredRate', () => {
  for (const rate of [23.976, 25, 29.97, 50, 59.94]) {
    it(`finds ${rate} from reordered PTS`, () => {
      const exact = { 23.976: 24_000 / 1001, 29.97: 30_000 / 1001, 59.94: 60_000 / 1001 }[rate] ?? rate;
      const stamps = Array.from({ length: 24 }, (_, n) => Math.round(((n ^ 1) * 90_000) / exact));
      expect(measuredRate(stamps)).to.equal(rate);
    });
  }

  it('says nothing of uneven times', () => {
    expect(measuredRate(Array.from({ length: 24 }, (_, n) => n * n * 1000))).to.equal(undefined);
  });
});
