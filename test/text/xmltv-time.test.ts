import { expect } from 'chai';
import fc from 'fast-check';
import { CoaxError } from '../../src/errors.ts';
import { formatXmltvTime, xmltvTimeReader } from '../../src/text/xmltv-time.ts';

const utc = (iso: string): number => Date.parse(iso) / 1000;

describe('xmltvTimeReader', () => {
  const table: [string, string][] = [
    ['20261121183000 +0000', '2026-11-21T18:30:00Z'],
    ['20261121183000 +0100', '2026-11-21T17:30:00Z'],
    ['20261121183000 -0330', '2026-11-21T22:00:00Z'],
    ['20261121183000+0100', '2026-11-21T17:30:00Z'],
    ['20261121183000 +01:00', '2026-11-21T17:30:00Z'],
    ['20261121183000 +1', '2026-11-21T17:30:00Z'],
    ['20261121183000Z', '2026-11-21T18:30:00Z'],
    ['20261121183000 z', '2026-11-21T18:30:00Z'],
    ['20261121183000 UTC', '2026-11-21T18:30:00Z'],
    ['20261121183000 UTC+2', '2026-11-21T16:30:00Z'],
    ['20260721183000 BST', '2026-07-21T17:30:00Z'],
    ['20261121183000 CET', '2026-11-21T17:30:00Z'],
    ['20261121183000 EST', '2026-11-21T23:30:00Z'],
    ['20261121183000', '2026-11-21T18:30:00Z'],
    ['202611211830', '2026-11-21T18:30:00Z'],
    ['202611211830 +0100', '2026-11-21T17:30:00Z'],
    ['2026112118', '2026-11-21T18:00:00Z'],
    ['20261121', '2026-11-21T00:00:00Z'],
    [' 20261121183000 +0000 ', '2026-11-21T18:30:00Z'],
    ['2026-11-21T18:30:00+01:00', '2026-11-21T17:30:00Z'],
    ['2026-11-21 18:30', '2026-11-21T18:30:00Z'],
    ['2026-11-21T18:30:00.000Z', '2026-11-21T18:30:00Z'],
    ['20240229000000 +0000', '2024-02-29T00:00:00Z'],
  ];
  for (const [text, iso] of table) {
    it(`reads "${text}" as ${iso}`, () => {
      expect(xmltvTimeReader()(text)).to.equal(utc(iso));
    });
  }

  for (const text of [
    '',
    'x',
    '2026',
    '202611',
    '2026112',
    '20261321000000',
    '20260230000000',
    '20261121240000',
    '20261121186000',
    '20261121183060',
    '2026112118300',
    '202611211830001',
    '20261121183000 IST',
    '20261121183000 +9900',
    '20261121183000 +01:',
    '19691231235959',
    '22000101000000',
    '99999999999999',
    'now +0100',
  ]) {
    it(`rejects "${text}"`, () => {
      expect(xmltvTimeReader()(text)).to.equal(undefined);
    });
  }

  const zones: [string, string, string][] = [
    ['Europe/Berlin', '20260115120000', '2026-01-15T11:00:00Z'],
    ['Europe/Berlin', '20260715120000', '2026-07-15T10:00:00Z'],
    ['Europe/Berlin', '20260329015900', '2026-03-29T00:59:00Z'],
    // 02:30 does not exist on this day; clocks go on from 02:00 to 03:00.
    ['Europe/Berlin', '20260329023000', '2026-03-29T01:30:00Z'],
    ['Europe/Berlin', '20260329030000', '2026-03-29T01:00:00Z'],
    // 02:30 comes twice; the first is meant.
    ['Europe/Berlin', '20261025023000', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '20261025030000', '2026-10-25T02:00:00Z'],
    ['America/New_York', '20261101013000', '2026-11-01T05:30:00Z'],
    ['America/New_York', '20260308023000', '2026-03-08T07:30:00Z'],
    ['Australia/Lord_Howe', '20260115120000', '2026-01-15T01:00:00Z'],
    ['Australia/Lord_Howe', '20260715120000', '2026-07-15T01:30:00Z'],
    ['Asia/Kathmandu', '20260715120000', '2026-07-15T06:15:00Z'],
    ['+02:00', '20260715120000', '2026-07-15T10:00:00Z'],
    ['UTC+02:00', '20260715120000', '2026-07-15T10:00:00Z'],
    ['Europe/Berlin', '20260715120000 +0000', '2026-07-15T12:00:00Z'],
  ];
  for (const [zone, text, iso] of zones) {
    it(`reads "${text}" in ${zone} as ${iso}`, () => {
      expect(xmltvTimeReader(zone)(text)).to.equal(utc(iso));
    });
  }

  it('refuses a zone that does not exist', () => {
    expect(() => xmltvTimeReader('Mars/Olympus'))
      .to.throw(CoaxError)
      .with.property('code', 'CONFIG_INVALID');
  });

  it('agrees with the clock of any zone', () => {
    const zone = fc.constantFrom(
      'Europe/London',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Asia/Tehran',
      'America/Sao_Paulo',
      'Pacific/Apia',
    );
    fc.assert(
      fc.property(
        zone,
        fc.integer({ min: utc('1990-01-01T00:00:00Z'), max: utc('2040-01-01T00:00:00Z') }),
        (timeZone, unix) => {
          const wall = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
          const local = wall.format(unix * 1000);
          const read = xmltvTimeReader(timeZone)(local.replace(/\D/g, ''));
          // Of an hour that comes twice the first is meant, so the clock is what has to agree.
          expect(wall.format((read ?? 0) * 1000)).to.equal(local);
          expect(read).to.be.at.most(unix);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads back what formatXmltvTime writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: utc('2199-12-31T23:59:59Z') }), (unix) => {
        expect(xmltvTimeReader('Asia/Tokyo')(formatXmltvTime(unix))).to.equal(unix);
      }),
    );
  });

  it('never throws', () => {
    const read = xmltvTimeReader('Europe/Paris');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9+:TZ -]{0,25}$/)), (text) => {
        expect(read(text) ?? 0).to.satisfy(Number.isInteger);
      }),
    );
  });
});
