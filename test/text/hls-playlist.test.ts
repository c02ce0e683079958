import { expect } from 'chai';
import fc from 'fast-check';
import { readHlsAttributes, readHlsIv, readHlsRange } from '../../src/text/hls-attributes.ts';
import { type HlsPlaylist, readHlsPlaylist } from '../../src/text/hls-playlist.ts';
import type { HlsMaster, HlsMedia } from '../../src/text/hls-types.ts';

function media(text: string): HlsMedia {
  const read = readHlsPlaylist(text);
  if (read?.kind !== 'media') throw new Error(`read as ${read?.kind}`);
  return read;
}

function master(text: string): HlsMaster {
  const read = readHlsPlaylist(text);
  if (read?.kind !== 'master') throw new Error(`read as ${read?.kind}`);
  return read;
}

describe('The kind of a playlist', () => {
  const table: readonly (readonly [string, string, HlsPlaylist['kind'] | null])[] = [
    ['variants', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n', 'master'],
    ['segments', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n1.ts\n', 'media'],
    ['a live list that has no segment yet', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n', 'media'],
    ['pieces of some seconds without a tag of HLS', '#EXTM3U\n#EXTINF:10,\n1.ts\n#EXTINF:10,\n2.ts\n', 'media'],
    ['the address of a station', '#EXTM3U\n#EXTINF:-1,Radio\nhttp://h/radio\n', 'list'],
    ['addresses alone', '#EXTM3U\nhttp://h/radio\n', 'list'],
    ['a byte order mark and blank lines', '\uFEFF\r\n \n#EXTM3U\r\n#EXT-X-ENDLIST\r\n', 'media'],
    ['no first line', '#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n1.ts\n', 'media'],
    ['old Mac line ends', '#EXTM3U\r#EXT-X-TARGETDURATION:6\r#EXTINF:6,\r1.ts\r', 'media'],
    ['a page', '<html>#EXTM3U</html>', null],
    ['nothing', '', null],
  ];
  for (const [what, text, kind] of table)
    it(`is ${kind}: ${what}`, () => {
      expect(readHlsPlaylist(text)?.kind ?? null).to.equal(kind);
    });

  it('gives the addresses of a list', () => {
    expect(readHlsPlaylist('#EXTM3U\n#EXTINF:-1,A\nhttp://h/a\n# no address\nhttp://h/b')).to.deep.equal({
      kind: 'list',
      uris: ['http://h/a', 'http://h/b'],
    });
  });
});

describe('A master playlist', () => {
  const text = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en/main.m3u8?a=1,2"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES
#EXT-X-STREAM-INF: BANDWIDTH=2000000 , AVERAGE-BANDWIDTH=1500000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="aac"
# a comment between the two
hd/main.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=600000,RESOLUTION=640X360
http://other/sd.m3u8?x=#y
#EXT-X-STREAM-INF:BANDWIDTH=5
`;

  it('names variants with what they need, and leaves out one without an address', () => {
    const { variants } = master(text);
    expect(variants).to.deep.equal([
      {
        uri: 'hd/main.m3u8',
        bandwidth: 2_000_000,
        averageBandwidth: 1_500_000,
        width: 1_280,
        height: 720,
        frameRate: 25,
        codecs: ['avc1.4d401f', 'mp4a.40.2'],
        audio: 'aac',
      },
      { uri: 'http://other/sd.m3u8?x=#y', bandwidth: 600_000, width: 640, height: 360, codecs: [] },
    ]);
  });

  it('names renditions, muxed ones without an address', () => {
    expect(master(text).renditions).to.deep.equal([
      {
        type: 'AUDIO',
        group: 'aac',
        name: 'English',
        uri: 'en/main.m3u8?a=1,2',
        language: 'en',
        isDefault: true,
        autoSelect: true,
      },
      { type: 'AUDIO', group: 'aac', name: 'Deutsch', language: 'de', isDefault: false, autoSelect: true },
    ]);
  });
});

describe('A media playlist', () => {
  it('counts sequence numbers on and holds keys, maps and dates for what follows', () => {
    const list = media(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:70
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-MAP:URI="init.mp4",BYTERANGE="600@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T19:00:00.500+0100
#EXTINF:4.004,one
a.m4s
#EXT-X-KEY:METHOD=AES-128,URI="k1",IV=0x0A
#EXTINF:3.5
b.m4s
#EXT-X-DISCONTINUITY
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.apple.streamingkeydelivery",URI="skd://x"
#EXT-X-KEY:METHOD=AES-128,URI="k2"
#EXT-X-GAP
#EXTINF:4,
c.m4s
#EXT-X-KEY:METHOD=NONE
#EXTINF:4,
d.m4s
`);
    const map = { uri: 'init.mp4', range: { length: 600, offset: 0 } };
    const firstMs = Date.UTC(2026, 10, 21, 18, 0, 0, 500);
    const iv = Buffer.from('0000000000000000000000000000000a', 'hex');
    expect(list).to.deep.equal({
      kind: 'media',
      targetMs: 4_000,
      sequence: 70,
      isEnded: false,
      isVod: false,
      segments: [
        { uri: 'a.m4s', sequence: 70, discontinuity: 3, durationMs: 4_004, map, dateMs: firstMs, isGap: false },
        {
          uri: 'b.m4s',
          sequence: 71,
          discontinuity: 3,
          durationMs: 3_500,
          key: { method: 'AES-128', uri: 'k1', keyFormat: 'identity', iv },
          map,
          dateMs: firstMs + 4_004,
          isGap: false,
        },
        {
          uri: 'c.m4s',
          sequence: 72,
          discontinuity: 4,
          durationMs: 4_000,
          key: { method: 'AES-128', uri: 'k2', keyFormat: 'identity' },
          map,
          isGap: true,
        },
        { uri: 'd.m4s', sequence: 73, discontinuity: 4, durationMs: 4_000, map, isGap: false },
      ],
    });
  });

  it('places byte ranges without an offset behind the one before of the same resource', () => {
    const list = media(
      '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXT-X-BYTERANGE:100@50\na.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:70\na.ts\n' +
        '#EXTINF:2,\n#EXT-X-BYTERANGE:9\nb.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:1\na.ts\n',
    );
    expect(list.segments.map(({ range }) => range)).to.deep.equal([
      { length: 100, offset: 50 },
      { length: 70, offset: 150 },
      { length: 9, offset: 0 },
      { length: 1, offset: 220 },
    ]);
  });

  it('believes segments that are longer than the target', () => {
    expect(media('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:9.6,\na.ts\n').targetMs).to.equal(10_000);
  });

  it('reads lengths with a comma for a point, and titles that begin with a digit', () => {
    const list = media(
      '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:6,040,\na\n#EXTINF:10,1080p\nb\n#EXTINF:4.5,7\nc\n#EXTINF:x\nd\n',
    );
    expect(list.segments.map(({ durationMs }) => durationMs)).to.deep.equal([6_040, 10_000, 4_500, 10_000]);
  });

  it('tells its end, its type and where to start', () => {
    const list = media(
      '#EXTM3U\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES\n#EXT-X-ENDLIST\n',
    );
    expect(list).to.include({ isEnded: true, isVod: true, startMs: -12_500 });
  });

  it('puts variables in', () => {
    const read = readHlsPlaylist(
      '#EXTM3U\n#EXT-X-DEFINE:NAME="host",VALUE="cdn"\n#EXT-X-DEFINE:IMPORT="up"\n#EXT-X-DEFINE:QUERYPARAM="t"\n' +
        '#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://{$host}/{$up}/{$t}/{$none}.ts\n',
      { imported: new Map([['up', 'b']]), query: new URLSearchParams('t=9') },
    );
    expect(read?.kind === 'media' && read.segments[0]?.uri).to.equal('http://cdn/b/9/{$none}.ts');
  });
});

describe('An attribute list', () => {
  it('keeps commas in quotes, takes blanks and a missing quote as meant, and the first of a name', () => {
    expect([...readHlsAttributes(' A="x,y" , b = 1 ,A=2,C="open')]).to.deep.equal([
      ['A', 'x,y'],
      ['B', '1'],
      ['C', 'open'],
    ]);
  });

  it('has ranges and vectors only where they are whole', () => {
    expect([readHlsRange('10@'), readHlsRange('-1'), readHlsRange(' 10 @ 4 ')]).to.deep.equal([
      undefined,
      undefined,
      { length: 10, offset: 4 },
    ]);
    expect([readHlsIv('0xzz'), readHlsIv(`0x${'0'.repeat(33)}`), readHlsIv('0X1')?.at(-1)]).to.deep.equal([
      undefined,
      undefined,
      1,
    ]);
  });
});

const segment = fc.record({
  uri: fc.stringMatching(/^[a-z0-9/._-]{1,20}$/).filter((uri) => !uri.startsWith('#')),
  seconds: fc.integer({ min: 0, max: 60_000 }).map((ms) => ms / 1_000),
  discontinuity: fc.boolean(),
  gap: fc.boolean(),
});

describe('Any playlist', () => {
  it('that was written is read back, whatever its line ends', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 30 }),
        fc.nat(1e9),
        fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
        (segments, first, end) => {
          const lines = [
            '#EXTM3U',
            '#EXT-X-TARGETDURATION:10',
            `#EXT-X-MEDIA-SEQUENCE:${first}`,
            ...segments.flatMap(({ uri, seconds, discontinuity, gap }) => [
              ...(discontinuity ? ['#EXT-X-DISCONTINUITY'] : []),
              ...(gap ? ['#EXT-X-GAP'] : []),
              `#EXTINF:${seconds},`,
              uri,
            ]),
          ];
          const list = media(lines.join(end));
          expect(list.segments.map(({ uri, durationMs, isGap }) => [uri, durationMs, isGap])).to.deep.equal(
            segments.map(({ uri, seconds, gap }) => [uri, Math.round(seconds * 1_000), gap]),
          );
          expect(list.segments.map(({ sequence }) => sequence)).to.deep.equal(segments.map((_, n) => first + n));
          const cuts = segments.filter((each) => each.discontinuity).length;
          expect(list.segments.at(-1)?.discontinuity ?? cuts).to.equal(cuts);
        },
      ),
    );
  });

  it('that is damaged is read without an error, with times and ranges that can be used', () => {
    const words = [
      '#EXTM3U',
      '#EXTINF:',
      '#EXT-X-KEY:METHOD=AES-128,URI="',
      '#EXT-X-MAP:URI="a",BYTERANGE="',
      '#EXT-X-BYTERANGE:',
      '#EXT-X-MEDIA-SEQUENCE:',
      '#EXT-X-STREAM-INF:',
      '#EXT-X-DEFINE:NAME="a",VALUE="{$a}"',
      '{$a}',
      '\n',
      '"',
      ',',
      '-1',
      '1e9',
      '99999999999999999999',
      'NaN',
      '@',
      'a.ts',
      '#EXT-X-START:TIME-OFFSET=',
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 60 }), (parts) => {
        const read = readHlsPlaylist(`#EXTM3U\n${parts.join('')}`);
        if (read?.kind !== 'media') return;
        expect(read.targetMs).to.be.within(500, 3_600_000);
        for (const { durationMs, range, sequence } of read.segments) {
          expect(durationMs).to.be.within(0, 3_600_000);
          expect(Number.isSafeInteger(sequence)).to.equal(true);
          if (range !== undefined) expect([range.length >= 0, range.offset >= 0]).to.deep.equal([true, true]);
        }
      }),
    );
  });

  for (const [what, line] of [
    ['a name that never ends', `#EXT-X-KEY:${'a'.repeat(4_000_000)}`],
    ['quotes that never end', `#EXT-X-STREAM-INF:${'A="'.repeat(1_000_000)}`],
    ['definitions that never end', `#EXT-X-DEFINE:${'NAME="'.repeat(1_000_000)}`],
    ['blanks in a range', `#EXT-X-BYTERANGE:5${' '.repeat(1_000_000)}x`],
    ['a time zone of digits', `#EXT-X-PROGRAM-DATE-TIME:${'+1234'.repeat(100_000)}`],
  ] as const)
    it(`does not hang: ${what}`, () => {
      expect(readHlsPlaylist(`#EXTM3U\n${line}\na\n`)).to.not.equal(null);
    });

  it('does not grow by variables without end', () => {
    const names = Array.from({ length: 40 }, (_, n) => `#EXT-X-DEFINE:NAME="v${n + 1}",VALUE="{$v${n}}{$v${n}}"`);
    const text = [
      '#EXTM3U',
      '#EXT-X-DEFINE:NAME="v0",VALUE="xxxxxxxxxxxxxxxx"',
      ...names,
      '#EXT-X-TARGETDURATION:1',
      '#EXTINF:1,',
      '{$v40}',
    ];
    const read = readHlsPlaylist(text.join('\n'));
    expect(read?.kind === 'media' && (read.segments[0]?.uri.length ?? 0)).to.be.below(5_000_000);
  });
});
