import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'title', 'desc', 'x-y', 'ns:n', 'é', 'programme', '_1.2');
// What XML 1.0 allows, with the characters that mean something over-represented.
const character = fc.oneof(
  fc.constantFrom(...'<>&"\'\n\r\t ]]>-?!=/;#aéß€'),
  fc.constantFrom('😀', '\u{10fffd}', '\u0085', '\u2028', '\ufeff', '\ud7ff', '\ue000'),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 }),
);
/** Text that XML can carry. */
export const xmlText = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''));

const named: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Writes a text with references, chosen character by character. */
function written(text: string, mustEscape: RegExp, choice: number): string {
  return [...text]
    .map((char, index) => {
      const code = char.codePointAt(0)!;
      const pick = (choice >> (index % 24)) & 3;
      if (pick === 0) return `&#${code};`;
      if (pick === 1) return `&#x${code.toString(16)};`;
      return mustEscape.test(char) ? (named[char] ?? `&#${code};`) : char;
    })
    .join('');
}

const text = fc.tuple(xmlText, fc.nat()).map(([value, choice]) => written(value, /[<>&]/, choice));
const cdata = xmlText.map((value) => `<![CDATA[${value.replaceAll(']]>', '')}]]>`);
const comment = xmlText.map((value) => `<!--${value.replace(/-+/g, '')}-->`);
const instruction = xmlText.map((value) => `<?pi ${value.replace(/\?/g, '')}?>`);
const attribute = fc
  .tuple(name, xmlText, fc.nat(), fc.constantFrom('"', "'"), fc.constantFrom('=', ' =\n', '= '))
  .map(
    ([key, value, choice, quote, equals]) =>
      [key, `${key}${equals}${quote}${written(value, /[<&"']/, choice)}${quote}`] as const,
  );
const attributes = fc
  .uniqueArray(attribute, { selector: ([key]) => key, maxLength: 4 })
  .map((list) => list.map(([, value]) => ` ${value}`).join(''));

const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  content: fc.oneof({ maxDepth: 4 }, text, cdata, comment, instruction, tie('element')),
  element: fc
    .tuple(name, attributes, fc.constantFrom('', ' ', '\n'), fc.array(tie('content'), { maxLength: 4 }))
    .map(([tag, list, blank, inside]) =>
      inside.length === 0 ? `<${tag}${list}${blank}/>` : `<${tag}${list}${blank}>${inside.join('')}</${tag}${blank}>`,
    ),
}));

const prolog = fc.constantFrom(
  '',
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<?xml version="1.0"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">',
  `<!-- <a> --><!DOCTYPE a [<!ELEMENT a ANY><!-- ' ]> --><!ATTLIST a b CDATA "]>"><?x ]> ?>] >\n`,
);

/** Well-formed documents with all that XML allows, bar entities of their own. */
export const xmlDocument = fc
  .tuple(prolog, element, fc.constantFrom('', '\n', '<!-- end -->'))
  .map((parts) => parts.join(''));
