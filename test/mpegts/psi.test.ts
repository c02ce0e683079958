import { expect } from 'chai';
import fc from 'fast-check';
import { crc32Mpeg } from '../../src/mpegts/crc32.ts';
import { packetSize, pidOf } from '../../src/mpegts/packet.ts';
import { ProgramTables } from '../../src/mpegts/program-tables.ts';
import { buildPat, buildPmt, parsePat, parsePmt } from '../../src/mpegts/psi.ts';
import { packSection, SectionAssembler } from '../../src/mpegts/section.ts';
import { plainPat, plainPmt, pmtPid, TsWriter } from '../support/ts-builder.ts';

const language = (code: string): Buffer => Buffer.concat([Buffer.from([0x0a, 4]), Buffer.from(code), Buffer.from([0])]);

function assemble(packets: Buffer): Buffer[] {
  const assembler = new SectionAssembler();
  const found: Buffer[] = [];
  for (let offset = 0; offset < packets.length; offset += packetSize) {
    assembler.push(packets, offset, (section) => found.push(Buffer.from(section)));
  }
  return found;
}

describe('tables', () => {
  it('have the CRC of the standard', () => {
    expect(crc32Mpeg(Buffer.from('123456789'))).to.equal(0x0376e6e7);
    expect(crc32Mpeg(plainPat)).to.equal(0);
  });

  it('are read as they were built', () => {
    const programs = [
      { number: 1, pmtPid: 0x100 },
      { number: 0xffff, pmtPid: 0x1ffe },
    ];
    expect(parsePat(buildPat(programs, { version: 31 }))).to.deep.include({ programs, version: 31 });
    const pmt = parsePmt(
      buildPmt({
        programNumber: 7,
        pcrPid: 0x100,
        streams: [
          { pid: 0x100, streamType: 0x24 },
          { pid: 0x101, streamType: 0x06, descriptors: Buffer.concat([language('ger'), Buffer.from([0x6a, 1, 0])]) },
          { pid: 0x102, streamType: 0x06, descriptors: Buffer.from([0x59, 8, 0x66, 0x72, 0x61, 0x10, 0, 1, 0, 1]) },
          { pid: 0x103, streamType: 0x06, descriptors: Buffer.from([0x05, 4, 0x45, 0x41, 0x43, 0x33]) },
        ],
      }),
    );
    expect(pmt?.streams.map(({ pid, kind, codec, language: code }) => [pid, kind, codec, code])).to.deep.equal([
      [0x100, 'video', 'hevc', undefined],
      [0x101, 'audio', 'ac3', 'ger'],
      [0x102, 'subtitle', 'dvb_subtitle', 'fra'],
      [0x103, 'audio', 'eac3', undefined],
    ]);
  });

  it('are refused when a bit is wrong', () => {
    for (let n = 0; n < plainPmt.length; n++) {
      const broken = Buffer.from(plainPmt);
      broken[n] = broken[n]! ^ 0x04;
      expect(parsePmt(broken)).to.equal(null);
    }
  });

  const long = buildPmt({
    programNumber: 1,
    pcrPid: 0x100,
    streams: Array.from({ length: 40 }, (_, n) => ({ pid: 0x100 + n, streamType: 0x0f, descriptors: language('eng') })),
  });

  it('are put together from several packets', () => {
    expect(assemble(packSection(pmtPid, long, 15))).to.deep.equal([long]);
  });

  it('are found when several share a packet', () => {
    const both = Buffer.concat([plainPmt, long]);
    expect(assemble(packSection(pmtPid, both, 0))).to.deep.equal([plainPmt, long]);
  });

  it('are dropped when a packet between is lost', () => {
    const packets = packSection(pmtPid, long, 3);
    const lossy = Buffer.concat([
      packets.subarray(0, packetSize),
      packets.subarray(2 * packetSize),
      packSection(pmtPid, plainPmt, 4),
    ]);
    expect(assemble(lossy)).to.deep.equal([plainPmt]);
  });

  it('are followed when a program changes its streams', () => {
    const writer = new TsWriter();
    const tables = new ProgramTables();
    const next = buildPmt({ programNumber: 1, pcrPid: 0x200, version: 1, streams: [{ pid: 0x200, streamType: 0x1b }] });
    const changes = [plainPat, plainPmt, plainPat, plainPmt, next].map((section) => {
      const packets = writer.section(section[0] === 0 ? 0 : pmtPid, section);
      return tables.push(packets, 0, pidOf(packets, 0));
    });
    expect(changes).to.deep.equal([false, true, false, false, true]);
    expect(tables.program?.pcrPid).to.equal(0x200);
  });

  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 188, maxLength: 188 * 4 }),
        (section, noise) => {
          const bytes = Buffer.from(section);
          expect(parsePat(bytes) ?? parsePmt(bytes)).to.equal(null);
          const packets = Buffer.from(noise);
          const tables = new ProgramTables();
          for (let offset = 0; offset + packetSize <= packets.length; offset += packetSize)
            tables.push(packets, offset, 0);
          expect(tables.program).to.equal(null);
        },
      ),
    );
  });
});
