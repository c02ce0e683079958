import { createReadStream, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Programme } from '../../src/model/programme.ts';
import { unpack } from '../../src/text/decompress.ts';
import type { XmltvOptions } from '../../src/text/xmltv-reader.ts';
import { cutAt } from './pieces.ts';
import { readWithSaxes } from './saxes-oracle.ts';
import { xmltvDocument } from './xmltv-arbitrary.ts';
import { base, collect, programme, read, start, times, tv } from './xmltv-collect.ts';

async function one(inside: string, options?: XmltvOptions): Promise<Programme> {
  const { programmes, rejects } = await read(programme(`<title>T</title>${inside}`), options);
  expect(rejects).to.deep.equal([]);
  expect(programmes).to.have.length(1);
  return programmes[0]!;
}

const shared = process.env['COAX_SHARED'] ?? path.join(import.meta.dirname, '../../../shared');

describe('readXmltv', () => {
  describe('agrees with a conforming parser', () => {
    for (const name of ['au', 'gb-pluto', 'uk-freeview']) {
      const file = path.join(shared, 'data/guides', `${name}.xml.gz`);
      it(`on the guide ${name} (needs the shared guides)`, async function () {
        if (!existsSync(file)) this.skip();
        this.timeout(30_000);
        const expected = readWithSaxes(gunzipSync(readFileSync(file)).toString('utf8'));
        const got = await collect(unpack(createReadStream(file)));
        expect(got.rejects).to.deep.equal([]);
        expect(got.channels).to.deep.equal(expected.channels);
        expect(got.programmes.length).to.equal(expected.programmes.length);
        for (const [index, value] of got.programmes.entries()) expect(value).to.deep.equal(expected.programmes[index]);
        expect(expected.programmes.length).to.be.greaterThan(1000);
      });
    }

    it('on any guide, whatever the chunks', async () => {
      await fc.assert(
        fc.asyncProperty(xmltvDocument, fc.array(fc.nat(), { maxLength: 20 }), async (document, cuts) => {
          const expected = readWithSaxes(document);
          const got = await collect(cutAt(Buffer.from(document), cuts));
          expect(got).to.deep.include({ ...expected, rejects: [] });
          expect(got.summary).to.deep.include({ form: 'guide', truncated: false });
        }),
        { numRuns: 400 },
      );
    });
  });

  describe('programmes', () => {
    const table: [string, string, Partial<Programme>][] = [
      ['the texts', '<sub-title>S</sub-title><desc> D &amp; E </desc>', { subtitle: 'S', description: 'D & E' }],
      ['markup inside a text', '<desc>a <b>b</b> <i>c</i></desc>', { description: 'a b c' }],
      [
        'categories and keywords',
        '<category>A</category><category lang="de">B</category><category>A</category><keyword>K</keyword>',
        { categories: ['A', 'B'], keywords: ['K'] },
      ],
      [
        'xmltv_ns',
        '<episode-num system="xmltv_ns"> 1 . 4/10 . 0/2 </episode-num>',
        { season: 2, episode: 5, episodeTotal: 10, part: 1 },
      ],
      ['xmltv_ns without a season', '<episode-num system="xmltv_ns">.4.</episode-num>', { episode: 5 }],
      [
        'onscreen',
        '<episode-num system="onscreen">S03 E07</episode-num>',
        { season: 3, episode: 7, onscreen: 'S03 E07' },
      ],
      [
        'xmltv_ns before onscreen',
        '<episode-num system="onscreen">S9E9</episode-num><episode-num system="xmltv_ns">0.1.</episode-num>',
        { season: 1, episode: 2, onscreen: 'S9E9' },
      ],
      [
        'specials',
        '<episode-num system="onscreen">S00E03</episode-num>',
        { season: 0, episode: 3, onscreen: 'S00E03' },
      ],
      ['dd_progid', '<episode-num system="dd_progid">EP1.2</episode-num>', { ddProgId: 'EP1.2' }],
      [
        'other ids',
        '<episode-num system="imdb.com">tt1</episode-num><episode-num system="__proto__">x</episode-num>',
        { ids: { 'imdb.com': 'tt1' } },
      ],
      ['the year', '<date>1999</date>', { year: 1999 }],
      ['the day', '<date>20260829</date>', { year: 2026, airDate: '2026-08-29' }],
      [
        'flags',
        '<previously-shown/><premiere>x</premiere><new/><live/>',
        { isRepeat: true, isPremiere: true, isNew: true, isLive: true },
      ],
      ['the first broadcast', '<previously-shown start="20200102"/>', { isRepeat: true, airDate: '2020-01-02' }],
      [
        'the rating',
        '<rating system="FSK"><value>12</value><icon src="no"/></rating>',
        { rating: { system: 'FSK', value: '12' } },
      ],
      ['the star rating', '<star-rating system="imdb"><value>7.5/10</value></star-rating>', { starRating: '7.5/10' }],
      ['the icon', '<image>http://i/2</image><icon src="http://i/1"/>', { icon: 'http://i/1' }],
      ['an image instead of an icon', '<image type="poster">http://i/2</image>', { icon: 'http://i/2' }],
      [
        'credits',
        '<credits><director>A</director><actor role="R">B<image>http://i</image><url>http://u</url></actor><guest>C</guest></credits>',
        {
          credits: [
            { kind: 'director', name: 'A' },
            { kind: 'actor', name: 'B', role: 'R' },
            { kind: 'guest', name: 'C' },
          ],
        },
      ],
      [
        'language and country',
        '<language>en</language><orig-language>de</orig-language><country>GB</country><country>US</country>',
        { language: 'en', country: 'GB' },
      ],
      [
        'nothing of what it does not know',
        '<video><aspect>16:9</aspect></video><subtitles><language>x</language></subtitles><review>r</review><x><title>no</title></x>',
        {},
      ],
      ['nothing of what is empty', '<desc/><category></category><icon/><rating><value/></rating><episode-num/>', {}],
    ];
    for (const [title, inside, fields] of table) {
      it(`have ${title}`, async () => {
        expect(await one(inside)).to.deep.equal({ ...base, ...fields });
      });
    }

    it('take the first title, or the one in the language that is wished', async () => {
      const inside = '<title lang="de">D</title><title lang="en-GB">E</title><title lang="fr">F</title>';
      for (const [languages, title] of [
        [undefined, 'D'],
        [['en'], 'E'],
        [['es', 'fr', 'en'], 'F'],
        [['es'], 'D'],
      ] as const) {
        const { programmes } = await read(programme(inside), languages === undefined ? {} : { languages });
        expect(programmes[0]?.title).to.equal(title);
      }
    });
  });

  it('reads channels', async () => {
    const { channels } = await read(
      tv(`<channel id=" a "><display-name lang="en">One</display-name><display-name>1</display-name><display-name>One</display-name>
        <icon src="http://i/1"/><icon src="http://i/2"/><url>http://u</url></channel><channel id="b"><lcn>7</lcn></channel><channel id="c"/>`),
    );
    expect(channels).to.deep.equal([
      { id: 'a', names: ['One', '1'], icon: 'http://i/1', number: '1', url: 'http://u' },
      { id: 'b', names: [], number: '7' },
      { id: 'c', names: [] },
    ]);
  });

  describe('what is broken', () => {
    const good = `<programme ${times} channel="a"><title>T</title></programme>`;
    const table: [string, string, string][] = [
      ['no channel', `<programme ${times}><title>X</title></programme>`, 'The programme names no channel'],
      [
        'no start',
        '<programme channel="a" stop="20261121"><title>X</title></programme>',
        'The programme has no start time',
      ],
      [
        'a bad start',
        '<programme channel="a" start="soon" stop="20261121"><title>X</title></programme>',
        'The start time can not be read',
      ],
      [
        'a bad stop',
        '<programme channel="a" start="20261121" stop="later"><title>X</title></programme>',
        'The stop time can not be read',
      ],
      [
        'no length',
        '<programme channel="a" start="20261121" stop="20261121"><title>X</title></programme>',
        'The programme does not end after its start',
      ],
      [
        'a negative length',
        '<programme channel="a" start="20261122" stop="20261121"><title>X</title></programme>',
        'The programme does not end after its start',
      ],
      [
        'no title',
        `<programme channel="a" ${times}><title> </title><desc>X</desc></programme>`,
        'The programme has no title',
      ],
      [
        'no stop and no programme after it',
        '<programme channel="z" start="20261121"><title>X</title></programme>',
        'The programme has no stop time and none follows it within 24 hours',
      ],
    ];
    for (const [title, broken, reason] of table) {
      it(`costs only itself: ${title}`, async () => {
        const { programmes, rejects, summary } = await read(tv(`\n${good}\n${broken}\n${good}`));
        expect(programmes).to.deep.equal([base, base]);
        expect(rejects.map((reject) => [reject.what, reject.at, reject.reason])).to.deep.equal([
          ['programme', 3, reason],
        ]);
        expect(summary).to.deep.include({ programmes: 2, rejects: 1 });
      });
    }

    it('rejects a channel without an id', async () => {
      const { channels, rejects } = await read(
        tv('<channel><display-name>X</display-name></channel>\n<channel id="a"/>'),
      );
      expect(channels).to.deep.equal([{ id: 'a', names: [] }]);
      expect(rejects).to.deep.equal([{ what: 'guide-channel', at: 1, reason: 'The channel has no id' }]);
    });

    for (const [title, document] of [
      ['a programme that is never closed', tv(`<programme ${times} channel="a"><title>T</title>${good}`)],
      [
        'an element that is never closed',
        tv(`<programme ${times} channel="a"><title>T</title><x><y></programme>${good}`),
      ],
      ['an end tag too many', tv(`${good}</programme></x>${good}`)],
      [
        'unescaped characters',
        tv(`<programme ${times} channel="a"><title>T</title><url>a&b<c</url></programme>${good}`),
      ],
      ['a notice before the guide', `<br />\n<b>Warning</b>: x\n${tv(good + good)}`],
    ] as const) {
      it(`survives ${title}`, async () => {
        expect((await read(document)).programmes).to.deep.equal([base, base]);
      });
    }
  });

  describe('missing stop times', () => {
    const open = (at: string, channel: string, more = ''): string =>
      `<programme start="${at}" channel="${channel}"><title>T</title>${more}</programme>`;
    it('are the start of the next programme of the channel', async () => {
      const { programmes, rejects } = await read(
        tv(
          open('2026112118', 'a') +
            open('2026112118', 'b') +
            open('2026112119', 'a') +
            open('2026112120', 'b') +
            `<programme start="2026112121" stop="2026112122" channel="a"><title>T</title></programme>`,
        ),
      );
      expect(
        programmes.map(({ guideId, startUnix, stopUnix }) => [
          guideId,
          (startUnix - start) / 3600,
          (stopUnix - start) / 3600,
        ]),
      ).to.deep.equal([
        ['a', 0, 1],
        ['b', 0, 2],
        ['a', 1, 3],
        ['a', 3, 4],
      ]);
      expect(rejects.map((reject) => reject.excerpt)).to.deep.equal(['channel="b" T']);
    });

    it('are taken from the length', async () => {
      const { programmes } = await read(tv(open('2026112118', 'a', '<length units="minutes">60</length>')));
      expect(programmes).to.deep.equal([base]);
    });

    it('are not made up over more than a day', async () => {
      const { programmes, rejects } = await read(
        tv(open('20261121', 'a') + open('20261123', 'a', '<length units="hours">1</length>')),
      );
      expect(programmes).to.have.length(1);
      expect(rejects).to.have.length(1);
    });
  });

  it('reads only what is wanted and inside the window', async () => {
    const at = (hour: number, channel: string): string =>
      `<programme start="20261121${hour}" stop="20261121${hour + 1}" channel="${channel}"><title>${hour}</title></programme>`;
    const { programmes, summary, channels } = await read(
      tv(`<channel id="b"/>${[10, 11, 12, 13].map((hour) => at(hour, 'a') + at(hour, 'b')).join('')}`),
      {
        wanted: (id) => id === 'a',
        fromUnix: start - 7 * 3600,
        toUnix: start - 5 * 3600,
      },
    );
    expect(programmes.map(({ title }) => title)).to.deep.equal(['11', '12']);
    expect(summary).to.deep.equal({
      form: 'guide',
      channels: 1,
      programmes: 2,
      skipped: 6,
      rejects: 0,
      truncated: false,
      firstUnix: start - 7 * 3600,
      lastUnix: start - 5 * 3600,
    });
    expect(channels).to.have.length(1);
  });

  it('reads times without a zone in the zone given', async () => {
    const { programmes } = await read(
      tv('<programme start="20261121190000" stop="20261121200000" channel="a"><title>T</title></programme>'),
      { zone: 'Europe/Berlin' },
    );
    expect(programmes).to.deep.equal([base]);
  });
});
