import { expect } from 'chai';
import fc from 'fast-check';
import { isZone, localToUnix, offsetSecondsAt, panelZone } from '../../src/sources/panel-zone.ts';

const wall = (text: string) => {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = text.split(/[- :]/).map(Number);
  return { year, month, day, hour, minute, second: 0 };
};
const utc = (text: string): number => Date.parse(text) / 1000;

describe('the zone of a panel', () => {
  for (const [info, expected] of [
    [{ timezone: 'Europe/Amsterdam' }, 'Europe/Amsterdam'],
    [
      { timezone: 'Mars/Base', time_now: '2024-01-01 14:00:02', timestamp_now: utc('2024-01-01T12:00:00Z') },
      'UTC+02:00',
    ],
    [{ time_now: '2024-01-01 08:29:10', timestamp_now: String(utc('2024-01-01T12:00:00Z')) }, 'UTC-03:30'],
    [{ time_now: '2024-01-01 17:44:00', timestamp_now: utc('2024-01-01T12:00:00Z') }, 'UTC+05:45'],
    [{ time_now: '2024-01-01 12:03:00', timestamp_now: utc('2024-01-01T12:00:00Z') }, 'UTC'],
    [{ time_now: '2024-01-03 12:00:00', timestamp_now: utc('2024-01-01T12:00:00Z') }, undefined],
    [{ timezone: '' }, undefined],
    [{}, undefined],
  ] as const) {
    it(`of ${JSON.stringify(info)} is ${expected ?? 'not known'}`, () => {
      expect(panelZone(info)).to.equal(expected);
    });
  }

  for (const [zone, text, expected] of [
    ['Europe/Berlin', '2026-03-29 01:59', '2026-03-29T00:59:00Z'],
    ['Europe/Berlin', '2026-03-29 02:30', '2026-03-29T01:30:00Z'],
    ['Europe/Berlin', '2026-03-29 03:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25 02:30', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '2026-10-25 03:00', '2026-10-25T02:00:00Z'],
    ['America/New_York', '2026-07-01 00:00', '2026-07-01T04:00:00Z'],
    ['UTC+05:45', '2026-07-01 05:45', '2026-07-01T00:00:00Z'],
    ['-0330', '2026-07-01 00:00', '2026-07-01T03:30:00Z'],
    ['GMT+1', '2026-07-01 01:00', '2026-07-01T00:00:00Z'],
    [undefined, '2026-07-01 00:00', '2026-07-01T00:00:00Z'],
  ] as const) {
    it(`reads ${text} in ${zone ?? 'no zone'} as ${expected}`, () => {
      expect(localToUnix(wall(text), zone)).to.equal(utc(expected));
    });
  }

  it('finds back any moment from its wall clock, up to the hour that comes twice', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'UTC-03:30',
    );
    fc.assert(
      fc.property(zones, fc.integer({ min: 1_600_000_000, max: 1_900_000_000 }), (zone, unix) => {
        const date = new Date((unix + offsetSecondsAt(zone, unix)) * 1000);
        const found = localToUnix(
          {
            year: date.getUTCFullYear(),
            month: date.getUTCMonth() + 1,
            day: date.getUTCDate(),
            hour: date.getUTCHours(),
            minute: date.getUTCMinutes(),
            second: date.getUTCSeconds(),
          },
          zone,
        );
        expect([0, 1800, 3600]).to.include(unix - found);
      }),
    );
  });

  it('knows zones from texts that are none', () => {
    expect(['Europe/Berlin', 'UTC', 'UTC+02:00', '', 'Nowhere/At_All', 'x'].map(isZone)).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
