import { expect } from 'chai';
import fc from 'fast-check';
import { packetSize } from '../../src/mpegts/packet.ts';
import { buildPat, buildPmt } from '../../src/mpegts/psi.ts';
import { packSection } from '../../src/mpegts/section.ts';
import { SectionTurn } from '../../src/mpegts/section-turn.ts';

function turned(packets: Buffer, turn: number): Buffer {
  const section = new SectionTurn(turn);
  const out = Buffer.from(packets);
  for (let offset = 0; offset < out.length; offset += packetSize) section.apply(out, offset);
  return out;
}

describe('SectionTurn', () => {
  it('gives the section that has the other version, its CRC included, in however many packets', () => {
    const pids = fc.array(fc.integer({ min: 32, max: 8190 }), { minLength: 1, maxLength: 150 });
    const version = fc.nat(31);
    fc.assert(
      fc.property(pids, version, fc.nat(31), (all, from, turn) => {
        const pmt = (number: number) =>
          packSection(
            0x1000,
            buildPmt({
              programNumber: 1,
              pcrPid: 32,
              streams: all.map((pid) => ({ pid, streamType: 27 })),
              version: number,
            }),
            9,
          );
        const twice = Buffer.concat([pmt(from), pmt(from)]);
        const wanted = pmt((from + turn) % 32);
        expect(turned(twice, turn).equals(Buffer.concat([wanted, wanted]))).to.equal(true);
        const pat = (number: number) => packSection(0, buildPat([{ number: 1, pmtPid: 32 }], { version: number }), 3);
        expect(turned(pat(from), turn).equals(pat((from + turn) % 32))).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });
});
