import { expect } from 'chai';
import fc from 'fast-check';
import { parseRtp } from '../../src/mpegts/rtp.ts';
import { rtpPacket } from './rtp-packets.ts';

describe('parseRtp', () => {
  it('finds the payload behind sources and an extension, and before padding', () => {
    fc.assert(
      fc.property(
        fc.record({
          sequence: fc.integer({ min: 0, max: 0xffff }),
          payloadType: fc.integer({ min: 0, max: 127 }),
          ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
          sources: fc.integer({ min: 0, max: 15 }),
          extension: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
          padding: fc.integer({ min: 0, max: 40 }),
          payload: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
        }),
        ({ extension, ...parts }) => {
          const datagram = rtpPacket({ ...parts, ...(extension === undefined ? {} : { extension }) });
          const { sequence, payloadType, ssrc, payload } = parts;
          expect(parseRtp(datagram)).to.deep.equal({ sequence, payloadType, ssrc, payload });
        },
      ),
    );
  });

  it('refuses what is cut short or of another version, and never throws', () => {
    const whole = rtpPacket({ sequence: 1, payload: Buffer.alloc(0), sources: 3, extension: 4 });
    for (let length = 0; length < whole.length; length++) expect(parseRtp(whole.subarray(0, length))).to.equal(null);
    expect(parseRtp(whole)).to.not.equal(null);
    for (const first of [0x00, 0x47, 0xc0])
      expect(parseRtp(Buffer.concat([Buffer.from([first]), whole.subarray(1)]))).to.equal(null);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const packet = parseRtp(Buffer.from(bytes));
        expect(packet === null || packet.payload.length <= bytes.length).to.equal(true);
      }),
    );
  });

  it('refuses padding that is longer than the packet, or of no length', () => {
    const padded = rtpPacket({ sequence: 1, payload: Buffer.from('ab'), padding: 4 });
    for (const length of [0, 7, 255]) {
      padded[padded.length - 1] = length;
      expect(parseRtp(padded)).to.equal(null);
    }
  });
});
