import { expect } from 'chai';
import fc from 'fast-check';
import {
  type JsonItem,
  type JsonItemsOptions,
  type JsonItemsSummary,
  readJsonItems,
} from '../../src/text/json-items.ts';
import { parseJson } from '../../src/text/json-value.ts';
import { cutAt, pieces } from './pieces.ts';

interface Got {
  readonly items: JsonItem[];
  readonly summary: JsonItemsSummary | undefined;
}

async function collect(chunks: AsyncIterable<Uint8Array>, options: JsonItemsOptions = {}): Promise<Got> {
  const list = readJsonItems(chunks, options);
  const items: JsonItem[] = [];
  for await (const item of list) items.push(item);
  return { items, summary: list.summary };
}

const read = (text: string, options?: JsonItemsOptions, size = 1 << 20): Promise<Got> =>
  collect(pieces(Buffer.from(text), size), options);
const values = (got: Got): unknown[] => got.items.map((item) => ('value' in item ? item.value : 'broken'));

describe('readJsonItems', () => {
  const lists: [string, string, unknown[]][] = [
    ['a list', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['an empty list', '[]', []],
    ['white space', ' [ { "a" : [ 1 , 2 ] } ,\n {"b":{}} ]\n', [{ a: [1, 2] }, { b: {} }]],
    ['brackets and quotes in strings', String.raw`[{"a":"]}\"[{\\"},{"b":1}]`, [{ a: ']}"[{\\' }, { b: 1 }]],
    ['a byte order mark', '\ufeff[{"a":1}]', [{ a: 1 }]],
    ['notices of PHP', '<br />\n<b>Notice</b>: Undefined index [x] in {file} on line 3<br />\n[{"a":1}]', [{ a: 1 }]],
    ['notices of PHP without markup', 'Warning: foo\n[{"a":1}]', [{ a: 1 }]],
    [
      'a notice with numbers in brackets',
      'Warning: PDO::__construct(): SQLSTATE[HY000] [2002] Connection refused in /a/b.php on line 3\n[{"a":1}]',
      [{ a: 1 }],
    ],
    ['a notice with texts in brackets', 'Notice: index ["x"] [] [null] in a.php [{"a":1}]', [{ a: 1 }]],
    ['an empty list behind a notice', 'Warning: x [2002] on line 3<br />\n[]', []],
    ['an object by index', '{"0":{"a":1},"7":{"a":{"b":[2]}}}', [{ a: 1 }, { a: { b: [2] } }]],
    [
      'an object by index with a broken item',
      ' { "1" : {"a":1} ,\n"2": {"b":nope}, "3":{"c":3} } ',
      [{ a: 1 }, 'broken', { c: 3 }],
    ],
    [
      'integers wider than 53 bits',
      '[{"a":9007199254740993,"b":[12345678901234567890],"c":"9007199254740993","d":0.12345678901234568}]',
      [{ a: '9007199254740993', b: ['12345678901234567890'], c: '9007199254740993', d: 0.12345678901234568 }],
    ],
    ['text behind the list', '[{"a":1}]\n<br />Warning', [{ a: 1 }]],
    ['items that are no objects', '[1,"a",null,[2],true]', [1, 'a', null, [2], true]],
    ['a broken item', '[{"a":1},{"b":nope},{"c":3}]', [{ a: 1 }, 'broken', { c: 3 }]],
    ['a comma too many', '[{"a":1},,{"c":3},]', [{ a: 1 }, { c: 3 }]],
    ['a missing comma', '[{"a":1}{"c":3}]', [{ a: 1 }, { c: 3 }]],
    ['an even number of quotes nobody escaped', '[{"a":"the "best" show"},{"c":3}]', ['broken', { c: 3 }]],
    [
      'an odd number of quotes nobody escaped',
      '[{"a":"5" TV","b":"x"},{"c":"3"},{"d":"4"}]',
      ['broken', { c: '3' }, { d: '4' }],
    ],
    ['a control character in a string', '[{"a":"1\n2"},{"c":3}]', ['broken', { c: 3 }]],
    ['a valid string that looks like a seam', '[{"a":"},{","b":1},{"c":3}]', [{ a: '},{', b: 1 }, { c: 3 }]],
  ];
  for (const [title, text, expected] of lists) {
    for (const size of [1, 3, 1000]) {
      it(`reads ${title} in chunks of ${size}`, async () => {
        const got = await read(text, {}, size);
        expect(values(got)).to.deep.equal(expected);
        expect(got.items.map((item) => item.index)).to.deep.equal(expected.map((_, index) => index + 1));
        expect(got.summary).to.deep.equal({ form: 'array', items: expected.length, truncated: false });
      });
    }
  }

  const others: [string, string, JsonItemsSummary][] = [
    [
      'an object',
      '{"user_info":{"auth":0},"list":[1]}',
      { form: 'object', items: 0, truncated: false, object: { user_info: { auth: 0 }, list: [1] } },
    ],
    [
      'an object behind a notice',
      'Notice: x\n{"a":1}',
      { form: 'object', items: 0, truncated: false, object: { a: 1 } },
    ],
    [
      'an object with numbers as keys and other values',
      '{"0":1,"1":{"a":1}}',
      { form: 'object', items: 0, truncated: false, object: { 0: 1, 1: { a: 1 } } },
    ],
    ['a broken object', '{"a":nope}', { form: 'object', items: 0, truncated: false }],
    ['false', 'false', { form: 'scalar', items: 0, truncated: false, scalar: false }],
    ['null', ' null\n', { form: 'scalar', items: 0, truncated: false, scalar: null }],
    ['an empty string', '""', { form: 'scalar', items: 0, truncated: false, scalar: '' }],
    ['nothing', ' \n', { form: 'empty', items: 0, truncated: false }],
    [
      'a web page',
      '<!DOCTYPE html><script>var a = {"b":[{"c":1}]}</script>',
      { form: 'html', items: 0, truncated: false },
    ],
    ['another web page', '<div>{"a":1}</div>', { form: 'html', items: 0, truncated: false }],
    ['words', 'Access denied', { form: 'text', items: 0, truncated: false }],
    ['an object that was cut', '{"a":[1,2', { form: 'object', items: 0, truncated: true }],
    ['a single bracket', '[', { form: 'array', items: 0, truncated: true }],
  ];
  for (const [title, text, summary] of others) {
    it(`recognises ${title}`, async () => {
      expect(await read(text, {}, 3)).to.deep.equal({ items: [], summary });
      expect(await read(text)).to.deep.equal({ items: [], summary });
    });
  }

  it('reads the list under a key and gives the object around it', async () => {
    const got = await read(
      '{"a":{"epg_listings":[9]},"epg_listings":[{"t":1},{"t":2}],"b":"x"}',
      { keys: ['epg_listings'] },
      5,
    );
    expect(values(got)).to.deep.equal([{ t: 1 }, { t: 2 }]);
    expect(got.summary).to.deep.equal({
      form: 'object',
      items: 2,
      truncated: false,
      object: { a: { epg_listings: [9] }, epg_listings: [], b: 'x' },
    });
  });

  for (const text of ['{"0":{"a":1},"user_info":{"auth":1}}', '{"0":{"a":1},"1":2}', '{"0":{"a":1},"1":[{}]}']) {
    it(`takes ${text} for no list`, async () => {
      expect((await read(text, {}, 3)).summary?.form).to.equal('object');
      expect((await read(text)).summary?.form).to.equal('object');
    });
  }

  it('tells of a cut in an object by index', async () => {
    const got = await read('{"0":{"a":1},"1":{"b":2},"12', {}, 4);
    expect(values(got)).to.deep.equal([{ a: 1 }, { b: 2 }]);
    expect(got.summary).to.deep.equal({ form: 'array', items: 2, truncated: true });
  });

  it('gives the items before a cut', async () => {
    const got = await read('[{"a":1},{"b":2},{"c":');
    expect(values(got)).to.deep.equal([{ a: 1 }, { b: 2 }]);
    expect(got.summary).to.deep.equal({ form: 'array', items: 2, truncated: true });
  });

  it('passes over an item that is too long', async () => {
    const got = await read(`[{"a":1},{"b":"${'x'.repeat(5000)}","c":[1]},{"d":4}]`, { maxItemBytes: 1000 }, 64);
    expect(values(got)).to.deep.equal([{ a: 1 }, 'broken', { d: 4 }]);
  });

  it('finds its way back when a stray quote would swallow the rest of a long list', async () => {
    const rest = Array.from({ length: 500 }, (_, i) => `{"id":"${i}"}`);
    const got = await read(`[{"name":"5" TV","id":"x"},${rest.join(',')}]`, { maxItemBytes: 1000 }, 64);
    expect(values(got).filter((value) => value === 'broken').length).to.be.within(1, 2);
    expect(got.items.length).to.be.within(500, 502);
  });

  it('passes over an object that is too long', async () => {
    const got = await read(`{"a":"${'x'.repeat(5000)}"}`, { maxObjectBytes: 1000 }, 64);
    expect(got.summary).to.deep.equal({ form: 'object', items: 0, truncated: false });
  });

  it('reads any list whatever its chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.object(), fc.dictionary(fc.string(), fc.jsonValue()))),
        fc.array(fc.nat()),
        async (list, cuts) => {
          const text = JSON.stringify(list);
          fc.pre(/^\[(?:\{|\])/.test(text));
          const got = await collect(cutAt(Buffer.from(text), cuts));
          expect(values(got)).to.deep.equal(parseJson(text));
          expect(got.summary?.truncated).to.equal(false);
        },
      ),
    );
  });

  it('never throws, and does not depend on the chunks', async () => {
    const noise = fc.array(
      fc.constantFrom('[', ']', '{', '}', '"', ',', ':', '\\', 'a', '1', 'null', ' ', '},{', '"a":', '<br>', 'é'),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(noise, fc.array(fc.nat()), async (words, cuts) => {
        const bytes = Buffer.from(words.join(''));
        expect(await collect(cutAt(bytes, cuts))).to.deep.equal(await collect(pieces(bytes, 1 << 20)));
      }),
      { numRuns: 500 },
    );
  });
});
