import { expect } from 'chai';
import { answerHeaders, effectiveRange, planAnswer } from '../../src/vod/answer-head.ts';
import { contentTypeOf } from '../../src/vod/content-type.ts';
import { etagOf, isStrong, sameFile, type SeenFile } from '../../src/vod/file-facts.ts';
import { parseRange } from '../../src/vod/range.ts';

describe('planAnswer', () => {
  for (const [header, size, ranges, expected] of [
    [undefined, 100, true, { status: 200, start: 0, end: 100 }],
    ['bytes=0-', 100, true, { status: 206, start: 0, end: 100 }],
    ['bytes=0-', 100, false, { status: 200, start: 0, end: 100 }],
    ['bytes=10-19', 100, false, { status: 206, start: 10, end: 20 }],
    ['bytes=100-', 100, true, { status: 416 }],
    ['bytes=10-19', null, true, { status: 200, start: 0, end: null }],
    ['bytes=0-1,5-6', 100, true, { status: 200, start: 0, end: 100 }],
  ] as const) {
    it(`makes ${header} of ${size} bytes ${expected.status}${ranges ? '' : ' where ranges do not work'}`, () => {
      expect(planAnswer(parseRange(header), { size, ranges })).to.deep.equal(expected);
    });
  }
});

describe('effectiveRange', () => {
  const range = parseRange('bytes=5-');
  for (const [name, ifRange, size, kept] of [
    ['no If-Range', undefined, null, true],
    ['our ETag', etagOf('film', 100), 100, true],
    ['our ETag of another size', etagOf('film', 99), 100, false],
    ['our ETag while the size is not known', etagOf('film', 100), null, false],
    ['a weak form of it', `W/${etagOf('film', 100)}`, 100, false],
    ['a date', 'Sat, 21 Nov 2026 13:00:00 GMT', 100, false],
  ] as const) {
    it(`${kept ? 'keeps' : 'ignores'} the range with ${name}`, () => {
      expect(effectiveRange(range, ifRange, 'film', size)).to.deep.equal(kept ? range : null);
    });
  }
});

describe('answerHeaders', () => {
  const base = { itemId: 'film', contentType: 'video/mp4', size: 100, ranges: true };

  it('tell the part, its length and the whole', () => {
    expect(answerHeaders({ ...base, plan: { status: 206, start: 10, end: 20 } })).to.include({
      'content-range': 'bytes 10-19/100',
      'content-length': '10',
      'content-type': 'video/mp4',
      etag: etagOf('film', 100),
    });
  });

  it('tell no length that is not known', () => {
    const headers = answerHeaders({ ...base, size: null, plan: { status: 200, start: 0, end: null } });
    expect(headers).to.not.have.any.keys('content-length', 'etag', 'content-range');
  });
});

describe('contentTypeOf', () => {
  for (const [declared, ext, answered, expected] of [
    ['video/x-test', 'mkv', 'video/mp4', 'video/x-test'],
    ['', 'mkv', 'video/mp4', 'video/x-matroska'],
    ['application/octet-stream', 'MP4', undefined, 'video/mp4'],
    ['', 'xyz', 'video/mp2t', 'video/mp2t'],
    ['', 'xyz', 'text/html', 'application/octet-stream'],
    ['', '', undefined, 'application/octet-stream'],
  ] as const) {
    it(`says ${expected} for "${declared}", .${ext} and ${answered}`, () => {
      expect(contentTypeOf(declared, ext, answered)).to.equal(expected);
    });
  }
});

describe('sameFile', () => {
  const seen: SeenFile = { size: 100, etag: '"a"', lastModified: 'x', contentType: null, ranges: true };
  for (const [name, other, same] of [
    ['the same answer', {}, true],
    ['another size', { size: 101 }, false],
    ['another ETag', { etag: '"b"' }, false],
    ['a weak form of the ETag', { etag: 'W/"a"' }, true],
    ['no ETag', { etag: null }, true],
    ['no ETag and another date', { etag: null, lastModified: 'y' }, false],
    ['another type', { contentType: 'video/mp4' }, true],
  ] as const) {
    it(`says ${same} for ${name}`, () => {
      expect(sameFile(seen, { ...seen, ...other })).to.equal(same);
    });
  }

  it('takes only strong validators for If-Range', () => {
    expect(['"a"', 'W/"a"', 'a', null].map(isStrong)).to.deep.equal([true, false, false, false]);
  });
});
