const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const reference = /&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));/g;

/** Whether XML 1.0 allows this code point in a document (production 2, Char). */
export function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function expand(whole: string, name?: string, decimal?: string, hex?: string): string {
  if (name !== undefined) return named[name] ?? whole;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  return isXmlChar(code) ? String.fromCodePoint(code) : whole;
}

/** Expands the five entities of XML and the numeric ones. Everything else, also what is no XML character, stays as written. */
export function decodeXmlEntities(text: string): string {
  return text.includes('&') ? text.replace(reference, expand) : text;
}

/** Text as it stands in a document: line ends become LF (XML 1.0, 2.11), references are expanded. */
export function decodeXmlText(raw: string): string {
  return decodeXmlEntities(raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw);
}

/** The value of an attribute: white space becomes blanks (XML 1.0, 3.3.3), references are expanded. */
export function decodeXmlAttribute(raw: string): string {
  return decodeXmlEntities(/[\t\n\r]/.test(raw) ? raw.replace(/\r\n|[\t\n\r]/g, ' ') : raw);
}

// Control characters, lone surrogates and the two non-characters that XML 1.0 does not allow.
const invalid =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Escapes text for an element. Characters that XML does not allow are dropped. */
export function encodeXmlText(text: string): string {
  const clean = text.replace(invalid, '');
  return /[&<>\r]/.test(clean)
    ? clean.replace(/[&<>\r]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&#13;'))
    : clean;
}

/** Escapes text for an attribute in double quotes. */
export function encodeXmlAttribute(text: string): string {
  return encodeXmlText(text).replace(/["\t\n]/g, (c) => (c === '"' ? '&quot;' : c === '\t' ? '&#9;' : '&#10;'));
}
