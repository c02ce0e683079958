import { expect } from 'chai';
import fc from 'fast-check';
import type { M3uEntry } from '../../src/text/m3u-entry.ts';
import { readM3u } from '../../src/text/m3u-reader.ts';
import { type M3uOutput, type M3uWriterOptions, writeM3uEntry, writeM3uHeader } from '../../src/text/m3u-writer.ts';

async function reread(
  entries: readonly M3uOutput[],
  header: Record<string, string> = {},
  options: M3uWriterOptions = {},
) {
  const read: M3uEntry[] = [];
  const rejects: unknown[] = [];
  const text = writeM3uHeader(header, options) + entries.map((entry) => writeM3uEntry(entry, options)).join('');
  const summary = await readM3u([Buffer.from(text)], {
    entries: (batch) => void read.push(...batch),
    reject: (reject) => void rejects.push(reject),
  });
  expect(rejects).to.deep.equal([]);
  return { entries: read, summary, text };
}

const word = fc
  .array(
    fc.oneof(
      fc.constantFrom(...`",'\\ =;|#&%-é<`),
      fc.constantFrom('tvg-id="', 'News', '😀', '\\"'),
      fc.string({ maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 10 },
  )
  // Line ends become blanks and blanks around a value are lost: both are tested by themselves.
  .map((parts) =>
    parts
      .join('')
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, '')
      .trim(),
  )
  .filter((text) => text !== '');
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const group = word.map((text) => text.replaceAll(';', '').trim()).filter((text) => text !== '');
const name = word.filter((text) => !/^(?:tvg|tvc|group|catchup|channel)-[\w-]+="/i.test(text));

const entry: fc.Arbitrary<M3uOutput> = fc
  .record({
    url: fc.webUrl({ withQueryParameters: true, withFragments: false }).filter((url) => !url.includes('|')),
    name,
    durationSec: optional(fc.integer({ min: 1, max: 100_000 })),
    groups: optional(fc.uniqueArray(group, { minLength: 1, maxLength: 3 })),
    guideId: optional(word),
    guideName: optional(word),
    logo: optional(word),
    number: optional(word),
    guideShiftMin: optional(fc.integer({ min: -1440, max: 1440 }).filter((minutes) => minutes !== 0)),
    stationId: optional(word),
    radio: optional(fc.constant(true)),
    adult: optional(fc.constant(true)),
    catchup: optional(
      fc
        .record({
          type: fc.constantFrom('default', 'append', 'shift', 'xc', 'flussonic'),
          days: fc.nat(30),
          source: optional(word),
        })
        .map(({ type, days, source }) => (source === undefined ? { type, days } : { type, days, source })),
    ),
    headers: optional(
      fc.dictionary(
        fc.constantFrom('user-agent', 'referer', 'cookie', 'x-a'),
        word.filter((text) => !/^".*"$/.test(text)),
        { minKeys: 1, noNullPrototype: true },
      ),
    ),
    options: optional(
      fc.dictionary(fc.constantFrom('network-caching', 'inputstream.adaptive.license_type'), word, {
        minKeys: 1,
        noNullPrototype: true,
      }),
    ),
    attributes: optional(
      fc.dictionary(fc.constantFrom('tvg-country', 'x', 'constructor', 'é'), word, { noNullPrototype: true }),
    ),
  })
  .map(
    (fields) =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as M3uOutput,
  );

describe('the M3U writer', () => {
  it('writes what the reader reads as the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('x-tvg-url', 'tvg-x'), word, { noNullPrototype: true }),
        async (entries, header) => {
          const { entries: read, summary } = await reread(entries, header);
          const same = read.map((got, index) => {
            const { line: _line, kind: _kind, attributes, ...fields } = got;
            const extra = Object.fromEntries(
              Object.entries(attributes).filter(([key]) => Object.hasOwn(entries[index]?.attributes ?? {}, key)),
            );
            return { ...fields, attributes: extra };
          });
          expect(same).to.deep.equal(entries.map((wanted) => ({ groups: [], attributes: {}, ...wanted })));
          expect(summary.header).to.deep.equal(header);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('writes the header and an entry as players expect them', () => {
    expect(writeM3uHeader({ 'x-tvg-url': 'http://h/guide.xml' })).to.equal('#EXTM3U x-tvg-url="http://h/guide.xml"\n');
    expect(
      writeM3uEntry({ url: 'http://h/1.ts', name: 'One, Two', guideId: '1', number: '7', groups: ['A', 'B'] }),
    ).to.equal('#EXTINF:-1 tvg-id="1" tvg-chno="7" group-title="A;B",One, Two\nhttp://h/1.ts\n');
  });

  it('turns line ends into blanks, so that nothing can smuggle a line in', async () => {
    const { entries, text } = await reread([
      { url: 'http://h/1\nhttp://evil/', name: 'A\r\n#EXTINF:-1,B', guideId: 'x\ny' },
    ]);
    expect(text.split('\n')).to.have.length(4);
    expect(entries.map((got) => [got.name, got.guideId])).to.deep.equal([['A #EXTINF:-1,B', 'x y']]);
  });

  it('leaves out attributes whose key can not be written', () => {
    expect(writeM3uEntry({ url: 'http://h/1', name: 'A', attributes: { 'a b': '1', 'c"': '2', ok: '3' } })).to.equal(
      '#EXTINF:-1 ok="3",A\nhttp://h/1\n',
    );
  });

  it('can write apostrophes for players that know no escapes', () => {
    expect(
      writeM3uEntry({ url: 'http://h/1', name: 'The "Best"', guideName: 'The "Best"\\' }, { quotes: 'apostrophe' }),
    ).to.equal(`#EXTINF:-1 tvg-name="The 'Best'",The "Best"\nhttp://h/1\n`);
  });

  it('keeps a name that looks like an attribute a name', async () => {
    const { entries } = await reread([{ url: 'http://h/1', name: 'tvg-id="x",B' }]);
    expect(entries.map((got) => got.name)).to.deep.equal([`tvg-id='x',B`]);
  });
});
