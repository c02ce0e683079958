import { expect } from 'chai';
import fc from 'fast-check';
import { Datagrams } from '../../src/mpegts/datagrams.ts';
import { TsSync } from '../../src/mpegts/sync.ts';
import { syntheticTs } from '../support/ts-builder.ts';
import { rtpPacket } from './rtp-packets.ts';

const stream = ((): Buffer => {
  const frames = syntheticTs({ bitRate: 2_000_000 });
  return Buffer.concat(Array.from({ length: 80 }, () => frames.next().value));
})();

/** The stream cut into pieces of `size` bytes. */
const cut = (size: number): Buffer[] =>
  Array.from({ length: Math.ceil(stream.length / size) }, (_, n) => stream.subarray(n * size, (n + 1) * size));

const through = (datagrams: Datagrams, all: readonly Buffer[]): Buffer =>
  Buffer.concat(all.flatMap((one, ms) => datagrams.push(one, ms)));

describe('Datagrams', () => {
  it('gives a bare stream as it came, cut at packets or not', () => {
    for (const size of [1316, 188, 1472, 1000]) {
      const datagrams = new Datagrams();
      const out = Buffer.concat(new TsSync().push(through(datagrams, cut(size))));
      expect(out.length, `cut at ${size}`).to.be.greaterThan(stream.length - 1000);
      expect(stream.includes(out)).to.equal(true);
    }
  });

  it('takes RTP apart, whatever its payload type is called', () => {
    for (const payloadType of [33, 96, 127]) {
      const datagrams = new Datagrams();
      const sent = cut(1316).map((payload, n) =>
        rtpPacket({ sequence: 65_500 + n, payload, payloadType, extension: 1 }),
      );
      expect(through(datagrams, sent).equals(stream)).to.equal(true);
      expect(datagrams.isRtp).to.equal(true);
    }
  });

  it('takes RTP apart that is not cut at packets', () => {
    const datagrams = new Datagrams();
    const sent = cut(1400).map((payload, n) => rtpPacket({ sequence: n, payload }));
    expect(stream.indexOf(through(datagrams, sent))).to.be.within(0, 1400);
    expect(datagrams.isRtp).to.equal(true);
  });

  it('ignores error correction and other payloads', () => {
    const datagrams = new Datagrams();
    const sent = cut(1316).flatMap((payload, n) => [
      rtpPacket({ sequence: n, payload }),
      rtpPacket({ sequence: 9_000 + n, payload: Buffer.alloc(1332, n), payloadType: 96, ssrc: 0 }),
      rtpPacket({ sequence: n, payload: Buffer.alloc(100, 1), payloadType: 8 }),
      Buffer.from('noise'),
    ]);
    expect(through(datagrams, sent).equals(stream)).to.equal(true);
    expect(datagrams.counts).to.include({ lost: 0, ignored: cut(1316).length * 3 });
  });

  it('follows a sender that goes over from RTP to bare packets and back', () => {
    const datagrams = new Datagrams();
    const pieces = cut(1316);
    const sent = pieces.map((payload, n) =>
      Math.floor(n / 20) % 2 === 0 ? rtpPacket({ sequence: n, payload }) : payload,
    );
    const out = through(datagrams, sent);
    // The first of RTP after bare packets only tells that they may be over.
    expect(out.length).to.be.greaterThan(stream.length - 1400 * Math.ceil(pieces.length / 40));
  });

  it('never throws, and never makes more of a datagram than it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 30 }), (all) => {
        const datagrams = new Datagrams();
        const given = all.reduce((sum, one) => sum + one.length, 0);
        expect(
          through(
            datagrams,
            all.map((one) => Buffer.from(one)),
          ).length,
        ).to.be.at.most(given);
      }),
    );
  });
});
