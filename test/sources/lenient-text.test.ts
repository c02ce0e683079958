import { expect } from 'chai';
import fc from 'fast-check';
import { asName, asProse, base64OrPlain, decodeHtmlEntities } from '../../src/sources/lenient-text.ts';

const packed = (text: string): string => Buffer.from(text).toString('base64');

describe('lenient texts', () => {
  for (const [value, expected] of [
    [packed('Tagesschau'), 'Tagesschau'],
    [packed('Düsseldorf – heute'), 'Düsseldorf – heute'],
    [packed('Tagesschau').replace(/=+$/, ''), 'Tagesschau'],
    [packed('two\nlines'), 'two\nlines'],
    ['News', 'News'],
    ['Wild', 'Wild'],
    ['QVJE', 'ARD'],
    [packed('U.F.O.'), 'U.F.O.'],
    ['Tagesthemen', 'Tagesthemen'],
    ['2012', '2012'],
    ['Home', 'Home'],
    ['Football', 'Football'],
    ['Sport heute', 'Sport heute'],
    ['TheMovie', 'TheMovie'],
    ['24', '24'],
    ['', undefined],
    [null, undefined],
    [5, '5'],
  ] as const) {
    it(`reads the title ${JSON.stringify(value)} as ${JSON.stringify(expected)}`, () => {
      expect(base64OrPlain(value)).to.equal(expected);
    });
  }

  it('reads back every text that was packed as base64', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 3 }), (text) => {
        const readable = [...text].every((char) => char >= ' ' && !'\u007f\ufffd\ufeff'.includes(char));
        fc.pre(readable && text.trim() === text && Buffer.from(text).length >= 3);
        fc.pre(!/^(?:[A-Z]?[a-z]{2,}\d*|[A-Z]{4,})$/.test(packed(text)));
        expect(base64OrPlain(packed(text))).to.equal(text);
      }),
    );
  });

  for (const [value, expected] of [
    ['Tom &amp; Jerry', 'Tom & Jerry'],
    ['Caf&eacute;&nbsp;Noir', 'Café Noir'],
    ['a &#39;b&#x27;', "a 'b'"],
    ['&amp;lt;', '&lt;'],
    ['AT&T', 'AT&T'],
    ['&unknown; &#0; &#xD800; &#9999999;', '&unknown; &#0; &#xD800; &#9999999;'],
    ['★ UHD │ 4K 🏆', '★ UHD │ 4K 🏆'],
    [' a\t\r\nb\u0000c ', 'a b c'],
    ['\ud800x', '\ufffdx'],
    ['null', undefined],
    ['', undefined],
    [null, undefined],
    [[], undefined],
    [3, '3'],
  ] as const) {
    it(`reads the name ${JSON.stringify(value)} as ${JSON.stringify(expected)}`, () => {
      expect(asName(value)).to.equal(expected);
    });
  }

  it('keeps the line breaks of longer texts', () => {
    expect(asProse('one\r\ntwo &amp; three')).to.equal('one\ntwo & three');
  });

  it('never throws and never gives an empty text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
        for (const text of [asName(value), asProse(value), base64OrPlain(value)])
          expect(text === undefined || (typeof text === 'string' && text !== '')).to.equal(true);
        if (typeof value === 'string') expect(decodeHtmlEntities(value)).to.be.a('string');
      }),
    );
  });
});
