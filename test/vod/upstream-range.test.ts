import { expect } from 'chai';
import { CoaxError } from '../../src/errors.ts';
import { askHeader, ProviderRefusal, readAnswer, type Ask } from '../../src/vod/upstream-range.ts';

const from = (start: number, to: number | null = null): Ask => ({ kind: 'span', from: start, to });

describe('readAnswer', () => {
  for (const [name, ask, status, headers, expected] of [
    ['a part', from(10), 206, { 'content-range': 'bytes 10-99/100' }, { start: 10, end: 100, size: 100, ranges: true }],
    [
      'a part of unknown size to the end',
      from(10),
      206,
      { 'content-range': 'bytes 10-99/*' },
      { start: 10, end: 100, size: 100, ranges: true },
    ],
    [
      'a bounded part of unknown size',
      from(10, 20),
      206,
      { 'content-range': 'bytes 10-19/*' },
      { start: 10, end: 20, size: 777, ranges: true },
    ],
    [
      'a part that starts earlier',
      from(10),
      206,
      { 'content-range': 'bytes 0-99/100' },
      { start: 0, end: 100, size: 100, ranges: true },
    ],
    [
      'a suffix',
      { kind: 'suffix', length: 5 },
      206,
      { 'content-range': 'bytes 95-99/100' },
      { start: 95, end: 100, size: 100, ranges: true },
    ],
    [
      'the whole file',
      from(10),
      200,
      { 'content-length': '100', 'accept-ranges': 'bytes' },
      { start: 0, end: 100, size: 100, ranges: false },
    ],
    [
      'the whole file for the whole file',
      from(0),
      200,
      { 'content-length': '100', 'accept-ranges': 'bytes' },
      { start: 0, end: 100, size: 100, ranges: true },
    ],
    ['a file without length', from(0), 200, {}, { start: 0, end: null, size: null, ranges: false }],
    [
      'a file with a senseless length',
      from(0),
      200,
      { 'content-length': '-1' },
      { start: 0, end: null, size: null, ranges: false },
    ],
  ] as const) {
    it(`reads ${name}`, () => {
      const { seen, start, end, unsatisfiable } = readAnswer(ask, { status, headers }, 777);
      expect({ start, end, size: seen.size, ranges: seen.ranges }).to.deep.equal(expected);
      expect(unsatisfiable).to.equal(false);
    });
  }

  it('takes the size from a 416', () => {
    const answer = { status: 416, headers: { 'content-range': 'bytes */100' } };
    expect(readAnswer(from(500), answer, null)).to.deep.include({ unsatisfiable: true });
    expect(readAnswer(from(500), answer, null).seen.size).to.equal(100);
  });

  for (const [name, headers] of [
    ['without Content-Range', {}],
    ['with one that makes no sense', { 'content-range': 'bytes 99-10/100' }],
    ['that starts after what was asked for', { 'content-range': 'bytes 11-99/100' }],
  ] as const) {
    it(`refuses a 206 ${name}`, () => {
      expect(() => readAnswer(from(10), { status: 206, headers }, null))
        .to.throw(CoaxError)
        .with.property('code', 'UPSTREAM_BAD_CONTENT');
    });
  }
});

describe('askHeader', () => {
  it('writes spans with an inclusive end, and suffixes', () => {
    expect([from(0), from(5, 10), { kind: 'suffix', length: 7 } as const].map(askHeader)).to.deep.equal([
      'bytes=0-',
      'bytes=5-9',
      'bytes=-7',
    ]);
  });
});

describe('ProviderRefusal.of', () => {
  it('marks what may be about connections and leaves the rest as it is', () => {
    const error = new CoaxError('UPSTREAM_REFUSED', 'no', { retryAfterMs: 5 });
    expect(ProviderRefusal.of(error, 'no')).to.equal(error);
    const marked = ProviderRefusal.of(error, 'maybe');
    expect(marked).to.be.instanceOf(ProviderRefusal);
    expect([marked.code, marked.message, marked.retryAfterMs]).to.deep.equal(['UPSTREAM_REFUSED', 'no', 5]);
  });
});
