import { expect } from 'chai';
import fc from 'fast-check';
import { type XmlHandler, type XmlLimits, XmlScanner, type XmlWant, xmlWant } from '../../src/text/xml-scanner.ts';
import type { XmlAttributes } from '../../src/text/xml-attributes.ts';
import { type Node, parseTree } from './saxes-oracle.ts';
import { xmlDocument } from './xml-arbitrary.ts';

/** Builds the tree that the scanner sees. */
class TreeHandler implements XmlHandler {
  readonly root: Node = { name: '', attributes: {}, children: [], text: '' };
  readonly stack: Node[] = [this.root];

  open(name: string, attributes: XmlAttributes): XmlWant {
    const node: Node = { name, attributes: Object.fromEntries(attributes.entries()), children: [], text: '' };
    this.stack.at(-1)!.children.push(node);
    this.stack.push(node);
    return xmlWant.text;
  }

  close(_name: string, text: string): void {
    this.stack.pop()!.text = text;
  }
}

function cut(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...cuts, text.length].map((end, index) => text.slice(index === 0 ? 0 : cuts[index - 1], end));
}

function scan(chunks: readonly string[], limits?: XmlLimits): { root: Node | undefined; truncated: boolean } {
  const handler = new TreeHandler();
  const scanner = new XmlScanner(handler, limits);
  for (const chunk of chunks) scanner.write(chunk);
  return { ...scanner.end(), root: handler.root.children[0] };
}

/** Start tags, end tags and texts in order, with the wish of the test. */
function events(text: string, want: (name: string) => XmlWant, limits?: XmlLimits): string[] {
  const seen: string[] = [];
  const scanner = new XmlScanner(
    {
      open: (name) => {
        seen.push(`<${name}`);
        return want(name);
      },
      close: (name, own) => void seen.push(`${name}>${own}`),
    },
    limits,
  );
  for (const char of text) scanner.write(char);
  scanner.end();
  return seen;
}

describe('XmlScanner', () => {
  it('reads well-formed documents as a conforming parser does, whatever the chunks', () => {
    fc.assert(
      fc.property(xmlDocument, fc.array(fc.nat(), { maxLength: 20 }), (document, places) => {
        expect(scan(cut(document, places))).to.deep.equal({ truncated: false, root: parseTree(document) });
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws, and does not depend on the chunks', () => {
    const words = [
      '<',
      '>',
      '/',
      'a',
      'b',
      '"',
      "'",
      '=',
      ' ',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '<!DOCTYPE',
      '[',
      ']',
      '&',
      'amp;',
      '&#',
      '65;',
      '\r',
      '\n',
      '</a>',
      '<a>',
      '<b x="1">',
      'é',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (parts, places) => {
          const text = parts.join('');
          const limits = { maxTagChars: 30, maxTextChars: 20, maxDepth: 3 };
          expect(scan(cut(text, places), limits)).to.deep.equal(scan([text], limits));
        },
      ),
      { numRuns: 2000 },
    );
  });

  const texts: [string, string, string][] = [
    ['the five entities', '&lt;&gt;&amp;&quot;&apos;', `<>&"'`],
    ['numeric entities', '&#65;&#x1F600;&#x0a;', 'A😀\n'],
    ['other entities as written', '&nbsp;&eacute;&foo; & &; &#; &#x;', '&nbsp;&eacute;&foo; & &; &#; &#x;'],
    ['numbers that are no XML character as written', '&#0;&#xD800;&#x110000;&#11;', '&#0;&#xD800;&#x110000;&#11;'],
    ['an entity only once', '&amp;lt;', '&lt;'],
    ['CDATA', 'a<![CDATA[<b>&amp;]]]]>c', 'a<b>&amp;]]c'],
    ['text around comments and instructions', 'a<!-- <b> -- -->b<?x <c> ?>c', 'abc'],
    ['line ends', 'a\r\nb\rc', 'a\nb\nc'],
    ['a lone less-than', 'a < b <3 <', 'a < b <3 <'],
  ];
  for (const [title, raw, text] of texts) {
    it(`reads ${title}`, () => {
      expect(scan([...`<r>${raw}</r>`]).root?.text).to.equal(text);
    });
  }

  const tags: [string, string, Record<string, string>][] = [
    ['both kinds of quotes', `<r a="1'" b='2"'/>`, { a: "1'", b: '2"' }],
    ['blanks and line ends', `<r\n a = "1"\tb\n=\n'2' ></r>`, { a: '1', b: '2' }],
    ['a greater-than in a value', '<r a="1>2"/>', { a: '1>2' }],
    ['entities in a value', '<r a="&amp;&#34;&x;"/>', { a: '&"&x;' }],
    ['line ends in a value as blanks', '<r a="1\r\n2\t3"/>', { a: '1 2 3' }],
    ['values without quotes', '<r a=1 b=2></r>', { a: '1', b: '2' }],
    ['attributes without value', '<r a b="1"></r>', { a: '', b: '1' }],
    ['attributes without a blank between', '<r a="1"b="2"></r>', { a: '1', b: '2' }],
  ];
  for (const [title, text, attributes] of tags) {
    it(`reads ${title}`, () => {
      expect(scan([...text]).root?.attributes).to.deep.equal(attributes);
    });
  }

  it('takes nothing from a DOCTYPE with an internal subset', () => {
    const document = `<!DOCTYPE r [<!ENTITY a "]>x"><!-- ]> ' --><?p ]> "?><!ENTITY b '&a;&a;'>]><r>&a;&b;</r>`;
    expect(scan([...document])).to.deep.equal({
      truncated: false,
      root: { name: 'r', attributes: {}, children: [], text: '&a;&b;' },
    });
  });

  it('does not expand a billion laughs', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`);
    expect(scan([`<!DOCTYPE r [<!ENTITY l0 "lol">${lines.join('')}]><r>&l9;</r>`]).root?.text).to.equal('&l9;');
  });

  it('gives text only where it is wanted', () => {
    const want = (name: string): XmlWant => (name === 'b' ? xmlWant.text : xmlWant.nothing);
    expect(events('<a>1<b>2</b>3<c>4</c></a>', want)).to.deep.equal(['<a', '<b', 'b>2', '<c', 'c>', 'a>']);
  });

  it('counts markup inside a text as part of it when told so', () => {
    const want = (name: string): XmlWant => (name === 'i' ? xmlWant.asParent : xmlWant.text);
    expect(events('<a>1<i>2</i>3<b>4</b>5</a>', want)).to.deep.equal(['<a', '<i', 'i>', '<b', 'b>4', 'a>1235']);
  });

  it('passes over an element with all that is in it', () => {
    const want = (name: string): XmlWant => (name === 's' ? xmlWant.skip : xmlWant.nothing);
    const text = '<a><s x="1"><b>1</b><!-- </s> --><![CDATA[</s>]]><c/></s><d/></a>';
    expect(events(text, want)).to.deep.equal(['<a', '<s', '<d', 'd>', 'a>']);
  });

  it('ends a skipped element that is never closed where its parent ends, or where the next one begins', () => {
    const want = (name: string): XmlWant => (name === 's' ? xmlWant.skip : xmlWant.nothing);
    expect(events('<a><p><s><b></p><c/></a>', want)).to.deep.equal(['<a', '<p', '<s', 'p>', '<c', 'c>', 'a>']);
    expect(events('<a><s><b><s><b></s><c/></a>', want)).to.deep.equal(['<a', '<s', '<s', '<c', 'c>', 'a>']);
  });

  it('closes what is open inside an element that ends, and ignores an end without a start', () => {
    expect(events('<a><b><c></b></x></a>', () => xmlWant.nothing)).to.deep.equal(['<a', '<b', '<c', 'c>', 'b>', 'a>']);
  });

  it('loses only the tag with a quote that never ends', () => {
    expect(events('<a><b x="1><c/></b><d y="2"/></a>', () => xmlWant.nothing)).to.deep.equal([
      '<a',
      '<b',
      '<c',
      'c>',
      'b>',
      '<d',
      'd>',
      'a>',
    ]);
  });

  it('bounds texts, tags and depth', () => {
    const limits = { maxTagChars: 10, maxTextChars: 5, maxDepth: 2 };
    expect(events('<a>1234567</a>', () => xmlWant.text, limits)).to.deep.equal(['<a', 'a>12345']);
    expect(events('<a><b xxxxxxxxxxxxxx="1"></a>', () => xmlWant.nothing, limits)).to.deep.equal(['<a', 'a>']);
    expect(events('<a><b><c></c></b></a>', () => xmlWant.nothing, limits)).to.deep.equal(['<a', '<b', 'b>', 'a>']);
  });

  for (const text of ['<a', '<a>', '<a><b/>', '<a/><!-- ', '<a>x</a', '<a/><![CDATA[', '<a/><?x', '<!DOCTYPE a [']) {
    it(`says that ${text} was cut`, () => {
      expect(scan([...text]).truncated).to.equal(true);
    });
  }

  it('knows the line of a tag', () => {
    const lines: number[] = [];
    const scanner: XmlScanner = new XmlScanner({
      open: () => {
        lines.push(scanner.line);
        return xmlWant.nothing;
      },
      close: () => {},
    });
    for (const char of '<a>\n<b\n x="1"/>\n\n<!--\n--><c/></a>') scanner.write(char);
    expect(lines).to.deep.equal([1, 2, 6]);
  });
});
