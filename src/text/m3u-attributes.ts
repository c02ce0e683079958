/** What stands between `#EXTINF:` and the end of its line. */
export interface ExtinfParts {
  /** As written; absent when there is no number. */
  readonly durationSec?: number;
  /** By lower-case name; of two with the same name the first that is not empty wins. */
  readonly attributes: Record<string, string>;
  /** Text after the comma that ends the attributes, trimmed; may be empty. */
  readonly name: string;
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9;
}

/** What follows the quote that ends a value: the end, a comma, or the next attribute. */
const afterValue = /[ \t]*(?:$|,|[^\s=,"']+[ \t]*=)/y;
/** After a comma: attributes go on (`tvg-id="a", tvg-name="b",Name`). */
const moreAttributes = /[ \t]*(?:tvg|tvc|group|catchup|channel)-[\w-]+="/y;

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** How many quotes of one value are looked at; without a bound a hostile line would take quadratic time. */
const maxQuotes = 16;

/** Index of the quote that ends a value. Quotes inside a value may be escaped, or stand before something that can not follow a value. */
function closingQuote(text: string, from: number, quote: string): number {
  let first = -1;
  let comma = -1;
  let seen = 0;
  for (let at = text.indexOf(quote, from); at >= 0 && seen < maxQuotes; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 92 && at - 1 - slashes >= from) slashes++;
    if (slashes % 2 === 1) continue;
    const next = text.charCodeAt(at + 1);
    if (Number.isNaN(next) || next === 44 || matchesAt(afterValue, text, at + 1)) return at;
    if (first < 0) {
      first = at;
      comma = text.indexOf(',', at);
    } else if (comma >= 0 && at > comma) {
      // Beyond a comma it is more likely that junk follows the value than that the value goes on.
      return first;
    }
    seen++;
  }
  return first;
}

function unescaped(value: string): string {
  return value.includes('\\') ? value.replace(/\\(["'\\])/g, '$1') : value;
}

/**
 * Reads attributes `key="value"`, `key='value'` and `key=value` from `from` on, up to a comma outside quotes (`stopAtComma`) or the end.
 * Gives the index after the last character used.
 */
function readAttributes(text: string, from: number, into: Record<string, string>, stopAtComma: boolean): number {
  let at = from;
  for (;;) {
    while (isSpace(text.charCodeAt(at))) at++;
    if (at >= text.length) return at;
    if (text.charCodeAt(at) === 44) {
      if (stopAtComma && !matchesAt(moreAttributes, text, at + 1)) return at;
      at++;
      continue;
    }
    const keyFrom = at;
    let code = text.charCodeAt(at);
    while (at < text.length && code !== 61 && code !== 44 && !isSpace(code)) code = text.charCodeAt(++at);
    const key = text.slice(keyFrom, at).toLowerCase();
    let equals = at;
    while (isSpace(text.charCodeAt(equals))) equals++;
    if (text.charCodeAt(equals) !== 61) continue;
    at = equals + 1;
    let valueFrom = at;
    while (isSpace(text.charCodeAt(valueFrom))) valueFrom++;
    const quote = text.charAt(valueFrom);
    const close = quote === '"' || quote === "'" ? closingQuote(text, valueFrom + 1, quote) : -1;
    let value: string;
    if (close >= 0) {
      value = unescaped(text.slice(valueFrom + 1, close));
      at = close + 1;
    } else {
      valueFrom = at;
      while (at < text.length && text.charCodeAt(at) !== 44 && !isSpace(text.charCodeAt(at))) at++;
      value = text.slice(valueFrom, at);
    }
    value = value.trim();
    // A name like this would change the object instead of its fields.
    if (key !== '' && key !== '__proto__' && (!Object.hasOwn(into, key) || into[key] === '')) into[key] = value;
  }
}

/** The attributes of the `#EXTM3U` line; a comma does not end them. */
export function parseHeaderAttributes(line: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  readAttributes(line, '#EXTM3U'.length, attributes, false);
  return attributes;
}

/** Reads the part of an `#EXTINF` line after the colon. Never fails: what can not be read is left out. */
export function parseExtinf(text: string): ExtinfParts {
  const attributes: Record<string, string> = {};
  const duration = /^\s*([+-]?\d{1,12}(?:\.\d{1,12})?)(?=[\s,]|$)/.exec(text);
  const end = readAttributes(text, duration?.[0].length ?? 0, attributes, true);
  const name = text.slice(end + 1).trim();
  return duration === null ? { attributes, name } : { durationSec: Number(duration[1]), attributes, name };
}
