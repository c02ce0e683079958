import { expect } from 'chai';
import fc from 'fast-check';
import { RtpOrder } from '../../src/mpegts/rtp-order.ts';

const packet = (sequence: number, ssrc = 1) => ({
  sequence: sequence & 0xffff,
  payloadType: 33,
  ssrc,
  payload: Buffer.from(`${sequence}.`),
});

/** What comes out for these sequence numbers, one packet each millisecond. */
function order(sequences: readonly number[], options?: { depth?: number; waitMs?: number }) {
  const rtp = new RtpOrder(options);
  const out = sequences.flatMap((sequence, ms) => rtp.push(packet(sequence), ms));
  return { text: Buffer.concat([...out, ...rtp.flush()]).toString(), ...rtp.counts };
}

describe('RtpOrder', () => {
  it('hands on what comes in order, over the end of the numbers', () => {
    expect(order([65_534, 65_535, 65_536, 65_537])).to.deep.equal({
      text: '65534.65535.65536.65537.',
      lost: 0,
      dropped: 0,
      reordered: 0,
    });
  });

  it('puts back in order, and drops what comes twice', () => {
    expect(order([10, 12, 12, 13, 11, 11, 14])).to.deep.equal({
      text: '10.11.12.13.14.',
      lost: 0,
      dropped: 2,
      reordered: 1,
    });
  });

  it('gives up a gap when enough lies behind it, and drops what comes too late', () => {
    const { text, lost, dropped } = order([1, 3, 4, 5, 6, 2, 7], { depth: 4 });
    expect({ text, lost, dropped }).to.deep.equal({ text: '1.3.4.5.6.7.', lost: 1, dropped: 1 });
  });

  it('gives up a gap after a time', () => {
    const rtp = new RtpOrder({ waitMs: 200 });
    rtp.push(packet(1), 0);
    expect(rtp.push(packet(3), 10)).to.deep.equal([]);
    expect(rtp.push(packet(4), 209)).to.deep.equal([]);
    expect(Buffer.concat(rtp.push(packet(5), 210)).toString()).to.equal('3.4.5.');
    expect(rtp.counts.lost).to.equal(1);
  });

  it('does not take a single stray number for a new beginning, but two in a row', () => {
    const { text, lost, dropped } = order([1, 30_000, 2, 3, 20_000, 20_001, 20_002]);
    expect({ text, lost, dropped }).to.deep.equal({ text: '1.2.3.20001.20002.', lost: 0, dropped: 2 });
  });

  it('begins anew with another sender, without a loss', () => {
    const rtp = new RtpOrder();
    const out = [packet(7), packet(8), packet(500, 2), packet(501, 2)].flatMap((one) => rtp.push(one, 0));
    expect(Buffer.concat(out).toString()).to.equal('7.8.500.501.');
    expect(rtp.counts.lost).to.equal(0);
  });

  it('gives rising numbers without repeats, all that came in time, and accounts for the rest', () => {
    const arbitrary = fc.record({
      start: fc.integer({ min: 0, max: 0xffff }),
      length: fc.integer({ min: 1, max: 200 }),
      // How far each packet is late, and whether it is lost or doubled.
      fates: fc.array(fc.record({ late: fc.integer({ min: 0, max: 8 }), lost: fc.boolean(), twice: fc.boolean() }), {
        minLength: 200,
        maxLength: 200,
      }),
      losses: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, ({ start, length, fates, losses }) => {
        const sent = Array.from({ length }, (_, n) => n);
        const arrived = sent
          .filter((n) => n === 0 || !losses || fates[n]?.lost !== true)
          .flatMap((n) => (n > 0 && fates[n]?.twice ? [n, n] : [n]))
          .map((n) => ({ n, at: n === 0 ? -1 : n + (fates[n]?.late ?? 0) }))
          .sort((a, b) => a.at - b.at)
          .map(({ n }) => n);
        const { text, lost } = order(
          arrived.map((n) => start + n),
          { depth: 32, waitMs: 1e9 },
        );
        const got = text
          .split('.')
          .slice(0, -1)
          .map((one) => Number(one) - start);
        expect(got).to.deep.equal([...new Set(arrived)].sort((a, b) => a - b));
        expect(lost).to.equal((got.at(-1) ?? 0) + 1 - got.length);
      }),
    );
  });
});
