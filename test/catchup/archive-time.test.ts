import { expect } from 'chai';
import fc from 'fast-check';
import { parseTime, wishedTime } from '../../src/catchup/archive-time.ts';
import { CoaxError } from '../../src/errors.ts';

const at = (iso: string): number => Date.parse(iso) / 1000;
const evening = at('2026-01-31T20:15:00Z');

describe('times of an archive', () => {
  for (const [text, iso] of [
    ['2026-01-31:20-15', '2026-01-31T20:15:00Z'],
    ['2026-01-31:20-15-30', '2026-01-31T20:15:30Z'],
    ['2026-01-31_20-15', '2026-01-31T20:15:00Z'],
    ['2026-01-31:20:15', '2026-01-31T20:15:00Z'],
    ['2026-01-31:20:15:30', '2026-01-31T20:15:30Z'],
    ['2026-01-31 20:15', '2026-01-31T20:15:00Z'],
    ['2026-01-31 20:15:30', '2026-01-31T20:15:30Z'],
    ['2026-01-31T20:15:30', '2026-01-31T20:15:30Z'],
    ['2026-01-31T20:15:30Z', '2026-01-31T20:15:30Z'],
    ['2026-01-31T20:15:30.250Z', '2026-01-31T20:15:30Z'],
    ['2026-01-31T21:15:00+01:00', '2026-01-31T20:15:00Z'],
    ['2026-01-31T14:45:00-0530', '2026-01-31T20:15:00Z'],
    ['20260131201530', '2026-01-31T20:15:30Z'],
    ['20260131201530 +0100', '2026-01-31T19:15:30Z'],
    [String(evening), '2026-01-31T20:15:00Z'],
    [`${evening}123`, '2026-01-31T20:15:00Z'],
  ] as const) {
    it(`are read: ${text}`, () => {
      expect(parseTime(text)).to.equal(at(iso));
    });
  }

  for (const text of ['', 'now', '2026-02-30:20-15', '2026-13-01 20:15', '2026-01-31', '2026-01-31:25-00', '-5', '12'])
    it(`are refused: ${text === '' ? 'nothing' : text}`, () => {
      expect(parseTime(text)).to.equal(undefined);
    });

  it('read back as they were written, in every form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e9, max: 4e9 }), (unix) => {
        const iso = new Date(unix * 1000).toISOString().slice(0, 19);
        const forms = [
          iso,
          iso.replace('T', ' '),
          iso.replace('T', ':'),
          iso.replace('T', ':').replace(/(\d\d):(\d\d):(\d\d)$/, '$1-$2-$3'),
          `${iso}Z`,
        ];
        for (const form of forms) expect(parseTime(form), form).to.equal(unix);
      }),
    );
  });

  const wished = (query: Record<string, string>, programmeEnd?: number) => {
    const { startUnix, endUnix } = wishedTime(query, { bufferMin: 5, programmeEnd: () => programmeEnd });
    return [startUnix - evening, endUnix - evening];
  };
  const start = String(evening);
  for (const [why, query, programme, expected] of [
    ['an end counts as it is', { start, end: String(evening + 1_800) }, undefined, [0, 1_800]],
    ['a duration is in minutes and gets the buffer', { start, duration: '30' }, undefined, [0, 2_100]],
    ['a duration has a bound', { start, duration: '6000' }, undefined, [0, 28_800]],
    ['else the programme counts, with the buffer', { start }, evening + 3_600, [0, 3_900]],
    ['else it is two hours', { start }, undefined, [0, 7_200]],
    ['an offset begins later', { start, end: String(evening + 1_800), offset: '600' }, undefined, [600, 1_800]],
    ['the length is bounded', { start, end: String(evening + 86_400 * 3) }, undefined, [0, 43_200]],
  ] as const) {
    it(`make a piece: ${why}`, () => {
      expect(wished(query, programme)).to.deep.equal(expected);
    });
  }

  for (const query of [
    {},
    { start: 'x' },
    { start, end: start },
    { start, end: 'x' },
    { start, duration: '-1' },
    { start, end: String(evening + 60), offset: '60' },
  ])
    it(`make none: ${JSON.stringify(query)}`, () => {
      expect(() => wished(query))
        .to.throw(CoaxError)
        .with.property('code', 'BAD_REQUEST');
    });
});
