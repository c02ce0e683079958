import { expect } from 'chai';
import fc from 'fast-check';
import { asDay, asDurationSec, asEpoch, asMinutesSec, asYear, dateTextToUnix } from '../../src/sources/lenient-time.ts';

const utc = (text: string): number => Date.parse(text) / 1000;

describe('lenient times', () => {
  for (const [value, zone, expected] of [
    ['1735689600', undefined, 1_735_689_600],
    [1_735_689_600, undefined, 1_735_689_600],
    [1_735_689_600_123, undefined, 1_735_689_600],
    ['1735689600000', undefined, 1_735_689_600],
    ['22/05/2024 10:00:00', undefined, utc('2024-05-22T10:00:00Z')],
    ['22.5.2024', undefined, utc('2024-05-22T00:00:00Z')],
    ['2024-01-01 12:00:00', 'Europe/Amsterdam', utc('2024-01-01T11:00:00Z')],
    ['2024-07-01 12:00:00', 'Europe/Amsterdam', utc('2024-07-01T10:00:00Z')],
    ['2024-07-01 12:00:00', 'UTC-03:30', utc('2024-07-01T15:30:00Z')],
    ['20251218123000', undefined, utc('2025-12-18T12:30:00Z')],
    [20_251_218_123_000, undefined, undefined],
    ['20251218123000 +0100', undefined, utc('2025-12-18T11:30:00Z')],
    ['2024-07-01T12:00:00.000Z', 'Europe/Amsterdam', utc('2024-07-01T12:00:00Z')],
    ['2024-07-01T12:00:00+02:00', undefined, utc('2024-07-01T10:00:00Z')],
    ['0', undefined, undefined],
    ['', undefined, undefined],
    [null, undefined, undefined],
    ['N/A', undefined, undefined],
    ['0000-00-00 00:00:00', undefined, undefined],
    ['31/13/2024', undefined, undefined],
    [-5, undefined, undefined],
    [[], undefined, undefined],
  ] as const) {
    it(`reads ${JSON.stringify(value)} in ${zone ?? 'no zone'} as ${expected ?? 'nothing'}`, () => {
      expect(asEpoch(value, zone)).to.equal(expected);
    });
  }

  for (const [decode, value, expected] of [
    [asDay, '2019-05-12', '2019-05-12'],
    [asDay, '1931-02-12 00:00:00', '1931-02-12'],
    [asDay, '12/05/2019', '2019-05-12'],
    [asDay, '2019-02-31', undefined],
    [asDay, '2019', undefined],
    [asDay, {}, undefined],
    [asYear, '1994', 1994],
    [asYear, 1994, 1994],
    [asYear, '1994-05-12', 1994],
    [asYear, '12/05/1994', 1994],
    [asYear, '0', undefined],
    [asYear, {}, undefined],
    [asDurationSec, 5400, 5400],
    [asDurationSec, '5400', 5400],
    [asDurationSec, '01:30:00', 5400],
    [asDurationSec, '1h 30min', 5400],
    [asDurationSec, '90 min', 5400],
    [asDurationSec, '0', undefined],
    [asDurationSec, '00:00:00', undefined],
    [asDurationSec, '', undefined],
    [asMinutesSec, '45', 2700],
    [asMinutesSec, '0', undefined],
    [asMinutesSec, '', undefined],
  ] as const) {
    it(`${decode.name} reads ${JSON.stringify(value)} as ${expected ?? 'nothing'}`, () => {
      expect(decode(value)).to.equal(expected);
    });
  }

  it('never throws and gives whole seconds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.stringMatching(/^[0-9/: .TZ+-]{0,25}$/)), fc.string(), (value, zone) => {
        const epoch = asEpoch(value, zone);
        expect(epoch === undefined || Number.isSafeInteger(epoch)).to.equal(true);
        for (const decode of [asDay, asYear, asDurationSec, asMinutesSec]) decode(value);
        if (typeof value === 'string') dateTextToUnix(value, zone);
      }),
    );
  });
});
