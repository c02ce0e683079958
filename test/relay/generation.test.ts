import { expect } from 'chai';
import { packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { buildPmt } from '../../src/mpegts/psi.ts';
import { Generation } from '../../src/relay/generation.ts';
import { Seam } from '../../src/relay/seam.ts';
import {
  adtsFrame,
  audioPid,
  h264Slice,
  pes,
  plainPat,
  plainPmt,
  pmtPid,
  syntheticClip,
  TsWriter,
  videoPid,
} from '../support/ts-builder.ts';
import { Sink } from './sink.ts';

const audioPmt = buildPmt({ programNumber: 1, pcrPid: audioPid, streams: [{ pid: audioPid, streamType: 0x0f }] });

describe('Generation', () => {
  it('gives nothing before the first key frame, and that at once', () => {
    const sink = new Sink();
    const clip = syntheticClip(2_000);
    const generation = new Generation(sink, () => null);
    // Cut in the middle of the first picture group: what comes before the next key frame is of no use.
    generation.push(clip.subarray(5 * packetSize + 77), 0);
    expect(generation.started).to.equal(true);
    expect(sink.entries).to.have.length(1);
    expect(sink.entries[0]?.position).to.equal(0);
    expect(clip.subarray(-sink.bytes.length).equals(sink.bytes)).to.equal(true);
    expect(pidOf(sink.bytes, 0)).to.equal(videoPid);
  });

  it('marks every key frame at its place, however the bytes are cut', () => {
    for (const size of [100, 188, 1_000, 65_536]) {
      const sink = new Sink();
      const generation = new Generation(sink, () => null);
      const clip = syntheticClip(5_000);
      for (let at = 0; at < clip.length; at += size) generation.push(Buffer.from(clip.subarray(at, at + size)), 0);
      expect(sink.entries).to.have.length(5);
      for (const { position, weak } of sink.entries) {
        expect(weak).to.equal(false);
        expect((sink.bytes[position + 5] ?? 0) & 0x40, 'random access').to.equal(0x40);
      }
    }
  });

  it('puts tables before the key frame where consumers already watch', () => {
    const sink = new Sink();
    const before = syntheticClip(400);
    sink.packets(before);
    const seam = new Seam(() => [before]);
    new Generation(sink, () => seam).push(syntheticClip(1_000), 0);
    const bytes = sink.bytes.subarray(before.length);
    expect([0, 1, 2].map((n) => pidOf(bytes, n * packetSize))).to.deep.equal([0, pmtPid, videoPid]);
    expect(sink.entries[0]?.position).to.equal(before.length + 2 * packetSize);
  });

  it('starts sound without a picture where a frame starts', () => {
    const sink = new Sink();
    const writer = new TsWriter();
    const generation = new Generation(sink, () => null);
    generation.push(Buffer.concat([writer.section(0, plainPat), writer.section(pmtPid, audioPmt)]), 0);
    for (let n = 0; n < 40; n++)
      generation.push(writer.unit(audioPid, pes(0xc0, adtsFrame(), { pts: n * 1_920 })), n * 20);
    expect(sink.entries[0]).to.include({ position: 0, atMs: 0 });
    expect(sink.entries.length).to.be.within(2, 3);
  });

  it('starts at any picture when no key frame was recognised for three seconds', () => {
    const sink = new Sink();
    const writer = new TsWriter();
    const generation = new Generation(sink, () => null);
    generation.push(Buffer.concat([writer.section(0, plainPat), writer.section(pmtPid, plainPmt)]), 0);
    for (let n = 0; n < 100; n++)
      generation.push(writer.unit(videoPid, pes(0xe0, h264Slice('p', 400), { pts: n * 3_600 }), { pcr: n }), n * 40);
    expect(sink.entries[0]).to.include({ position: 0, atMs: 3_000, weak: true });
    expect(sink.entries).to.have.length(2);
  });
});
