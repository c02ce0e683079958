import { asText } from './lenient.ts';

/** Names of HTML 4 for U+00A0 to U+00FF, in order. */
const latin1 =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
const named: ReadonlyMap<string, string> = new Map([
  ...latin1.split(' ').map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['ndash', '\u2013'],
  ['mdash', '\u2014'],
  ['lsquo', '\u2018'],
  ['rsquo', '\u2019'],
  ['ldquo', '\u201c'],
  ['rdquo', '\u201d'],
  ['bull', '\u2022'],
  ['hellip', '\u2026'],
  ['euro', '\u20ac'],
  ['trade', '\u2122'],
]);

/** Expands HTML's entities once: panels store what PHP's htmlspecialchars made. What is unknown stays as written. */
export function decodeHtmlEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,7}));/g,
    (whole, dec, hex, name) => {
      if (name !== undefined) return named.get(name) ?? whole;
      const code = dec === undefined ? Number.parseInt(hex, 16) : Number(dec);
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
    },
  );
}

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/**
 * A name on one line: entities decoded, control characters and runs of blanks made one blank, well-formed Unicode. Emoji and tag
 * glyphs stay, since they are part of how providers tell channels apart.
 */
export function asName(value: unknown): string | undefined {
  const text = asText(value);
  if (text === undefined) return undefined;
  const name = decodeHtmlEntities(text)
    .toWellFormed()
    .replace(control, ' ')
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
  return name === '' || /^(?:null|undefined)$/i.test(name) ? undefined : name.slice(0, 1_000);
}

/** A longer text: entities decoded, line breaks kept. */
export function asProse(value: unknown): string | undefined {
  const text = asText(value);
  if (text === undefined) return undefined;
  const prose = decodeHtmlEntities(text)
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f]+/g, ' ')
    .trim();
  return prose === '' || /^(?:null|undefined|n\/a)$/i.test(prose) ? undefined : prose.slice(0, 20_000);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });
// oxlint-disable-next-line no-control-regex
const notText = /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/;

/** A word as people write it, which by chance may also be base64: "Wild" is that of "Z)]". */
const plainWord = /^(?:[A-Z]?[a-z]{2,}\d*|[A-Z]{4,})$/;
const lettersOnly = /^[\p{L}\p{N} ]+$/u;

/**
 * Text of a field that should be base64 and sometimes is plain (`title` of a guide listing). It is decoded only if it is whole,
 * unambiguous base64 of readable UTF-8; of a plain word, only if that gives letters.
 */
export function base64OrPlain(value: unknown): string | undefined {
  const text = asText(value);
  if (text === undefined) return undefined;
  const packed = text.replace(/[\r\n]+/g, '');
  if (packed.length < 4 || packed.length % 4 === 1 || !base64.test(packed)) return text;
  const bytes = Buffer.from(packed, 'base64');
  // Encoding again must give the same: bits left over mean that it was a word, not base64.
  if (bytes.toString('base64').replace(/=+$/, '') !== packed.replace(/=+$/, '')) return text;
  try {
    const decoded = utf8.decode(bytes);
    const doubtful = plainWord.test(packed) && !lettersOnly.test(decoded);
    return doubtful || notText.test(decoded) ? text : asText(decoded);
  } catch {
    return text;
  }
}
