const named = [
  ['amp;', '&'],
  ['lt;', '<'],
  ['gt;', '>'],
  ['quot;', '"'],
  ['apos;', "'"],
] as const;
/** Leading zeros are allowed, within reason. */
const maxDigits = 12;

/** Whether XML 1.0 allows this code point in a document (production 2, Char). */
export function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** Value of a digit, or -1. */
function digitOf(code: number, base: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return base === 16 && letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Expands the five entities of XML and the numeric ones. Everything else, also what is no XML character, stays as written. */
export function decodeXmlEntities(text: string): string {
  let at = text.indexOf('&');
  if (at < 0) return text;
  let decoded = '';
  let from = 0;
  for (; at >= 0; at = text.indexOf('&', at + 1)) {
    let char = '';
    let end = at;
    if (text.charCodeAt(at + 1) === 35) {
      const base = text.charCodeAt(at + 2) === 120 ? 16 : 10;
      const first = base === 16 ? at + 3 : at + 2;
      let code = 0;
      let next = first;
      for (let digit = 0; next - first <= maxDigits; next++) {
        digit = digitOf(text.charCodeAt(next), base);
        if (digit < 0) break;
        code = code * base + digit;
      }
      if (next > first && text.charCodeAt(next) === 59 && isXmlChar(code)) {
        char = String.fromCodePoint(code);
        end = next + 1;
      }
    } else {
      for (const [name, value] of named) {
        if (!text.startsWith(name, at + 1)) continue;
        char = value;
        end = at + 1 + name.length;
        break;
      }
    }
    if (end === at) continue;
    decoded += text.slice(from, at) + char;
    from = end;
  }
  return from === 0 ? text : decoded + text.slice(from);
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
