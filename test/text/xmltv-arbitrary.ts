import fc from 'fast-check';
import { xmlText } from './xml-arbitrary.ts';

const escape = (text: string): string => text.replace(/[<>&"'\r\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);
const cdataOrText = fc
  .tuple(xmlText, fc.boolean())
  .map(([text, cdata]) => (cdata ? `<![CDATA[${text.replaceAll(']]>', '')}]]>` : escape(text)));
const noise = fc.constantFrom(
  '',
  '',
  '',
  ' ',
  '\n',
  '<!-- </programme> -->',
  '<?pi x?>',
  '<video><aspect>16:9</aspect></video>',
  '<unknown a="1"><title>no</title></unknown>',
);

function element(name: string, attributes: fc.Arbitrary<string> = fc.constant('')): fc.Arbitrary<string> {
  return fc.tuple(attributes, cdataOrText).map(([list, text]) => `<${name}${list}>${text}</${name}>`);
}

const attribute = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.option(values, { nil: undefined }).map((value) => (value === undefined ? '' : ` ${name}="${escape(value)}"`));
const system = attribute(
  'system',
  fc.constantFrom('xmltv_ns', 'onscreen', 'dd_progid', 'imdb.com', 'original-air-date', 'constructor', 'SxxExx', 'a b'),
);
const numbering = fc.constantFrom(
  '1.2.3',
  '0 . 4/10 .',
  '..1/2',
  'S01E02',
  'Episode 5/6',
  '2x07',
  '20200102',
  'tt1',
  '',
  ' x ',
);
const date = fc.constantFrom('2020', '20200102', '2020-01-02 10:00', 'soon', '');
const credits = fc
  .array(
    fc.oneof(
      element('actor', attribute('role', xmlText)),
      ...['director', 'writer', 'presenter', 'guest', 'unknown'].map((kind) => element(kind)),
      cdataOrText.map((name) => `<actor>${name}<image>i</image><url>u</url></actor>`),
    ),
    { maxLength: 3 },
  )
  .map((people) => `<credits>${people.join('')}</credits>`);
const rating = fc
  .tuple(
    fc.constantFrom('rating', 'star-rating'),
    attribute('system', fc.constantFrom('FSK', 'imdb')),
    element('value'),
  )
  .map(([name, list, value]) => `<${name}${list}>${value}<icon src="no"/></${name}>`);

const child = fc.oneof(
  ...['sub-title', 'desc', 'title', 'category', 'keyword'].map((name) =>
    element(name, attribute('lang', fc.constantFrom('en', 'de'))),
  ),
  ...['language', 'country', 'orig-language', 'image', 'url', 'length', 'review'].map((name) => element(name)),
  fc.constantFrom(
    '<new/>',
    '<live/>',
    '<premiere>x</premiere>',
    '<previously-shown/>',
    '<previously-shown start="20200102"/>',
    '<icon src="http://i/1"/>',
    '<icon/>',
  ),
  fc.tuple(system, numbering).map(([list, text]) => `<episode-num${list}>${text}</episode-num>`),
  date.map((text) => `<date>${text}</date>`),
  credits,
  rating,
);

const hour = fc.integer({ min: 0, max: 22 });
const id = fc.constantFrom('a', 'b.c', 'é&1', 'long-id-of-a-channel.example');
const programme = fc
  .tuple(hour, id, noise, fc.array(fc.tuple(child, noise), { maxLength: 8 }))
  .map(
    ([start, channel, blank, children]) =>
      `<programme start="20261121${String(start).padStart(2, '0')}0000 +0100" stop="202611212359" channel="${escape(channel)}">${blank}<title>T</title>${children.flat().join('')}</programme>`,
  );
const channel = fc
  .tuple(
    id,
    fc.array(
      fc.oneof(
        element('display-name'),
        element('url'),
        element('lcn'),
        fc.constantFrom('<icon src=" http://i "/>', '<display-name>12</display-name>', '<x/>'),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([name, children]) => `<channel id="${escape(name)}">${children.join('')}</channel>`);

/** Guides without anything to reject, with all elements that are read and some that are not. */
export const xmltvDocument = fc
  .tuple(fc.array(channel, { maxLength: 3 }), fc.array(programme, { maxLength: 5 }), noise)
  .map(
    ([channels, programmes, blank]) =>
      `<?xml version="1.0" encoding="UTF-8"?><tv>${blank}${channels.join('')}${programmes.join(blank)}</tv>`,
  );
