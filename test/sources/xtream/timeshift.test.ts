import { expect } from 'chai';
import fc from 'fast-check';
import { localToUnix } from '../../../src/sources/panel-zone.ts';
import { panelStreamOf, timeshiftWays } from '../../../src/sources/xtream/timeshift.ts';

const login = { username: 'us er@x', password: 'p/w%1' };
const at = (iso: string): number => Date.parse(iso) / 1000;
const ways = (start: string, end: string, zone?: string) =>
  timeshiftWays(['http://p.test/sub'], login, '42', { startUnix: at(start), endUnix: at(end) }, zone);

describe('addresses of a panel archive', () => {
  it('come in the order in which they are worth trying', () => {
    const found = ways('2026-01-15T18:00:00Z', '2026-01-15T18:45:00Z', 'Europe/Amsterdam');
    expect(found.map(({ form, urls, mayBeLive }) => [form, urls[0], mayBeLive])).to.deep.equal([
      ['path-dash', 'http://p.test/sub/timeshift/us%20er%40x/p%2Fw%251/45/2026-01-15:19-00/42.ts', false],
      ['path-underscore', 'http://p.test/sub/timeshift/us%20er%40x/p%2Fw%251/45/2026-01-15_19-00/42.ts', false],
      ['path-seconds', 'http://p.test/sub/timeshift/us%20er%40x/p%2Fw%251/45/2026-01-15:19:00:00/42.ts', false],
      [
        'query-underscore',
        'http://p.test/sub/streaming/timeshift.php?username=us%20er%40x&password=p%2Fw%251&stream=42&start=2026-01-15_19-00&duration=45',
        true,
      ],
      [
        'query-sql',
        'http://p.test/sub/streaming/timeshift.php?username=us%20er%40x&password=p%2Fw%251&stream=42&start=2026-01-15%2019%3A00%3A00&duration=45',
        true,
      ],
      [
        'query-dash',
        'http://p.test/sub/streaming/timeshift.php?username=us%20er%40x&password=p%2Fw%251&stream=42&start=2026-01-15%3A19-00&duration=45',
        true,
      ],
      [
        'query-seconds',
        'http://p.test/sub/streaming/timeshift.php?username=us%20er%40x&password=p%2Fw%251&stream=42&start=2026-01-15%3A19%3A00%3A00&duration=45',
        true,
      ],
      ['path-playlist', 'http://p.test/sub/timeshift/us%20er%40x/p%2Fw%251/45/2026-01-15:19-00/42.m3u8', false],
    ]);
  });

  for (const [why, start, zone, clock] of [
    ['winter time', '2026-03-29T00:30:00Z', 'Europe/Berlin', '2026-03-29:01-30'],
    ['the change to summer time', '2026-03-29T01:30:00Z', 'Europe/Berlin', '2026-03-29:03-30'],
    ['the hour that comes twice', '2026-10-25T01:30:00Z', 'Europe/Berlin', '2026-10-25:02-30'],
    ['a zone of a half hour', '2026-06-01T20:00:00Z', 'Asia/Kolkata', '2026-06-02:01-30'],
    ['an offset', '2026-06-01T20:00:00Z', 'UTC-03:30', '2026-06-01:16-30'],
    ['no zone', '2026-06-01T20:00:00Z', undefined, '2026-06-01:20-00'],
  ] as const) {
    it(`stand on the clock of the panel: ${why}`, () => {
      const url = ways(start, new Date((at(start) + 3600) * 1000).toISOString(), zone)[0]?.urls[0];
      expect(url).to.contain(`/60/${clock}/42.ts`);
    });
  }

  it('begin at the whole minute before and cover the end, where the form knows no seconds', () => {
    const found = ways('2026-01-15T18:00:40Z', '2026-01-15T18:01:10Z');
    expect(found.map(({ form, startUnix, durationSec }) => [form, startUnix, durationSec])).to.deep.equal([
      ['path-dash', at('2026-01-15T18:00:00Z'), 120],
      ['path-underscore', at('2026-01-15T18:00:00Z'), 120],
      ['path-seconds', at('2026-01-15T18:00:40Z'), 60],
      ['query-underscore', at('2026-01-15T18:00:00Z'), 120],
      ['query-sql', at('2026-01-15T18:00:40Z'), 60],
      ['query-dash', at('2026-01-15T18:00:00Z'), 120],
      ['query-seconds', at('2026-01-15T18:00:40Z'), 60],
      ['path-playlist', at('2026-01-15T18:00:00Z'), 120],
    ]);
  });

  it('read back as the moment they were made of, whatever the zone, but for the hour that comes twice', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC', '+05:45'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1_500_000_000, max: 1_900_000_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.constantFrom(...zones),
        (startUnix, seconds, zone) => {
          const [first, , exact] = timeshiftWays(
            ['http://p'],
            login,
            '1',
            { startUnix, endUnix: startUnix + seconds },
            zone,
          );
          for (const way of [first, exact]) {
            const [, Y, m, d, H, M, S] =
              /\/(\d{4})-(\d\d)-(\d\d):(\d\d)[-:](\d\d)(?::(\d\d))?\/1\.ts$/.exec(way?.urls[0] ?? '') ?? [];
            const wall = {
              year: +(Y ?? 0),
              month: +(m ?? 0),
              day: +(d ?? 0),
              hour: +(H ?? 0),
              minute: +(M ?? 0),
              second: +(S ?? 0),
            };
            const read = localToUnix(wall, zone);
            // One that comes twice is read as the first.
            expect([way?.startUnix, (way?.startUnix ?? 0) - 3600, (way?.startUnix ?? 0) - 1800]).to.include(read);
            expect(way?.startUnix).to.be.at.most(startUnix);
            expect((way?.startUnix ?? 0) + (way?.durationSec ?? 0)).to.be.at.least(startUnix + seconds);
          }
        },
      ),
    );
  });

  for (const [url, base, username, id] of [
    ['http://h:8080/live/u/p/7.ts', 'http://h:8080', 'u', '7'],
    ['http://h:8080/u%40x/p/7', 'http://h:8080', 'u@x', '7'],
    ['https://h/sub/live/u/p/7.m3u8?x=1', 'https://h/sub', 'u', '7'],
  ] as const) {
    it(`take ${url} apart`, () => {
      expect(panelStreamOf(url)).to.deep.equal({ base, login: { username, password: 'p' }, id });
    });
  }

  it('know what is no address of a panel', () => {
    expect(panelStreamOf('http://h/index.m3u8')).to.equal(undefined);
    expect(panelStreamOf('udp://@239.0.0.1:5000')).to.equal(undefined);
  });
});
