import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Reject } from '../../src/model/items.ts';
import type { M3uEntry } from '../../src/text/m3u-entry.ts';
import { type M3uSummary, readM3u } from '../../src/text/m3u-reader.ts';
import { cutAt } from './pieces.ts';

interface Got {
  readonly entries: M3uEntry[];
  readonly rejects: Reject[];
  readonly summary: M3uSummary;
}

async function readChunks(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Got> {
  const entries: M3uEntry[] = [];
  const rejects: Reject[] = [];
  const summary = await readM3u(chunks, {
    entries: (batch) => void entries.push(...batch),
    reject: (reject) => void rejects.push(reject),
  });
  return { entries, rejects, summary };
}

const read = (text: string | Buffer): Promise<Got> => readChunks([Buffer.from(text)]);

async function one(...lines: string[]): Promise<M3uEntry> {
  const { entries, rejects } = await read(['#EXTM3U', ...lines].join('\n'));
  expect(rejects).to.deep.equal([]);
  expect(entries).to.have.length(1);
  return entries[0]!;
}

const url = 'http://tv.test/1.ts';

describe('readM3u', () => {
  describe('attributes', () => {
    const table: [string, string, Partial<Record<string, string>>, string][] = [
      ['double quotes', '-1 tvg-id="a.b" group-title="News",One', { 'tvg-id': 'a.b', 'group-title': 'News' }, 'One'],
      ['single quotes', `-1 tvg-id='a "b"' x='1',One`, { 'tvg-id': 'a "b"', x: '1' }, 'One'],
      ['values without quotes', '-1 tvg-id=a.b tvg-chno=7,One', { 'tvg-id': 'a.b', 'tvg-chno': '7' }, 'One'],
      ['commas inside quotes', '-1 group-title="News, Local",One, Two', { 'group-title': 'News, Local' }, 'One, Two'],
      ['escaped quotes', String.raw`-1 tvg-name="The \"Best\"" x="1",One`, { 'tvg-name': 'The "Best"', x: '1' }, 'One'],
      [
        'quotes nobody escaped',
        '-1 tvg-name="The "Best" Show" x="1",One',
        { 'tvg-name': 'The "Best" Show', x: '1' },
        'One',
      ],
      ['no blank between attributes', '-1 a="1"b="2",One', { a: '1', b: '2' }, 'One'],
      ['commas between attributes', '-1 tvg-id="a", group-title="b",One', { 'tvg-id': 'a', 'group-title': 'b' }, 'One'],
      ['blanks around the equals sign', '-1 tvg-id = "a" ,One', { 'tvg-id': 'a' }, 'One'],
      ['keys in capitals', '-1 TVG-ID="a",One', { 'tvg-id': 'a' }, 'One'],
      ['empty values', '-1 tvg-id="" tvg-name="",One', { 'tvg-id': '', 'tvg-name': '' }, 'One'],
      ['a key twice', '-1 a="" a="1" a="2",One', { a: '1' }, 'One'],
      ['a quote that never ends', '-1 a="1,One', { a: '"1' }, 'One'],
      ['a dangerous key', '-1 __proto__="x" constructor="y",One', { constructor: 'y' }, 'One'],
      ['no duration', 'tvg-id="a",One', { 'tvg-id': 'a' }, 'One'],
      ['words that are no attributes', '-1 foo bar="1",One', { bar: '1' }, 'One'],
      ['tabs', '-1\ta="1"\tb="2",\tOne', { a: '1', b: '2' }, 'One'],
    ];
    for (const [title, line, attributes, name] of table) {
      it(`reads ${title}`, async () => {
        const entry = await one(`#EXTINF:${line}`, url);
        expect({ ...entry.attributes }).to.deep.equal(attributes);
        expect(entry.name).to.equal(name);
      });
    }
  });

  describe('fields', () => {
    const table: [string, string[], Partial<M3uEntry>][] = [
      [
        'guide id, name and logo',
        ['#EXTINF:-1 tvg-id="a" tvg-name="A" tvg-logo="http://l/a.png",X'],
        { guideId: 'a', guideName: 'A', logo: 'http://l/a.png' },
      ],
      ['tvg-chno', ['#EXTINF:-1 tvg-chno="7.1",X'], { number: '7.1' }],
      ['channel-number', ['#EXTINF:-1 channel-number="7",X'], { number: '7' }],
      ['ch-number', ['#EXTINF:-1 ch-number="7",X'], { number: '7' }],
      ['several groups', ['#EXTINF:-1 group-title="A; B;A",X'], { groups: ['A', 'B'] }],
      ['#EXTGRP', ['#EXTINF:-1,X', '#EXTGRP:A'], { groups: ['A'] }],
      ['group-title before #EXTGRP', ['#EXTINF:-1 group-title="B",X', '#EXTGRP:A'], { groups: ['B'] }],
      ['tvg-shift in minutes', ['#EXTINF:-1 tvg-shift="-1.5",X'], { guideShiftMin: -90 }],
      ['radio', ['#EXTINF:-1 radio="true",X'], { radio: true }],
      ['is-adult', ['#EXTINF:-1 is-adult="1",X'], { adult: true }],
      ['parent-code', ['#EXTINF:-1 parent-code="1234",X'], { adult: true }],
      ['the Gracenote id', ['#EXTINF:-1 tvc-guide-stationid="12345",X'], { stationId: '12345' }],
      [
        'catch-up',
        ['#EXTINF:-1 catchup="append" catchup-days="7" catchup-source="?utc={utc}",X'],
        { catchup: { type: 'append', days: 7, source: '?utc={utc}' } },
      ],
      ['timeshift days', ['#EXTINF:-1 timeshift="5",X'], { catchup: { type: 'shift', days: 5 } }],
      [
        '#EXTVLCOPT headers',
        ['#EXTINF:-1,X', '#EXTVLCOPT:http-user-agent=VLC/3', '#EXTVLCOPT:http-referrer=http://r/'],
        { headers: { 'user-agent': 'VLC/3', referer: 'http://r/' } },
      ],
      [
        'a proxy of #EXTVLCOPT',
        ['#EXTINF:-1,X', '#EXTVLCOPT:http-proxy=socks5h://u:p@proxy.test:1080'],
        { proxy: 'socks5h://u:p@proxy.test:1080' },
      ],
      [
        'a proxy of #EXTVLCOPT without a scheme',
        ['#EXTINF:-1,X', '#EXTVLCOPT:http-proxy=proxy.test:3128'],
        { proxy: 'http://proxy.test:3128' },
      ],
      [
        'other #EXTVLCOPT lines',
        ['#EXTINF:-1,X', '#EXTVLCOPT:network-caching=1000'],
        { options: { 'network-caching': '1000' } },
      ],
      [
        '#KODIPROP',
        ['#KODIPROP:inputstream.adaptive.license_type=clearkey', '#EXTINF:-1,X'],
        { options: { 'inputstream.adaptive.license_type': 'clearkey' }, line: 3 },
      ],
      [
        '#KODIPROP stream headers',
        ['#KODIPROP:inputstream.adaptive.stream_headers=User-Agent=A%20B&Cookie=c', '#EXTINF:-1,X'],
        { headers: { 'user-agent': 'A B', cookie: 'c' } },
      ],
      ['#EXTHTTP', ['#EXTINF:-1,X', '#EXTHTTP:{"Cookie":"a=b","n":1}'], { headers: { cookie: 'a=b' } }],
      ['the user-agent attribute', ['#EXTINF:-1 user-agent="A",X'], { headers: { 'user-agent': 'A' } }],
    ];
    for (const [title, lines, fields] of table) {
      it(`reads ${title}`, async () => {
        expect(await one(...lines, url)).to.deep.include(fields);
      });
    }

    it('takes headers after the address', async () => {
      const entry = await one('#EXTINF:-1,X', `${url}?a=1|User-Agent=A%2FB C&Referer=http%3A%2F%2Fr%2F`);
      expect(entry).to.deep.include({ url: `${url}?a=1`, headers: { 'user-agent': 'A/B C', referer: 'http://r/' } });
    });

    it('keeps a bar that starts no headers', async () => {
      expect((await one('#EXTINF:-1,X', `${url}?a|b`)).url).to.equal(`${url}?a|b`);
    });

    it('drops header values that would begin another header', async () => {
      const entry = await one('#EXTINF:-1,X', `${url}|User-Agent=a%0d%0aX-Evil: 1&Bad Name=1&Referer=r`);
      expect(entry.headers).to.deep.equal({ referer: 'r' });
    });

    it('gives a channel the catch-up and the shift of the header', async () => {
      const { entries } = await read(`#EXTM3U catchup="xc" catchup-days="3" tvg-shift=2\n#EXTINF:-1,X\n${url}`);
      expect(entries[0]).to.deep.include({ catchup: { type: 'xc', days: 3 }, guideShiftMin: 120 });
    });

    it('does not carry anything over to the next entry', async () => {
      const { entries } = await read(
        `#EXTM3U\n#EXTINF:-1 tvg-id="a",A\n#EXTGRP:G\n#EXTVLCOPT:http-user-agent=U\n${url}\n#EXTINF:-1,B\n${url}`,
      );
      expect(entries[1]).to.deep.equal({ line: 6, url, name: 'B', kind: 'live', groups: [], attributes: {} });
    });
  });

  describe('names', () => {
    for (const [title, line, name] of [
      ['the text after the comma', '-1 tvg-name="B" tvc-guide-title="C",A', 'A'],
      ['tvc-guide-title', '-1 tvg-name="B" tvc-guide-title="C",', 'C'],
      ['tvg-name', '-1 tvg-name="B", ', 'B'],
      ['the file name', '-1', 'News 1'],
    ] as const) {
      it(`come from ${title}`, async () => {
        expect((await one(`#EXTINF:${line}`, 'http://tv.test/live/News%201.m3u8?x=/y.ts')).name).to.equal(name);
      });
    }
  });

  describe('kinds', () => {
    for (const [address, duration, name, kind] of [
      ['http://h/live/u/p/1.ts', -1, 'A', 'live'],
      ['http://h/u/p/1', -1, 'A', 'live'],
      ['http://h/1.m3u8', 0, 'A', 'live'],
      ['http://h/movie/u/p/1.mkv', -1, 'A', 'movie'],
      ['http://h/a.mp4?x=1', -1, 'A', 'movie'],
      ['http://h/a.mp4', -1, 'A S01 E02', 'episode'],
      ['http://h/series/u/p/1.mkv', -1, 'A', 'episode'],
      ['http://h/a', 5400, 'A', 'movie'],
    ] as const) {
      it(`take ${address} with the duration ${duration} and the name ${name} for ${kind}`, async () => {
        expect((await one(`#EXTINF:${duration},${name}`, address)).kind).to.equal(kind);
      });
    }
  });

  describe('addresses', () => {
    for (const address of [
      'http://h/1',
      'HTTPS://h/1',
      'rtsp://h/1',
      'rtp://239.0.0.1:1234',
      'udp://@239.0.0.1:1234',
      'rtmp://h/a/b',
      'srt://h:9000?mode=caller',
      'mms://h/1',
    ]) {
      it(`takes ${address}`, async () => {
        expect((await one('#EXTINF:-1,A', address)).url).to.equal(address);
      });
    }
    for (const [address, reason] of [
      ['/srv/tv/user/secret/1.ts', 'A file path is no address of a stream'],
      ['C:\\tv\\1.ts', 'A file path is no address of a stream'],
      ['../1.ts', 'A file path is no address of a stream'],
      ['file:///srv/1.ts', 'Addresses of the kind "file:" can not be played'],
      ['plugin://a/b', 'Addresses of the kind "plugin:" can not be played'],
      ['secret.ts', 'The line is no address of a stream'],
      ['http:///1.ts', 'The address names no host'],
    ] as const) {
      it(`rejects ${address} without quoting it`, async () => {
        const { entries, rejects, summary } = await read(`#EXTM3U\n#EXTINF:-1,A\n${address}\n#EXTINF:-1,B\n${url}`);
        expect(entries.map((entry) => entry.name)).to.deep.equal(['B']);
        expect(rejects).to.deep.equal([{ what: 'channel', at: 3, reason, excerpt: '-1,A' }]);
        expect(summary.rejects).to.equal(1);
      });
    }
  });

  describe('files', () => {
    it('reads a byte order mark, CRLF, blank lines and comments', async () => {
      const { entries, summary } = await read(`\ufeff#EXTM3U\r\n\r\n# a comment\r\n#EXTINF:-1,Één\r\n${url}\r\n`);
      expect(entries).to.deep.equal([{ line: 4, url, name: 'Één', kind: 'live', groups: [], attributes: {} }]);
      expect(summary).to.deep.include({ form: 'playlist', entries: 1, rejects: 0 });
    });

    it('reads Latin-1', async () => {
      const { entries } = await read(Buffer.from(`#EXTM3U\n#EXTINF:-1,Télé\n${url}`, 'latin1'));
      expect(entries[0]?.name).to.equal('Télé');
    });

    it('reads UTF-16', async () => {
      const { entries } = await read(Buffer.from(`\ufeff#EXTM3U\n#EXTINF:-1,Télé\n${url}`, 'utf16le'));
      expect(entries[0]?.name).to.equal('Télé');
    });

    it('takes an address without #EXTINF for a channel named by its file', async () => {
      const { entries } = await read(`http://h/a/News.ts\nrtp://239.0.0.1:5000`);
      expect(entries.map(({ name, line }) => [name, line])).to.deep.equal([
        ['News', 1],
        ['239.0.0.1:5000', 2],
      ]);
    });

    it('rejects #EXTINF without an address', async () => {
      const { entries, rejects } = await read(
        `#EXTM3U\n#EXTINF:-1 tvg-logo="http://u:p@h/l.png",A\n#EXTINF:-1,B\n${url}\n#EXTINF:-1,C`,
      );
      expect(entries.map((entry) => entry.name)).to.deep.equal(['B']);
      expect(rejects).to.deep.equal([
        { what: 'channel', at: 2, reason: 'No address follows #EXTINF', excerpt: '-1 tvg-logo="http://…",A' },
        { what: 'channel', at: 5, reason: 'No address follows #EXTINF', excerpt: '-1,C' },
      ]);
    });

    it('finds the guides in the header', async () => {
      const { summary } = await read(
        '#EXTM3U x-tvg-url="http://a/1.xml,http://b/2.xml.gz?x=1,2" url-tvg="http://a/1.xml"\n',
      );
      expect(summary.guideUrls).to.deep.equal(['http://a/1.xml', 'http://b/2.xml.gz?x=1,2']);
      expect(summary.header).to.have.property('url-tvg', 'http://a/1.xml');
    });

    for (const [value, expected] of [
      ['/g.xml', ['/g.xml']],
      ['g.xml', ['g.xml']],
      ['http://a/g.xml,/h.xml', ['http://a/g.xml', '/h.xml']],
      ['http://a/g.xml;http://b/h.xml', ['http://a/g.xml', 'http://b/h.xml']],
      ['http://a/g.xml ; sub/h.xml.gz,', ['http://a/g.xml', 'sub/h.xml.gz']],
      ['http://a/1.xml //b/2.xml', ['http://a/1.xml', '//b/2.xml']],
      ['http://a/g?x=1,2;y=3,http://b/h', ['http://a/g?x=1,2;y=3', 'http://b/h']],
      ['http://a/g?files=a.xml,b.xml', ['http://a/g?files=a.xml,b.xml']],
      ['http://a/g?path=/a,/b', ['http://a/g?path=/a,/b']],
      ['http://a/g?x=1,/h.xml', ['http://a/g?x=1', '/h.xml']],
      ['http://a/g;id=1/x', ['http://a/g;id=1/x']],
      ['http://a/guide,de.xml', ['http://a/guide,de.xml']],
      ['none', []],
      [' , ', []],
      ['GUIDE', ['GUIDE']],
    ] as const) {
      it(`splits the guides ${JSON.stringify(value)}`, async () => {
        expect((await read(`#EXTM3U x-tvg-url="${value}"\n`)).summary.guideUrls).to.deep.equal(expected);
      });
    }

    for (const [form, text] of [
      ['html', '<!DOCTYPE html><html><body>http://a/b</body></html>'],
      ['json', '{"user_info":{"auth":0}}'],
      ['binary', 'PK\u0003\u0004\u0000\u0000'],
      ['text', 'Access denied'],
      ['empty', ' \n\n'],
      ['hls-media', '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXTINF:6.0,\nhttp://a/1.ts\n'],
      ['hls-master', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://a/1.m3u8\n'],
      ['playlist', '#EXTM3U\n'],
    ] as const) {
      it(`recognises ${form}`, async () => {
        const { entries, summary } = await read(text);
        expect(summary.form).to.equal(form);
        expect(entries).to.deep.equal([]);
        expect(summary.entries).to.equal(0);
      });
    }

    it('rejects a line that is too long and goes on', async () => {
      const { entries, rejects } = await read(
        `#EXTM3U\n#EXTINF:-1 a="${'x'.repeat(2_000_000)}",A\n${url}\n#EXTINF:-1,B\n${url}`,
      );
      expect(rejects.map(({ what, at, reason }) => [what, at, reason])).to.deep.equal([
        ['line', 2, 'The line is too long'],
      ]);
      expect(entries.map((entry) => entry.name)).to.deep.equal(['1', 'B']);
    });
  });
});

describe('readM3u on anything', () => {
  const words = [
    '#EXTM3U',
    '#EXTINF:-1',
    '#EXTGRP:',
    '#EXTVLCOPT:http-user-agent=',
    '#KODIPROP:',
    '#EXTHTTP:{',
    ' tvg-id=',
    '"',
    "'",
    ',',
    '\\',
    '=',
    ' ',
    'Name',
    'http://h/1.ts',
    'udp://@1',
    '|',
    '&',
    '%',
    '%0a',
    '\n',
    '\n',
    '\r',
    'é',
    '<',
    '#EXT-X-TARGETDURATION:5',
  ];

  it('never throws, and does not depend on the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...words), { maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        async (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          expect(await readChunks(cutAt(bytes, cuts))).to.deep.equal(await readChunks([bytes]));
        },
      ),
      { numRuns: 1000 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.array(fc.nat(), { maxLength: 10 }),
        async (bytes, cuts) => {
          expect(await readChunks(cutAt(bytes, cuts))).to.deep.equal(await readChunks([bytes]));
        },
      ),
    );
  });

  it('reads a hostile line in linear time', async () => {
    const line = `#EXTINF:-1 a="${'" "'.repeat(100_000)}`;
    const { entries } = await readChunks([Buffer.from(`${line},A\n${url}`)]);
    expect(entries).to.have.length(1);
  });

  for (const name of ['free-tv.m3u8']) {
    const file = path.join(
      process.env['COAX_SHARED'] ?? path.join(import.meta.dirname, '../../../shared'),
      'data/playlists',
      name,
    );
    it(`takes or rejects each entry of ${name} (needs the shared playlists)`, async function () {
      if (!existsSync(file)) this.skip();
      const bytes = readFileSync(file);
      const { entries, rejects, summary } = await readChunks([bytes]);
      expect(entries.length + rejects.length).to.equal(bytes.toString().match(/^#EXTINF/gm)?.length);
      expect(summary).to.deep.include({ form: 'playlist', truncated: false });
    });
  }
});
