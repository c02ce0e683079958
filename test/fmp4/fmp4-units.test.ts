import { expect } from 'chai';
import fc from 'fast-check';
import { CoaxError } from '../../src/errors.ts';
import { toAnnexB } from '../../src/fmp4/annex-b.ts';
import { readAsc, withAdts } from '../../src/fmp4/asc.ts';
import { type Fmp4Unit, Fmp4Units } from '../../src/fmp4/units.ts';

const u32 = (...values: readonly number[]): Buffer => {
  const out = Buffer.alloc(values.length * 4);
  values.forEach((value, n) => out.writeInt32BE(value | 0, n * 4));
  return out;
};
const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
};

const avcC = box('avcC', Buffer.from([1, 100, 0, 31, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 3]));
const entryOf = (format: string): Buffer => box(format, Buffer.alloc(78), avcC);

interface Made {
  readonly format?: string;
  readonly elst?: Buffer;
  readonly timescale?: number;
}

function moov({ format = 'avc1', elst, timescale = 1_000 }: Made = {}): Buffer {
  const stsd = box('stsd', u32(0, 1), entryOf(format));
  const mdhd = box('mdhd', u32(0, 0, 0, timescale, 0), Buffer.from([0x55, 0xc4, 0, 0]));
  const hdlr = box('hdlr', u32(0, 0), Buffer.from('vide'), Buffer.alloc(13));
  const mdia = box('mdia', mdhd, hdlr, box('minf', box('stbl', stsd)));
  const trak = box(
    'trak',
    box('tkhd', u32(0, 0, 0, 7), Buffer.alloc(68)),
    ...(elst === undefined ? [] : [box('edts', elst)]),
    mdia,
  );
  const trex = box('trex', u32(0, 7, 1, 40, 0, 0x10000));
  return box('moov', box('mvhd', u32(0, 0, 0, 600), Buffer.alloc(84)), trak, box('mvex', trex));
}

const nal = (type: number, size = 4): Buffer =>
  Buffer.concat([u32(size), Buffer.from([type]), Buffer.alloc(size - 1, 9)]);

/** A fragment of samples with a composition offset each. */
function fragment(
  tfdt: number,
  samples: readonly { readonly data: Buffer; readonly offset?: number }[],
  { v1 = true } = {},
): Buffer {
  const head = box('tfhd', u32(0x020000, 7));
  const time = v1 ? box('tfdt', u32(0x01000000, Math.floor(tfdt / 2 ** 32), tfdt)) : box('tfdt', u32(0, tfdt));
  const entries = samples.flatMap(({ data, offset = 0 }) => [data.length, offset]);
  const trun = (at: number): Buffer => box('trun', u32(0x01000a05, samples.length, at, 0x02000000, ...entries));
  const moof = (at: number): Buffer => box('moof', box('mfhd', u32(0, 1)), box('traf', head, time, trun(at)));
  const length = moof(0).length;
  return Buffer.concat([moof(length + 8), box('mdat', ...samples.map(({ data }) => data))]);
}

function read(file: Buffer, size = file.length): Fmp4Unit[] {
  const units = new Fmp4Units();
  const out: Fmp4Unit[] = [];
  for (let at = 0; at < file.length; at += size) out.push(...units.push(file.subarray(at, at + size)));
  return out;
}

const samples = [{ data: nal(0x65), offset: 40 }, { data: nal(0x41, 9), offset: 80 }, { data: nal(0x01, 5) }];
const file = Buffer.concat([moov(), fragment(500, samples)]);

describe('Access units of fragmented MP4', () => {
  it('have start codes, a delimiter, the parameter sets at a key frame, and times in 90 kHz', () => {
    const units = read(file);
    expect(units.map(({ pts, dts, isKey }) => [pts, dts, isKey])).to.deep.equal([
      [540 * 90, 500 * 90, true],
      [620 * 90, 540 * 90, false],
      [580 * 90, 580 * 90, false],
    ]);
    expect(units[0]?.data.toString('hex')).to.equal('0000000109f0000000016701020000000168030000000165090909');
    expect(units[1]?.data.toString('hex')).to.equal('0000000109f000000001410909090909090909');
  });

  it('are the same however the bytes come', () => {
    const whole = read(file);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: file.length }), (size) => {
        expect(read(file, size)).to.deep.equal(whole);
      }),
    );
  });

  it('keep their distance where the clock has more digits than a number', () => {
    const at = 1_790_000_000 * 10_000_000;
    const big = Buffer.concat([moov({ timescale: 10_000_000 }), fragment(at, samples)]);
    expect(read(big)[0]?.dts).to.be.closeTo(1_790_000_000 * 90_000, 1);
  });

  const empty = u32(300, -1, 0x10000);
  for (const [what, elst, first] of [
    ['takes a start away', box('elst', u32(0, 1, 0, 100, 0x10000)), 400],
    ['adds a delay', box('elst', u32(0, 2), empty, u32(0, 100, 0x10000)), 900],
    ['has 64 bits', box('elst', u32(0x01000000, 1, 0, 0, 0, 100, 0x10000)), 400],
  ] as const)
    it(`have the times of an edit list that ${what}`, () => {
      const [unit] = read(Buffer.concat([moov({ elst }), fragment(500, samples)]));
      expect(unit?.dts).to.equal(first * 90);
    });

  it('decode earlier instead of showing before they are decoded', () => {
    const early = [{ data: nal(0x65) }, { data: nal(0x41), offset: -60 }];
    const units = read(Buffer.concat([moov(), fragment(500, early)]));
    expect(units.map(({ pts, dts }) => [pts / 90, dts / 90])).to.deep.equal([
      [500, 440],
      [480, 480],
    ]);
  });

  it('go on where no box tells the time', () => {
    const head = fragment(500, samples);
    const second = Buffer.from(fragment(0, samples));
    second.write('free', second.indexOf('tfdt'));
    expect(read(Buffer.concat([moov(), head, second])).map(({ dts }) => dts / 90)).to.deep.equal([
      500, 540, 580, 620, 660, 700,
    ]);
  });

  it('take other parameter sets from another initialization section', () => {
    const changed = Buffer.from(moov());
    changed[changed.indexOf('avcC') + 4 + 8] = 0x67;
    changed[changed.indexOf('avcC') + 4 + 9] = 0x77;
    const units = read(Buffer.concat([file, changed, fragment(700, samples)]));
    expect(units[0]?.data.includes(Buffer.from('670102', 'hex'))).to.equal(true);
    expect(units[3]?.data.includes(Buffer.from('677702', 'hex'))).to.equal(true);
  });

  for (const [what, format, said] of [
    ['is encrypted', 'encv', 'DRM'],
    ['is in a codec that can not be carried', 'vp09', 'vp09'],
  ] as const)
    it(`are refused where the picture ${what}`, () => {
      const stsd =
        format === 'encv'
          ? moov({ format })
          : Buffer.from(moov({ format }).toString('latin1').replace('avcC', 'vpcC'), 'latin1');
      expect(() => read(Buffer.concat([stsd, fragment(0, samples)])))
        .to.throw(CoaxError)
        .with.property('message')
        .that.includes(said);
    });

  it('are no more than a fragment can hold, whatever it says', () => {
    const runs = Array.from({ length: 2_000 }, () => box('trun', u32(0, 0x7fffffff)));
    const moof = box('moof', box('traf', box('tfhd', u32(0x020010, 7, 1)), ...runs));
    expect(read(Buffer.concat([moov(), moof, box('mdat', Buffer.alloc(50))])).length).to.be.below(60);
  });

  it('end in an error of ours or in nothing, however the file is damaged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        (changes, size) => {
          const bytes = Buffer.from(file);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            for (const { data } of read(bytes, size)) expect(data.length).to.be.below(bytes.length * 2);
          } catch (error) {
            expect(error).to.be.instanceOf(CoaxError);
          }
        },
      ),
    );
  });
});

describe('A sample with lengths', () => {
  const codec = { name: 'h264', lengthSize: 2, parameterSets: Buffer.from([0, 0, 0, 1, 0x67]) } as const;
  const units = (...list: readonly (readonly number[])[]): Buffer =>
    Buffer.concat(list.map((each) => Buffer.from([0, each.length, ...each])));
  for (const [what, sample, isSync, hex, isKey] of [
    ['has its own delimiter in front', units([9, 0xf0], [0x65, 1]), false, '0000000109f00000000167000000016501', true],
    ['brings its own sets', units([0x67, 5], [0x65, 1]), true, '0000000109f0000000016705000000016501', true],
    ['is a key frame because it says so', units([0x41, 1]), true, '0000000109f00000000167000000014101', true],
    ['is none', units([0x41, 1]), false, '0000000109f0000000014101', false],
    [
      'is cut short',
      Buffer.concat([units([0x41, 1]), Buffer.from([0, 9, 1])]),
      false,
      '0000000109f0000000014101',
      false,
    ],
    ['has an empty unit', units([], [0x41]), false, '0000000109f00000000141', false],
  ] as const)
    it(`becomes one with start codes: it ${what}`, () => {
      const made = toAnnexB(sample, codec, isSync);
      expect([made.data.toString('hex'), made.isKey]).to.deep.equal([hex, isKey]);
    });
});

describe('An AudioSpecificConfig', () => {
  for (const [what, hex, expected] of [
    ['AAC-LC 48 kHz stereo', '1190', { profile: 1, rateIndex: 3, channels: 2 }],
    ['HE-AAC, told outright', '2b118800', { profile: 1, rateIndex: 6, channels: 2 }],
    ['a rate written out', '17805dc010', { profile: 1, rateIndex: 3, channels: 2 }],
    ['channels in the config itself', '1180', null],
    ['xHE-AAC', 'f94640', null],
    ['nothing', '', null],
  ] as const)
    it(`is read: ${what}`, () => {
      expect(readAsc(Buffer.from(hex, 'hex'))).to.deep.equal(expected);
    });

  it('makes the header of a frame', () => {
    expect(withAdts(Buffer.alloc(100), { profile: 1, rateIndex: 3, channels: 2 }).toString('hex', 0, 7)).to.equal(
      'fff14c800d7ffc',
    );
  });
});
