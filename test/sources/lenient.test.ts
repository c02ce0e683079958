import { expect } from 'chai';
import fc from 'fast-check';
import {
  asBool,
  asExtension,
  asId,
  asIds,
  asInteger,
  asList,
  asNumber,
  asObject,
  asPicture,
  asRating,
  asText,
  asTexts,
  asWords,
} from '../../src/sources/lenient.ts';

const cases: readonly (readonly [
  name: string,
  decode: (value: unknown) => unknown,
  value: unknown,
  expected: unknown,
])[] = [
  ['a number as text', asNumber, '7.1', 7.1],
  ['a number as number', asNumber, 7.1, 7.1],
  ['"N/A" for a number', asNumber, 'N/A', undefined],
  ['an empty text for a number', asNumber, '', undefined],
  ['null for a number', asNumber, null, undefined],
  ['a hexadecimal text, which is no number', asNumber, '0x10', undefined],
  ['a number too large', asNumber, '1e999', undefined],
  ['an array for a number', asNumber, [1], undefined],
  ['a fraction for an integer', asInteger, '2.9', 2],
  ['minus zero for an integer', asInteger, '-0', 0],
  ['an id as number', asId, 12, '12'],
  ['an id wider than 53 bits', asId, '12345678901234567890', '12345678901234567890'],
  ['a negative id', asId, -1, undefined],
  ['an id that is null as text', asId, 'null', undefined],
  ['an empty id', asId, ' ', undefined],
  ['0 as no', asBool, 0, false],
  ['"1" as yes', asBool, '1', true],
  ['"true" as yes', asBool, 'true', true],
  ['"False" as no', asBool, 'False', false],
  ['true as yes', asBool, true, true],
  ['null as neither', asBool, null, undefined],
  ['"2" as neither', asBool, '2', undefined],
  ['[] where an object belongs', asObject, [], undefined],
  ['null where an object belongs', asObject, null, undefined],
  ['a text where an object belongs', asObject, 'x', undefined],
  ['an object where a list belongs', asList, { id: 1 }, [{ id: 1 }]],
  ['null where a list belongs', asList, null, []],
  ['"" where a list belongs', asList, '', []],
  ['a text where a list of texts belongs', asTexts, 'http://h/b.jpg', ['http://h/b.jpg']],
  ['a list with empty texts', asTexts, ['', null, 'x', 5], ['x', '5']],
  ['category_ids as list of numbers', asIds, [12, 13], ['12', '13']],
  ['category_ids as list of texts', asIds, ['12', '12'], ['12']],
  ['category_ids as CSV', asIds, '12,13', ['12', '13']],
  ['category_ids as JSON in a text', asIds, '["12", 13]', ['12', '13']],
  ['category_ids as number', asIds, 12, ['12']],
  ['category_ids as null', asIds, null, []],
  ['category_ids as ""', asIds, '', []],
  ['category 0, which is none', asIds, '0', []],
  ['category_ids as object', asIds, { 0: '12' }, ['12']],
  ['allowed_output_formats as text', asWords, 'm3u8, TS', ['m3u8', 'ts']],
  ['allowed_output_formats as list', asWords, ['m3u8', 'ts', 'rtmp'], ['m3u8', 'ts', 'rtmp']],
  ['a number as text field', asText, 5, '5'],
  ['blanks as text', asText, '  ', undefined],
  ['a picture without scheme', asPicture, '//host/a.png', 'http://host/a.png'],
  ['a picture that is "n/a"', asPicture, 'n/a', undefined],
  ['a picture that is data', asPicture, 'data:image/png;base64,AAAA', undefined],
  ['a picture that is a script', asPicture, 'javascript:alert(1)', undefined],
  ['the first picture of a list', asPicture, ['', 'https://h/1.jpg', 'https://h/2.jpg'], 'https://h/1.jpg'],
  ['an extension with its dot', asExtension, '.MKV', 'mkv'],
  ['an extension that would leave its folder', asExtension, '../../x', undefined],
  ['a rating with a comma', asRating, '7,1', 7.1],
  ['a rating out of 10', asRating, '7.1/10', 7.1],
  ['a rating of 0, which is none', asRating, '0', undefined],
  ['a rating of 71', asRating, 71, undefined],
];

describe('lenient decoders', () => {
  for (const [name, decode, value, expected] of cases) {
    it(`read ${name}`, () => {
      expect(decode(value)).to.deep.equal(expected);
    });
  }

  it('give the right type for any JSON and never throw', () => {
    const optional = (type: string, value: unknown): boolean => value === undefined || typeof value === type;
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(optional('number', asNumber(value))).to.equal(true);
        expect(asInteger(value) === undefined || Number.isSafeInteger(asInteger(value))).to.equal(true);
        expect(optional('string', asId(value))).to.equal(true);
        expect(optional('boolean', asBool(value))).to.equal(true);
        expect(optional('string', asText(value))).to.equal(true);
        expect(Array.isArray(asList(value))).to.equal(true);
        expect(asIds(value).every((id) => typeof id === 'string' && id !== '')).to.equal(true);
        expect(asTexts(value).every((text) => typeof text === 'string' && text !== '')).to.equal(true);
        expect(asWords(value).every((text) => typeof text === 'string')).to.equal(true);
        expect(optional('string', asPicture(value))).to.equal(true);
        expect(optional('number', asRating(value))).to.equal(true);
        const object = asObject(value);
        expect(object === undefined || (typeof object === 'object' && !Array.isArray(object))).to.equal(true);
      }),
    );
  });
});
