import { expect } from 'chai';
import fc from 'fast-check';
import { parseStringPromise } from 'xml2js';
import type { GuideId } from '../../src/model/ids.ts';
import type { Credit, GuideChannel, Programme } from '../../src/model/programme.ts';
import { readXmltv } from '../../src/text/xmltv-reader.ts';
import { writeXmltvChannel, writeXmltvEnd, writeXmltvProgramme, writeXmltvStart } from '../../src/text/xmltv-writer.ts';
import { parseTree } from './saxes-oracle.ts';
import { xmlText } from './xml-arbitrary.ts';

// Blanks around a text mean nothing in a guide.
const text = xmlText.map((value) => value.trim()).filter((value) => value !== '');
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const list = fc.uniqueArray(text, { minLength: 1, maxLength: 3 });
const flag = fc.constant(true);
const id = text as unknown as fc.Arbitrary<GuideId>;

function present<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

const order: readonly Credit['kind'][] = [
  'director',
  'actor',
  'writer',
  'adapter',
  'producer',
  'composer',
  'editor',
  'presenter',
  'commentator',
  'guest',
];
const credit = fc
  .record({ kind: fc.constantFrom(...order), name: text, role: optional(text) })
  .map(({ kind, name, role }) => present({ kind, name, role: kind === 'actor' ? role : undefined }) as Credit);
const credits = fc
  .array(credit, { minLength: 1, maxLength: 4 })
  .map((people) => order.flatMap((kind) => people.filter((person) => person.kind === kind)));
const day = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
// The day of the first broadcast says the year.
const dates = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1000, max: 9999 }).map((year) => ({ year })),
  day.map((airDate) => ({ airDate, year: Number(airDate.slice(0, 4)) })),
  fc.tuple(day, fc.integer({ min: 1000, max: 1899 })).map(([airDate, year]) => ({ airDate, year })),
);
const counted = fc.integer({ min: 1, max: 99_999 });

const programme: fc.Arbitrary<Programme> = fc
  .record({
    fields: fc.record({
      guideId: id,
      startUnix: fc.integer({ min: 1e9, max: 2e9 }),
      title: text,
      subtitle: optional(text),
      description: optional(text),
      categories: optional(list),
      keywords: optional(list),
      season: optional(counted),
      episode: optional(counted),
      part: optional(counted),
      onscreen: optional(text),
      ddProgId: optional(text),
      ids: optional(
        fc.dictionary(fc.constantFrom('imdb.com', 'a b', 'constructor', '<&"'), text, {
          minKeys: 1,
          noNullPrototype: true,
        }),
      ),
      icon: optional(text),
      rating: optional(fc.record({ system: optional(text), value: text }).map(present)),
      starRating: optional(text),
      credits: optional(credits),
      language: optional(text),
      country: optional(text),
      isNew: optional(flag),
      isPremiere: optional(flag),
      isRepeat: optional(flag),
      isLive: optional(flag),
    }),
    dates,
    total: optional(counted),
    length: fc.integer({ min: 1, max: 100_000 }),
  })
  .map(({ fields, dates: known, total, length }) => {
    const episodeTotal = fields.episode === undefined ? undefined : total;
    return present({ ...fields, ...known, episodeTotal, stopUnix: fields.startUnix + length }) as Programme;
  });

const channel: fc.Arbitrary<GuideChannel> = fc
  .record({
    id,
    names: fc.uniqueArray(
      text.filter((name) => !/^[\d.-]+$/.test(name)),
      { minLength: 1, maxLength: 3 },
    ),
    icon: optional(text),
    url: optional(text),
    number: optional(counted.map(String)),
  })
  .map(
    ({ names, number, ...rest }) =>
      present({ ...rest, number, names: number === undefined ? names : [...names, number] }) as GuideChannel,
  );

const document = (channels: readonly GuideChannel[], programmes: readonly Programme[]): string =>
  [writeXmltvStart(), ...channels.map(writeXmltvChannel), ...programmes.map(writeXmltvProgramme), writeXmltvEnd()].join(
    '',
  );

async function reread(xml: string) {
  const got = { channels: [] as GuideChannel[], programmes: [] as Programme[], rejects: 0 };
  await readXmltv([Buffer.from(xml)], {
    channels: (batch) => void got.channels.push(...batch),
    programmes: (batch) => void got.programmes.push(...batch),
    reject: () => void got.rejects++,
  });
  return got;
}

const full: Programme = {
  guideId: 'a' as GuideId,
  startUnix: 1_795_282_200,
  stopUnix: 1_795_285_800,
  title: 'T',
  subtitle: 'S',
  description: 'D',
  categories: ['C'],
  keywords: ['K'],
  season: 1,
  episode: 2,
  episodeTotal: 10,
  part: 1,
  onscreen: 'S01E02',
  ddProgId: 'EP1',
  ids: { 'imdb.com': 'tt1' },
  icon: 'http://i',
  year: 2020,
  airDate: '2020-01-02',
  rating: { system: 'FSK', value: '12' },
  starRating: '7/10',
  credits: [{ kind: 'actor', name: 'A', role: 'R' }],
  language: 'en',
  country: 'GB',
  isNew: true,
  isPremiere: true,
  isRepeat: true,
  isLive: true,
};

describe('the XMLTV writer', () => {
  it('writes what the reader reads as the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(channel, { maxLength: 3 }),
        fc.array(programme, { maxLength: 3 }),
        async (channels, programmes) => {
          // With an onscreen number alone the reader tells season and episode from it.
          const plain = programmes.map(({ onscreen, ...rest }) =>
            rest.season === undefined && rest.episode === undefined ? rest : present({ ...rest, onscreen }),
          );
          expect(await reread(document(channels, plain))).to.deep.equal({
            channels,
            programmes: plain,
            rejects: 0,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('writes well-formed documents whatever the texts hold, and drops what XML does not allow', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
        async (any) => {
          const xml = document(
            [{ id: any as GuideId, names: [any], icon: any }],
            [{ ...full, title: `T${any}`, icon: any, ids: { [any]: any } }],
          );
          expect(parseTree(xml).children).to.have.length(2);
          expect((await reread(xml)).programmes).to.have.length(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps the order of elements of xmltv.dtd', () => {
    const names = parseTree(document([], [full])).children[0]!.children.map((child) => child.name);
    expect(names).to.deep.equal([
      'title',
      'sub-title',
      'desc',
      'credits',
      'date',
      'category',
      'keyword',
      'language',
      'icon',
      'country',
      ...Array.from({ length: 4 }, () => 'episode-num'),
      'previously-shown',
      'premiere',
      'new',
      'live',
      'rating',
      'star-rating',
    ]);
  });

  it('writes what xml2js reads', async () => {
    const parsed: unknown = await parseStringPromise(
      document([{ id: 'a' as GuideId, names: ['One & "Two"'], number: '7' }], [full]),
    );
    expect(parsed).to.have.nested.property('tv.$.generator-info-name', 'Coax');
    expect(parsed).to.have.nested.property('tv.channel[0].display-name').that.deep.equals(['One & "Two"', '7']);
    expect(parsed)
      .to.have.nested.property('tv.programme[0].$')
      .that.deep.equals({ start: '20261121173000 +0000', stop: '20261121183000 +0000', channel: 'a' });
    expect(parsed).to.have.nested.property('tv.programme[0].episode-num[0]._', '0.1/10.0');
  });

  it('writes specials, which xmltv_ns can not tell, as onscreen numbers', async () => {
    const special = { guideId: 'a' as GuideId, startUnix: 1e9, stopUnix: 1e9 + 60, title: 'T', season: 0, episode: 3 };
    const { programmes } = await reread(document([], [special]));
    expect(programmes).to.deep.equal([{ ...special, onscreen: 'S00E03' }]);
  });
});
