import { expect } from 'chai';
import fc from 'fast-check';
import { formatRange, parseContentRange, parseRange, resolveRange } from '../../src/vod/range.ts';

describe('parseRange', () => {
  for (const [header, expected] of [
    ['bytes=0-', { kind: 'from', start: 0, last: null }],
    ['bytes=0-0', { kind: 'from', start: 0, last: 0 }],
    ['bytes=500-999', { kind: 'from', start: 500, last: 999 }],
    ['BYTES=500-999', { kind: 'from', start: 500, last: 999 }],
    ['bytes=-500', { kind: 'suffix', length: 500 }],
    ['bytes=-0', { kind: 'suffix', length: 0 }],
    ['bytes= 1-2', { kind: 'from', start: 1, last: 2 }],
    ['bytes=1-2,', { kind: 'from', start: 1, last: 2 }],
    ['bytes=,,1-2', { kind: 'from', start: 1, last: 2 }],
    ['bytes=5-99999999999999999999999', { kind: 'from', start: 5, last: Number.MAX_SAFE_INTEGER - 1 }],
    [undefined, null],
    ['', null],
    ['bytes', null],
    ['bytes=', null],
    ['bytes=-', null],
    ['bytes=9-5', null],
    ['bytes=a-b', null],
    ['bytes=1', null],
    ['bytes=1-2-3', null],
    ['bytes=-1-2', null],
    ['bytes=+1-2', null],
    ['bytes=0x1-2', null],
    ['bytes 1-2', null],
    ['items=1-2', null],
    ['bytes=0-1,4-5', null],
  ] as const) {
    it(`reads ${JSON.stringify(header)}`, () => {
      expect(parseRange(header)).to.deep.equal(expected);
    });
  }
});

describe('resolveRange', () => {
  for (const [header, size, expected] of [
    ['bytes=0-', 100, { start: 0, end: 100 }],
    ['bytes=0-0', 100, { start: 0, end: 1 }],
    ['bytes=99-', 100, { start: 99, end: 100 }],
    ['bytes=50-500', 100, { start: 50, end: 100 }],
    ['bytes=-30', 100, { start: 70, end: 100 }],
    ['bytes=-300', 100, { start: 0, end: 100 }],
    ['bytes=100-', 100, null],
    ['bytes=-0', 100, null],
    ['bytes=0-', 0, null],
    ['bytes=-5', 0, null],
  ] as const) {
    it(`makes ${header} of ${size} bytes ${JSON.stringify(expected)}`, () => {
      const spec = parseRange(header);
      expect(spec).to.not.equal(null);
      expect(spec && resolveRange(spec, size)).to.deep.equal(expected);
    });
  }

  it('never leaves the file, and always holds a byte', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.option(fc.nat(5_000), { nil: null }), fc.nat(5_000), (start, last, size) => {
        const span = resolveRange({ kind: 'from', start, last: last === null ? null : Math.max(last, start) }, size);
        if (span === null) expect(start).to.be.at.least(size);
        else expect(0 <= span.start && span.start < span.end && span.end <= size).to.equal(true);
      }),
    );
  });
});

describe('parseContentRange', () => {
  for (const [header, expected] of [
    ['bytes 0-99/100', { span: { start: 0, end: 100 }, size: 100 }],
    ['bytes 10-19/*', { span: { start: 10, end: 20 }, size: null }],
    ['bytes */100', { span: null, size: 100 }],
    ['Bytes 0-9/10', { span: { start: 0, end: 10 }, size: 10 }],
    ['bytes 0-100/100', null],
    ['bytes 9-5/100', null],
    ['bytes=0-9/10', null],
    ['0-9/10', null],
    [undefined, null],
  ] as const) {
    it(`reads ${JSON.stringify(header)}`, () => {
      expect(parseContentRange(header)).to.deep.equal(expected);
    });
  }

  it('reads back what formatRange writes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (start, length) => {
        const spec = parseRange(formatRange(start, start + length + 1));
        expect(spec).to.deep.equal({ kind: 'from', start, last: start + length });
        expect(parseRange(formatRange(start, null))).to.deep.equal({ kind: 'from', start, last: null });
      }),
    );
  });
});
