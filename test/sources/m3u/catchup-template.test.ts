import { expect } from 'chai';
import fc from 'fast-check';
import { catchupAddresses, fillTemplate } from '../../../src/sources/m3u/catchup-template.ts';

const at = (iso: string): number => Date.parse(iso) / 1000;
const window = {
  startUnix: at('2026-01-15T18:05:30Z'),
  endUnix: at('2026-01-15T19:00:00Z'),
  nowUnix: at('2026-01-15T20:00:00Z'),
  catchupId: 'a/b',
};
const [start, end, now] = [window.startUnix, window.endUnix, window.nowUnix];

describe('templates of archives in playlists', () => {
  for (const [template, filled] of [
    ['{utc}', `${start}`],
    ['${utc}', `${start}`],
    ['{start}-${start}', `${start}-${start}`],
    ['{utcend}/${end}', `${end}/${end}`],
    ['{lutc},${now},${timestamp}', `${now},${now},${now}`],
    ['{duration}', '3270'],
    ['${duration}', '3270'],
    ['{duration:60}', '55'],
    ['{duration:1}', '3270'],
    ['{offset}', '6870'],
    ['{offset:1}', '6870'],
    ['${offset:60}', '115'],
    ['{Y}-{m}-{d}:{H}-{M}-{S}', '2026-01-15:19-05-30'],
    ['{utc:YmdHMS}', '20260115190530'],
    ['{utc:Y-m-d H:M}', '2026-01-15 19:05'],
    ['${start:Y/m/d}', '2026/01/15'],
    ['{utcend:YmdHMS}', '20260115200000'],
    ['${end:H-M}', '20-00'],
    ['{lutc:HMS}|${now:HMS}|${timestamp:HMS}', '210000|210000|210000'],
    ['${(b)yyyyMMddHHmmss}', '20260115190530'],
    ['${(e)epoch}', `${end}`],
    ['{catchup-id}', 'a%2Fb'],
    ['{nothing} ${of} {} {Q}', '{nothing} ${of} {} {Q}'],
    ['{duration:0} {duration:x}', '3270 3270'],
  ] as const) {
    it(`fill ${template}`, () => {
      expect(fillTemplate(template, window, 'Europe/Amsterdam')).to.equal(filled);
    });
  }

  for (const [url, type, source, expected] of [
    ['http://h/a.ts', 'default', 'http://x/c?s={utc}', [`http://x/c?s=${start}`]],
    ['http://h/a.ts', 'default', undefined, [`http://h/a.ts?utc=${start}&lutc=${now}`]],
    ['http://h/d/a.ts', 'default', '?utc={utc}', [`http://h/d/a.ts?utc=${start}`]],
    ['http://h/d/a.ts', 'default', '/arc/{utc}.ts', [`http://h/arc/${start}.ts`]],
    ['http://h/a.ts', 'append', '?s=${start}&l=${timestamp}', [`http://h/a.ts?s=${start}&l=${now}`]],
    ['http://h/a.ts?t=1', 'append', '?s=${start}', [`http://h/a.ts?t=1&s=${start}`]],
    ['http://h/a.ts?t=1', 'append', '&s=${start}', [`http://h/a.ts?t=1&s=${start}`]],
    ['http://h/a', 'append', '-{utc}.ts', [`http://h/a-${start}.ts`]],
    ['http://h/a.ts', 'append', undefined, [`http://h/a.ts?utc=${start}&lutc=${now}`]],
    ['http://h/a.ts', 'shift', undefined, [`http://h/a.ts?utc=${start}&lutc=${now}`]],
    ['http://h/a.ts?t=1', 'shift', undefined, [`http://h/a.ts?t=1&utc=${start}&lutc=${now}`]],
    ['http://h/a.ts', 'vod', undefined, []],
    ['http://h/a.ts', 'vod', 'http://v/{catchup-id}.mp4', ['http://v/a%2Fb.mp4']],
    [
      'http://h/ch/mpegts?token=1',
      'flussonic',
      undefined,
      [
        `http://h/ch/archive-${start}-3270.ts?token=1`,
        `http://h/ch/timeshift_abs-${start}.ts?token=1`,
        `http://h/ch/index-${start}-3270.m3u8?token=1`,
        `http://h/ch/archive-${start}-3270.m3u8?token=1`,
        `http://h/ch/video-${start}-3270.m3u8?token=1`,
        `http://h/ch/timeshift_abs-${start}.m3u8?token=1`,
      ],
    ],
    [
      'http://h:8888/325/mono.m3u8?token=1',
      'flussonic-hls',
      undefined,
      [
        `http://h:8888/325/mono-${start}-3270.m3u8?token=1`,
        `http://h:8888/325/mono-timeshift_abs-${start}.m3u8?token=1`,
        `http://h:8888/325/archive-${start}-3270.ts?token=1`,
        `http://h:8888/325/timeshift_abs-${start}.ts?token=1`,
      ],
    ],
    [
      'http://h/325/index.m3u8',
      'flussonic-ts',
      undefined,
      [
        `http://h/325/archive-${start}-3270.ts`,
        `http://h/325/timeshift_abs-${start}.ts`,
        `http://h/325/index-${start}-3270.m3u8`,
        `http://h/325/archive-${start}-3270.m3u8`,
        `http://h/325/video-${start}-3270.m3u8`,
        `http://h/325/timeshift_abs-${start}.m3u8`,
      ],
    ],
    ['http://h/a.ts', 'fs', 'http://h/x-{utc}.ts', [`http://h/x-${start}.ts`]],
  ] as const) {
    it(`make addresses of ${url} by ${type}${source === undefined ? '' : ` with ${source}`}`, () => {
      const asked = type === 'vod' && source === undefined ? { ...window, catchupId: '' } : window;
      const catchup = { type, days: 7, ...(source === undefined ? {} : { source }) };
      expect(catchupAddresses(url, catchup, asked, undefined).map((address) => address.url)).to.deep.equal(expected);
    });
  }

  it('take a catch-up id that is an address as it is', () => {
    const asked = { ...window, catchupId: 'http://v/film.ts?x=1' };
    expect(catchupAddresses('http://h/a', { type: 'vod', days: 1 }, asked, undefined)[0]?.url).to.equal(
      'http://v/film.ts?x=1',
    );
  });

  it('ask a panel in all its forms for `xc`, with the login of the entry', () => {
    const found = catchupAddresses('http://h/live/u/p/7.ts', { type: 'xc', days: 3 }, window, 'Europe/Amsterdam');
    expect(found[0]?.url).to.equal('http://h/timeshift/u/p/55/2026-01-15:19-05/7.ts');
    expect(found).to.have.length(8);
    expect(found.map(({ mayBeLive }) => mayBeLive === true)).to.deep.equal([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('begin at a whole minute where the template can name no second', () => {
    const of = (source: string) =>
      catchupAddresses('http://h/a', { type: 'default', days: 1, source }, window, undefined)[0];
    expect(of('http://x/{Y}{m}{d}{H}{M}')?.startUnix).to.equal(start - 30);
    expect(of('http://x/{Y}{m}{d}{H}{M}?d={duration:60}')?.url).to.equal('http://x/202601151805?d=55');
    expect(of('http://x/{Y}{m}{d}{H}{M}{S}')?.startUnix).to.equal(start);
    expect(of('http://x/{utc}')?.startUnix).to.equal(start);
    expect(of('http://x/{utc:YmdHM}')?.startUnix).to.equal(start - 30);
    expect(of('http://x/{offset:60}')?.startUnix).to.equal(start - 30);
    expect(of('http://x/{offset:60}')?.url).to.equal('http://x/115');
  });

  it('never leave a known placeholder, and begin no later than asked', () => {
    const parts = fc.constantFrom(
      '{utc}',
      '${start}',
      '{duration:60}',
      '{Y}',
      '{H}',
      '{S}',
      '{utc:YmdHMS}',
      '${end}',
      '/',
      'x',
      '{offset:60}',
    );
    fc.assert(
      fc.property(
        fc.array(parts, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1e9, max: 2e9 }),
        (texts, from) => {
          const asked = { startUnix: from, endUnix: from + 3_600, nowUnix: from + 90_000 };
          const [found] = catchupAddresses(
            'http://h/a',
            { type: 'default', days: 1, source: `http://x/${texts.join('')}` },
            asked,
            'Asia/Tokyo',
          );
          expect(found?.url).to.not.match(/[{}$]/);
          expect(found?.startUnix).to.be.within(from - 60, from);
          expect((found?.startUnix ?? 0) + (found?.durationSec ?? 0)).to.be.at.least(asked.endUnix);
        },
      ),
    );
  });
});
