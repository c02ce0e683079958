import { expect } from 'chai';
import fc from 'fast-check';
import { CharsetDecoder } from '../../src/text/charset.ts';
import { LineSplitter } from '../../src/text/lines.ts';

type Line = [text: string, number: number, cut: boolean];

function split(bytes: Uint8Array, cuts: readonly number[] = [], maxChars?: number): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter((...line) => void lines.push(line), maxChars === undefined ? {} : { maxChars });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    splitter.write(bytes.subarray(from, to));
    from = to;
  }
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  for (const [title, text, lines] of [
    ['LF', 'a\nb\n', ['a', 'b']],
    ['CRLF', 'a\r\nb\r\n', ['a', 'b']],
    ['CR', 'a\rb\r', ['a', 'b']],
    ['all of them', 'a\r\n\rb\n\nc', ['a', '', 'b', '', 'c']],
    ['no end', 'a', ['a']],
    ['nothing', '', []],
    ['a byte order mark', '\ufeffa\n', ['a']],
  ] as const) {
    it(`splits at ${title}`, () => {
      expect(
        split(
          Buffer.from(text),
          [...text].map((_, index) => index),
        ).map(([line]) => line),
      ).to.deep.equal(lines);
    });
  }

  it('cuts lines that are too long', () => {
    expect(split(Buffer.from('abcdef\nabc\nabcd'), [2, 4], 3)).to.deep.equal([
      ['abc', 1, true],
      ['abc', 2, false],
      ['abc', 3, true],
    ]);
  });

  it('does not depend on the chunks', () => {
    const part = fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', 'é', '€', '😀', 'a').map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 200 }), fc.array(fc.nat(), { maxLength: 30 }), (parts, cuts) => {
        const bytes = Buffer.concat(parts);
        expect(split(bytes, cuts, 10)).to.deep.equal(split(bytes, [], 10));
      }),
      { numRuns: 500 },
    );
  });
});

describe('CharsetDecoder', () => {
  const decode = (bytes: Uint8Array, xml = false): string => {
    const decoder = new CharsetDecoder({ xml });
    let text = '';
    for (const byte of bytes) text += decoder.write(Uint8Array.of(byte));
    return text + decoder.end();
  };

  it('reads all of Unicode as UTF-8, byte by byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.startsWith('\ufeff') && !/^.?\0/s.test(text));
        expect(decode(Buffer.from(text))).to.equal(text);
      }),
    );
  });

  for (const [title, bytes, text] of [
    ['Latin-1', Buffer.from('Señor Müller', 'latin1'), 'Señor Müller'],
    ['Windows-1252', Buffer.from([0x80, 0x20, 0x93, 0x61, 0x94]), '€ “a”'],
    ['UTF-8 mixed with Latin-1', Buffer.concat([Buffer.from('é '), Buffer.from('é', 'latin1')]), 'é é'],
    ['overlong sequences as bytes', Buffer.from([0xc0, 0xaf]), 'À¯'],
    ['surrogates as bytes', Buffer.from([0xed, 0xa0, 0x80]), 'í\u00a0€'],
    ['a sequence that is cut at the end', Buffer.from([0x61, 0xe2, 0x82]), 'aâ‚'],
    ['UTF-16, little end first', Buffer.from('\ufeffé', 'utf16le'), 'é'],
    ['UTF-16, big end first', Buffer.from('\ufeffé', 'utf16le').swap16(), 'é'],
  ] as const) {
    it(`reads ${title}`, () => {
      expect(decode(bytes)).to.equal(text);
    });
  }

  it('believes the declaration of XML only for XML', () => {
    const bytes = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="iso-8859-2"?>'), Buffer.from([0xb1])]);
    expect(decode(bytes, true)).to.match(/ą$/);
    expect(decode(bytes)).to.match(/±$/);
  });

  it('ignores an encoding nobody knows', () => {
    expect(decode(Buffer.from('<?xml version="1.0" encoding="x-none"?>é'), true)).to.match(/é$/);
  });
});
