import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { CoaxError, type ErrorCode } from '../../src/errors.ts';
import {
  type CapacityHint,
  capacityOfError,
  classifyAnswer,
  type MediaAnswer,
} from '../../src/sources/media-answer.ts';
import { findContainer, type MediaContainer } from '../../src/sources/media-container.ts';

/** `count` packets of `size` bytes with sync bytes at `sync` and bytes that are no text between. */
function packets(count: number, size = 188, sync = 0): Buffer {
  const bytes = Buffer.alloc(count * size, 0x01);
  for (let i = 0; i < count; i++) bytes[i * size + sync] = 0x47;
  return bytes;
}
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const text = (words: string) => Buffer.from(words);
const ts = packets(4);

const answer = (more: Partial<MediaAnswer>): MediaAnswer => ({
  status: 200,
  headers: {},
  first: ts,
  expects: 'live',
  ...more,
});

describe('what the first bytes of an answer are', () => {
  const table: readonly [string, Buffer, MediaContainer, number?][] = [
    ['a transport stream', ts, 'mpegts'],
    ['a single packet', packets(1), 'mpegts'],
    ['one packet and a half', packets(2).subarray(0, 280), 'mpegts'],
    ['the start of a packet', packets(1).subarray(0, 100), 'mpegts'],
    ['packets that start late', packets(5).subarray(60), 'mpegts', 128],
    ['packets with arrival times', packets(4, 192, 4), 'mpegts', 4],
    ['packets with Reed-Solomon bytes', packets(4, 204), 'mpegts'],
    [
      'a PHP warning and then packets',
      Buffer.concat([text('<br />\nWarning: Grep GGG in /var/www/x.php on line 3\n'), ts]),
      'mpegts',
      53,
    ],
    ['Matroska', hex('1a45dfa3 01000000'), 'matroska'],
    ['MP4', hex('00000020 66747970 69736f6d'), 'mp4'],
    ['MP4 that starts with its index', hex('00100020 6d6f6f76 00000000'), 'mp4'],
    ['AVI', Buffer.concat([text('RIFF'), hex('00000100'), text('AVI LIST')]), 'avi'],
    ['FLV', hex('464c5601 05'), 'flv'],
    ['a program stream', hex('000001ba 44000400'), 'mpegps'],
    ['ADTS', hex('fff15080 1ffc'), 'audio'],
    ['MP3', hex('fffb9064 0000'), 'audio'],
    ['MP3 with tags', hex('49443304 0000'), 'audio'],
    ['an HLS playlist', text('#EXTM3U\n#EXT-X-VERSION:3\n'), 'hls'],
    ['an HLS playlist after a byte order mark and blank lines', text('\uFEFF\r\n\n#EXTM3U\n'), 'hls'],
    ['a DASH manifest', text('<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">'), 'dash'],
    ['HTML', text('<!DOCTYPE html><html>'), 'text'],
    ['a sentence', text('Max connections reached'), 'text'],
    ['a sentence that starts like a packet', text('Go away'), 'text'],
    ['a picture', hex('89504e47 0d0a1a0a'), 'image'],
    ['gzip', hex('1f8b0800 00000000'), 'archive'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['noise', hex('00010203 04050607 08090a0b'), 'unknown'],
    ['noise with a stray sync byte', Buffer.concat([hex('0001'), hex('47'), Buffer.alloc(800, 2)]), 'unknown'],
  ];
  for (const [what, bytes, container, offset = 0] of table) {
    it(`are ${container}: ${what}`, () => {
      expect(findContainer(bytes)).to.deep.equal({ container, offset });
    });
  }
});

describe('a good answer', () => {
  const table: readonly [string, Partial<MediaAnswer>, MediaContainer][] = [
    ['a transport stream of the right type', { headers: { 'content-type': 'video/mp2t' } }, 'mpegts'],
    ['a transport stream that calls itself HTML', { headers: { 'content-type': 'text/html' } }, 'mpegts'],
    ['a transport stream without a type', {}, 'mpegts'],
    ['206', { status: 206 }, 'mpegts'],
    ['a radio station', { first: hex('fffb9064 0000') }, 'audio'],
    ['an HLS playlist that calls itself a page', { first: text('#EXTM3U\n#EXT-X-VERSION:3\n') }, 'hls'],
    ['what may be an HLS playlist, packed', { first: hex('1f8b0800 00000000') }, 'archive'],
    ['a film', { expects: 'file', first: hex('1a45dfa3 01000000') }, 'matroska'],
    ['a file of unknown format', { expects: 'file', first: hex('00010203 0405') }, 'unknown'],
    ['a piece of a file', { expects: 'file', status: 206, at: 5_000, first: hex('1f8b0800 0000') }, 'unknown'],
    [
      'a piece of a file that is text',
      { expects: 'file', status: 206, at: 5_000, first: text('1\n00:01 --> 00:02\nHi') },
      'unknown',
    ],
  ];
  for (const [what, more, container] of table) {
    it(`is ${what}`, () => {
      expect(classifyAnswer(answer(more))).to.deep.include({ kind: 'media', container });
    });
  }
});

describe('a bad answer', () => {
  const page = (body: string) =>
    text(`<html><head><title>T</title><style>p{}</style></head><body><p>${body}</p></body></html>`);
  const table: readonly (readonly [string, Partial<MediaAnswer>, ErrorCode, CapacityHint])[] = [
    ['an HTML page', { first: page('Welcome to nginx!') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    [
      'an HTML page that calls itself video',
      { first: page('Hello'), headers: { 'content-type': 'video/mp2t' } },
      'UPSTREAM_BAD_CONTENT',
      'no',
    ],
    ['a page of the limit', { first: page('Max connections reached') }, 'UPSTREAM_CAPACITY', 'yes'],
    [
      'a page of the limit in other words',
      { first: text('Sorry, too many active streams on this line') },
      'UPSTREAM_CAPACITY',
      'yes',
    ],
    ['a page of an expired account', { first: page('Your account has expired.') }, 'UPSTREAM_REFUSED', 'maybe'],
    ['JSON', { first: text('{"user_info":{"auth":0}}') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['an empty body', { first: Buffer.alloc(0) }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['no content', { status: 204, first: Buffer.alloc(0) }, 'UPSTREAM_BAD_CONTENT', 'no'],
    [
      'an HLS playlist where a film should be',
      { expects: 'file', first: text('#EXTM3U\n#EXT-X-VERSION:3\n') },
      'UPSTREAM_BAD_CONTENT',
      'no',
    ],
    ['an archive where a film should be', { expects: 'file', first: hex('1f8b0800') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['a zip', { first: hex('504b0304') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['a picture', { first: hex('ffd8ffe0') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['a film where a channel should be', { first: hex('1a45dfa3 01000000') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    ['noise where a channel should be', { first: hex('00010203 0405') }, 'UPSTREAM_BAD_CONTENT', 'no'],
    [
      'a page where a piece of a file should be',
      { expects: 'file', status: 206, at: 9, first: page('no'), headers: { 'content-type': 'text/html' } },
      'UPSTREAM_BAD_CONTENT',
      'no',
    ],
    ['a redirect that leads nowhere', { status: 302, first: Buffer.alloc(0) }, 'UPSTREAM_ERROR', 'no'],
    ['401', { status: 401 }, 'UPSTREAM_REFUSED', 'maybe'],
    ['403', { status: 403, first: Buffer.alloc(0) }, 'UPSTREAM_REFUSED', 'maybe'],
    [
      '403 that names the limit',
      { status: 403, first: text('MAX_CONNECTIONS: maximum connections') },
      'UPSTREAM_CAPACITY',
      'yes',
    ],
    ['404', { status: 404 }, 'UPSTREAM_NOT_FOUND', 'no'],
    ['410', { status: 410 }, 'UPSTREAM_NOT_FOUND', 'no'],
    ['405', { status: 405 }, 'UPSTREAM_REFUSED', 'no'],
    ['416', { status: 416 }, 'RANGE_NOT_SATISFIABLE', 'no'],
    ...[429, 456, 458, 461, 509, 512].map((status) => [`${status}`, { status }, 'UPSTREAM_CAPACITY', 'yes'] as const),
    ...[406, 451, 551, 884].map((status) => [`${status}`, { status }, 'UPSTREAM_REFUSED', 'maybe'] as const),
    ['503', { status: 503 }, 'UPSTREAM_CAPACITY', 'maybe'],
    ...[500, 502, 504, 520, 999].map((status) => [`${status}`, { status }, 'UPSTREAM_ERROR', 'no'] as const),
    ['a status of this provider', { status: 423, capacityStatuses: new Set([423]) }, 'UPSTREAM_CAPACITY', 'yes'],
  ];
  for (const [what, more, code, capacity] of table) {
    it(`is ${code} (${capacity}): ${what}`, () => {
      const verdict = classifyAnswer(answer(more));
      expect(verdict.kind === 'refused' && [verdict.error.code, verdict.capacity]).to.deep.equal([code, capacity]);
    });
  }

  const messageOf = (more: Partial<MediaAnswer>): string => {
    const verdict = classifyAnswer(answer(more));
    return verdict.kind === 'refused' ? verdict.error.message : '';
  };

  it('quotes what the page says to a person', () => {
    expect(messageOf({ first: page('Please &nbsp; wait\u007f\u200b\n<b>here</b>') })).to.contain('"Please wait here"');
  });

  it('quotes the title of a page without a text', () => {
    expect(messageOf({ first: text('<html><title>502 Bad Gateway</title></html>') })).to.contain('"502 Bad Gateway"');
  });

  it('quotes at most 80 characters', () => {
    const quote = /"(.*)"/.exec(messageOf({ first: text('é'.repeat(500)) }))?.[1] ?? '';
    expect([...quote]).to.have.length(80);
  });

  for (const leak of [
    'Cannot GET /live/jane/hunter22/5.ts',
    'http://jane:hunter22@panel.example:8080/x is gone',
    'username=jane&password=hunter22 is wrong',
    '{"username":"jane","password":"hunter22","message":"off"}',
    'User hunter22 is off',
    'hunter%3F22 is off',
  ]) {
    it(`quotes no login: ${leak}`, () => {
      expect(messageOf({ first: text(leak), secrets: ['hunter22', 'hunter?22', 'jane'] })).to.not.match(/hunter|jane/);
      expect(messageOf({ status: 403, first: text(leak), secrets: ['hunter22', 'hunter?22'] })).to.not.match(/hunter/);
    });
  }

  const odd = 'pa"ss/<w>&?#%41==';
  for (const leak of [
    `Denied: ${odd} is off`,
    `Denied: <b>${odd}</b>`,
    'Denied: pa&quot;ss/&lt;w&gt;&amp;?#%41== is off',
    `Denied: ${JSON.stringify({ said: odd })}`,
    `Denied: ${encodeURIComponent(odd)}`,
  ]) {
    it(`quotes no part of a password with markup in it: ${leak}`, () => {
      expect(messageOf({ first: text(leak), secrets: [odd] }))
        .to.include('Denied')
        .and.not.match(/ss|41|w>|w&/);
      expect(messageOf({ status: 403, first: text(leak), secrets: [odd] })).to.not.match(/ss|41|w>|w&/);
    });
  }

  for (const path of ['/live/typeduser7/typedpass7/101.ts', '/shortuser7/shortpass7/101', 'bob:secret1']) {
    it(`quotes no base64 of ${path}`, () => {
      const packed = Buffer.from(path).toString('base64');
      const message = messageOf({ first: text(`Denied (${packed}), sorry`) });
      expect(message).to.include('Denied').and.include('sorry').and.not.include(packed.slice(0, 8));
    });
  }

  it('quotes long words', () => {
    const words = 'Streamingverbindungen are temporarily-unavailable';
    expect(messageOf({ first: text(words) })).to.include(words);
  });

  it('finds the words of a limit although a word of them is hidden as a secret', () => {
    const verdict = classifyAnswer(answer({ first: text('maximum live connections'), secrets: ['live'] }));
    expect(verdict.kind === 'refused' && verdict.error.code).to.equal('UPSTREAM_CAPACITY');
  });

  it('passes Retry-After on, in seconds and as a date, and believes ten minutes', () => {
    const retry = (value: string) => {
      const verdict = classifyAnswer(answer({ status: 429, headers: { 'retry-after': value } }));
      return verdict.kind === 'refused' ? verdict.error.retryAfterMs : null;
    };
    expect(retry('7')).to.equal(7_000);
    expect(retry('86400')).to.equal(600_000);
    expect(retry('soon')).to.equal(5_000);
    const clock = useFakeTimers({ now: Date.UTC(2026, 10, 21, 12), toFake: ['Date'] });
    try {
      expect(retry('Sat, 21 Nov 2026 12:00:30 GMT')).to.equal(30_000);
    } finally {
      clock.restore();
    }
  });

  it('may be a full account when the connection was reset before an answer', () => {
    const reset = new CoaxError('UPSTREAM_UNREACHABLE', 'x', { details: { reset: true } });
    expect([
      capacityOfError(reset),
      capacityOfError(new CoaxError('UPSTREAM_UNREACHABLE')),
      capacityOfError(1),
    ]).to.deep.equal(['maybe', 'no', 'no']);
  });
});
