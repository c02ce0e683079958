import { expect } from 'chai';
import fc from 'fast-check';
import { continuityOf, packetSize, pcrOf, pidOf, setPcr } from '../../src/mpegts/packet.ts';
import { dtsOf, ptsOf, readPesHeader, readStamp, writeStamp } from '../../src/mpegts/pes.ts';
import { Restamper, shiftTimes } from '../../src/mpegts/restamp.ts';
import { pcrDifference, pcrWrap, ptsDifference, ptsWrap, wrapPts } from '../../src/mpegts/time.ts';
import { pes, syntheticClip, TsWriter, videoPid } from '../support/ts-builder.ts';

describe('time stamps', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: ptsWrap - 1 }), fc.integer({ min: 0, max: pcrWrap - 1 }), (pts, pcr) => {
        const bytes = Buffer.alloc(packetSize, 0xff);
        writeStamp(bytes, 20, pts);
        expect(readStamp(bytes, 20)).to.equal(pts);
        bytes.set([0x47, 0, 0, 0x30, 7, 0x10]);
        setPcr(bytes, 0, pcr);
        expect(pcrOf(bytes, 0)).to.equal(pcr);
      }),
    );
  });

  it('are compared along the shorter way round', () => {
    expect(ptsDifference(5, ptsWrap - 5)).to.equal(10);
    expect(ptsDifference(ptsWrap - 5, 5)).to.equal(-10);
    expect(pcrDifference(300, pcrWrap - 300)).to.equal(600);
  });

  it('are read from a PES header with PTS and DTS', () => {
    const unit = pes(0xe0, Buffer.from([1, 2, 3]), { pts: ptsWrap - 1, dts: 12_345 });
    expect(readPesHeader(unit, 0, unit.length)).to.deep.equal({
      streamId: 0xe0,
      pts: ptsWrap - 1,
      dts: 12_345,
      payloadStart: 19,
    });
  });

  it('are moved over the 33-bit wrap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: ptsWrap - 1 }),
        fc.integer({ min: -ptsWrap, max: ptsWrap }),
        (pts, shift) => {
          const packet = new TsWriter().unit(videoPid, pes(0xe0, Buffer.alloc(10), { pts, dts: pts }), {
            pcr: pts * 300,
          });
          shiftTimes(packet, 0, shift);
          const start = packet.length - 29;
          expect(pcrOf(packet, 0)).to.equal(wrapPts(pts + shift) * 300);
          expect(ptsOf(packet, start, packetSize)).to.equal(wrapPts(pts + shift));
          expect(dtsOf(packet, start, packetSize)).to.equal(wrapPts(pts + shift));
        },
      ),
    );
  });
});

describe('Restamper', () => {
  function counters(bytes: Buffer): Map<number, number[]> {
    const found = new Map<number, number[]>();
    for (let offset = 0; offset < bytes.length; offset += packetSize) {
      const pid = pidOf(bytes, offset);
      found.set(pid, [...(found.get(pid) ?? []), continuityOf(bytes, offset)]);
    }
    return found;
  }

  it('lets the counters of every PID go on over a seam', () => {
    const restamper = new Restamper();
    const clip = syntheticClip(1240);
    const first = restamper.copy(clip);
    restamper.splice(1240 * 90);
    const second = restamper.copy(clip.subarray(0, clip.length - 3 * packetSize));
    restamper.splice(2480 * 90);
    for (const list of counters(Buffer.concat([first, second, restamper.copy(clip)])).values()) {
      list.slice(1).forEach((counter, n) => expect(counter).to.equal((list[n]! + 1) % 16));
    }
  });

  it('keeps a gap inside a piece', () => {
    const clip = syntheticClip(400);
    const gap = Buffer.concat([clip.subarray(0, 20 * packetSize), clip.subarray(23 * packetSize)]);
    expect(counters(new Restamper().copy(gap))).to.deep.equal(counters(gap));
  });

  it('leaves what it was given as it was', () => {
    const clip = syntheticClip(400);
    const before = Buffer.from(clip);
    const restamper = new Restamper();
    restamper.splice(900);
    expect(restamper.copy(clip).equals(before)).to.equal(false);
    expect(clip.equals(before)).to.equal(true);
  });
});
