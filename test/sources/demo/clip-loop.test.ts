import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { CodecReader } from '../../../src/mpegts/codec-reader.ts';
import { KeyFrameFinder } from '../../../src/mpegts/key-frames.ts';
import {
  continuityOf,
  hasPayload,
  isUnitStart,
  packetSize,
  payloadOffset,
  pcrOf,
  pidOf,
  syncByte,
} from '../../../src/mpegts/packet.ts';
import { isPesStart, ptsOf } from '../../../src/mpegts/pes.ts';
import { pcrDifference, ptsDifference, ptsWrap } from '../../../src/mpegts/time.ts';
import { ClipLoop, loopTicks } from '../../../src/sources/demo/clip-loop.ts';
import { clipNames, loadClip } from '../../../src/sources/demo/clips.ts';
import { hasFfmpeg, needsFfmpeg, runWith } from '../../support/ffmpeg.ts';

const folder = join(import.meta.dirname, '../../../src/sources/demo/clips');
const clipOf = (name: string): Buffer => readFileSync(join(folder, `${name}.mpegts`));
const audioPid = 0x102;

/** A start so that the wrap comes in the third loop. */
const beforeWrap = ptsWrap - 2.5 * loopTicks;

function* packetsOf(bytes: Buffer): Generator<number> {
  for (let offset = 0; offset < bytes.length; offset += packetSize) yield offset;
}

describe('ClipLoop', () => {
  it('is made of clips of 500 kB in all', () => {
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.length).to.equal(clipNames.length);
    expect(sizes.reduce((a, b) => a + b, 0)).to.be.at.most(500_000);
  });

  for (const name of clipNames) {
    describe(`of ${name}`, () => {
      const bytes = new ClipLoop(clipOf(name), { startTicks: beforeWrap }).read(0, 6400 * 4);

      it('starts with PAT, PMT and a random access point', () => {
        expect([0, 1, 2].map((n) => pidOf(bytes, n * packetSize))).to.deep.equal([0, 0x100, 0x101]);
        expect(bytes[2 * packetSize + 5]! & 0x40).to.equal(0x40);
      });

      it('can be joined every 1.6 seconds and tells its codecs', () => {
        const points = new KeyFrameFinder().push(bytes);
        expect(points.length).to.equal(16);
        points.slice(1).forEach(({ pts }, n) => expect(ptsDifference(pts, points[n]!.pts)).to.equal(144_000));
        const reader = new CodecReader();
        expect(reader.push(bytes)).to.equal('complete');
        expect(reader.facts()?.video[0]).to.deep.include({ codec: 'h264', profile: 'High', frameRate: 25 });
        expect(reader.facts()?.audio[0]).to.deep.include({ codec: 'aac', channels: 2, sampleRate: 48_000 });
        expect(reader.facts()?.bitRate).to.be.closeTo(new ClipLoop(clipOf(name)).bitRate, 100);
      });

      it('has exact continuity counters over the seams', () => {
        const last = new Map<number, number>();
        for (const offset of packetsOf(bytes)) {
          expect(bytes[offset]).to.equal(syncByte);
          const pid = pidOf(bytes, offset);
          const expected = last.get(pid);
          if (expected !== undefined && hasPayload(bytes, offset)) {
            expect(continuityOf(bytes, offset)).to.equal((expected + 1) % 16);
          }
          last.set(pid, continuityOf(bytes, offset));
        }
      });

      it('has a PCR that moves with the bytes, over seam and wrap', () => {
        let first = -1;
        let firstOffset = 0;
        let previous = 0;
        const ticksPerByte = (loopTicks * 300) / clipOf(name).length;
        for (const offset of packetsOf(bytes)) {
          const pcr = pcrOf(bytes, offset);
          if (pcr < 0) continue;
          if (first < 0) [first, firstOffset] = [pcr, offset];
          expect(Math.abs(pcrDifference(pcr, first) - (offset - firstOffset) * ticksPerByte)).to.be.below(2);
          expect((offset - previous) * ticksPerByte).to.be.below(0.1 * 27_000_000);
          previous = offset;
        }
      });

      it('has neither gap nor overlap in the PTS of sound and picture', () => {
        const steps = new Map<number, Set<number>>();
        const last = new Map<number, number>();
        for (const offset of packetsOf(bytes)) {
          const start = payloadOffset(bytes, offset);
          if (!isUnitStart(bytes, offset) || !isPesStart(bytes, start, offset + packetSize)) continue;
          const pid = pidOf(bytes, offset);
          const pts = ptsOf(bytes, start, offset + packetSize);
          const before = last.get(pid);
          if (before !== undefined) steps.set(pid, (steps.get(pid) ?? new Set()).add(ptsDifference(pts, before)));
          last.set(pid, pts);
        }
        expect([...(steps.get(0x101) ?? [])]).to.deep.equal([3600]);
        expect([...(steps.get(audioPid) ?? [])]).to.deep.equal([6 * 1920]);
      });

      for (const [where, startTicks] of [
        ['', 0],
        [' over the 33-bit wrap', ptsWrap - 20 * 90_000],
      ] as const) {
        it(`is decoded for ten loops${where} without a warning${needsFfmpeg}`, async function () {
          if (!hasFfmpeg) this.skip();
          const stream = new ClipLoop(clipOf(name), { startTicks }).read(0, 64_000);
          const args = ['-v', 'warning', '-xerror', '-threads', '1', '-i', '-', '-f', 'null', '-'];
          expect(await runWith('ffmpeg', args, stream)).to.deep.equal({ code: 0, stdout: '', stderr: '' });
        });
      }
    });
  }

  it('gives the same bytes however it is read', () => {
    const loop = loadClip('bars');
    const whole = loop.read(0, 20_000);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 8 }), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), 20_000];
        const parts = edges.slice(1).map((to, n) => loop.read(edges[n]!, to));
        expect(Buffer.concat(parts).equals(whole)).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a clip it does not have', () => {
    expect(() => loadClip('../../errors'))
      .to.throw('no demo clip')
      .with.property('code', 'NO_STREAM');
  });
});
