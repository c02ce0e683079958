import { expect } from 'chai';
import fc from 'fast-check';
import { packetSize } from '../../src/mpegts/packet.ts';
import { buildPat, buildPmt } from '../../src/mpegts/psi.ts';
import { PidSwaps } from '../../src/mpegts/pid-swaps.ts';
import { packSection } from '../../src/mpegts/section.ts';
import { SectionTurn } from '../../src/mpegts/section-turn.ts';

function turned(packets: Buffer, turn: number, swaps: PidSwaps | null = null): Buffer {
  const section = new SectionTurn(turn, swaps);
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

  it('names the PIDs that streams are given, the CRC included, in however many packets', () => {
    const pid = fc.integer({ min: 32, max: 8190 });
    const stream = fc.record({ pid, descriptors: fc.uint8Array({ maxLength: 300 }) });
    const streams = fc.uniqueArray(stream, { selector: (each) => each.pid, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(streams, pid, fc.nat(31), (all, first, turn) => {
        const program = (pids: readonly number[]) => ({
          number: 1,
          pmtPid: 0x1f0,
          pcrPid: pids[0] ?? 0,
          streams: pids.map((each) => ({
            pid: each,
            streamType: 27,
            kind: 'video' as const,
            codec: 'h264',
            descriptors: Buffer.alloc(0),
          })),
        });
        const swaps = PidSwaps.between(program([first]), program(all.map((each) => each.pid)));
        const to = (each: number): number => swaps?.of(each) ?? each;
        const pmt = (version: number, mapped: (each: number) => number) =>
          buildPmt({
            programNumber: 1,
            pcrPid: mapped(all[0]?.pid ?? 0),
            streams: all.map(({ pid: own, descriptors }) => ({ pid: mapped(own), streamType: 27, descriptors })),
            version,
          });
        const pack = (version: number, mapped: (each: number) => number) => packSection(0x1f0, pmt(version, mapped), 9);
        expect(to(all[0]?.pid ?? 0)).to.equal(first);
        expect(turned(pack(0, Number), turn, swaps).equals(pack(turn, to))).to.equal(true);
        const programs = all.map(({ pid: pmtPid }, n) => ({ number: n + 1, pmtPid }));
        const pat = packSection(0, buildPat(programs), 3);
        const wanted = buildPat(
          programs.map((each) => ({ ...each, pmtPid: to(each.pmtPid) })),
          { version: turn },
        );
        expect(turned(pat, turn, swaps).equals(packSection(0, wanted, 3))).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });
});
