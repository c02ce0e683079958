import { expect } from 'chai';
import fc from 'fast-check';
import { isUnitStart, packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { UnitTail } from '../../src/mpegts/unit-tail.ts';
import { audioPid, pes, syntheticClip, TsWriter, videoPid } from '../support/ts-builder.ts';

/** Packets in pieces of odd sizes. */
function pieces(clip: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0, n = 0; at < clip.length; n++) {
    const bytes = packetSize * (sizes[n % sizes.length] ?? 1);
    out.push(clip.subarray(at, at + bytes));
    at += bytes;
  }
  return out;
}

const starts = (bytes: Buffer, pid: number): number =>
  Array.from({ length: bytes.length / packetSize }, (_, n) => n * packetSize).filter(
    (at) => pidOf(bytes, at) === pid && isUnitStart(bytes, at),
  ).length;

describe('UnitTail', () => {
  it('lets everything out in order, whatever the pieces, and holds nothing once each unit has told its end', () => {
    const clip = syntheticClip(2_000, { bitRate: 400_000 });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        const tail = new UnitTail();
        const out = pieces(clip, sizes).flatMap((piece) => tail.push(piece, 0));
        expect(Buffer.concat(out).equals(clip)).to.equal(true);
        expect(tail.flush()).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out a unit that broke off, and keeps those that were complete beside it', () => {
    const writer = new TsWriter();
    const first = writer.unit(videoPid, pes(0xe0, Buffer.alloc(1_000, 1), { pts: 0 }), { pcr: 0 });
    const second = writer.unit(videoPid, pes(0xe0, Buffer.alloc(4_000, 2), { pts: 3_600 }), { pcr: 1 });
    const sound = writer.unit(audioPid, pes(0xc0, Buffer.alloc(300, 3), { pts: 0 }));
    const half = Buffer.concat([
      second.subarray(0, 5 * packetSize),
      sound,
      second.subarray(5 * packetSize, 9 * packetSize),
    ]);
    const tail = new UnitTail();
    const before = tail.push(first, 0);
    expect(Buffer.concat([...before, ...tail.push(half, 10)]).equals(first)).to.equal(true);
    expect(Buffer.concat(tail.finish()).equals(sound)).to.equal(true);
  });

  it('keeps half a unit where nothing follows', () => {
    const writer = new TsWriter();
    const half = writer
      .unit(videoPid, pes(0xe0, Buffer.alloc(4_000, 2), { pts: 0 }), { pcr: 0 })
      .subarray(0, 5 * packetSize);
    const tail = new UnitTail();
    expect(tail.push(half, 0)).to.deep.equal([]);
    expect(Buffer.concat(tail.flush()).equals(half)).to.equal(true);
  });

  it('never ends in the middle of a picture, wherever the stream breaks off', () => {
    const clip = syntheticClip(1_000, { bitRate: 800_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: clip.length / packetSize }), (count) => {
        const tail = new UnitTail();
        const cut = clip.subarray(0, count * packetSize);
        const out = Buffer.concat([...tail.push(cut, 0), ...tail.finish()]);
        const whole = new UnitTail();
        const again = Buffer.concat(whole.push(out, 0));
        expect(again.equals(out), 'every unit is complete').to.equal(true);
        expect(starts(out, videoPid)).to.be.within(starts(cut, videoPid) - 1, starts(cut, videoPid));
      }),
      { numRuns: 60 },
    );
  });

  it('holds a picture back for a moment only', () => {
    const writer = new TsWriter();
    // Exactly as many bytes as packets hold: nothing tells its end.
    const picture = writer.unit(videoPid, pes(0xe0, Buffer.alloc(184 * 3 - 14, 2), { pts: 0 }));
    const sound = (): Buffer => writer.unit(audioPid, pes(0xc0, Buffer.alloc(300, 3), { pts: 0 }));
    const tail = new UnitTail();
    expect(tail.push(picture, 0)).to.deep.equal([]);
    expect(tail.push(sound(), 100)).to.deep.equal([]);
    expect(Buffer.concat(tail.push(sound(), 210)).length).to.be.above(picture.length);
    expect(tail.push(sound(), 220)).to.have.length(1);
  });
});
