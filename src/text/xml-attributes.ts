import { decodeXmlAttribute } from './xml-entities.ts';

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/**
 * The attributes of one start tag. They are parsed when the first one is asked for, and stay valid only during the handler's call.
 * Values without quotes and attributes without a value are read too.
 */
export class XmlAttributes {
  #text = '';
  #from = 0;
  #to = 0;
  #parsed = false;
  #count = 0;
  /** Four positions for each attribute: name from and to, value from and to. */
  readonly #marks: number[] = [];

  /** Points to the part of `text` between the tag's name and its end. */
  reset(text: string, from: number, to: number): void {
    this.#text = text;
    this.#from = from;
    this.#to = to;
    this.#parsed = false;
  }

  /** The decoded value of an attribute; the first one wins. */
  get(name: string): string | undefined {
    if (!this.#parsed) this.#parse();
    const marks = this.#marks;
    for (let at = 0; at < this.#count; at += 4) {
      const from = marks[at] ?? 0;
      if ((marks[at + 1] ?? 0) - from === name.length && this.#text.startsWith(name, from)) {
        return decodeXmlAttribute(this.#text.slice(marks[at + 2], marks[at + 3]));
      }
    }
    return undefined;
  }

  /** All attributes in their order. */
  entries(): [string, string][] {
    if (!this.#parsed) this.#parse();
    const found: [string, string][] = [];
    for (let at = 0; at < this.#count; at += 4) {
      const [nameFrom, nameTo, from, to] = this.#marks.slice(at, at + 4);
      found.push([this.#text.slice(nameFrom, nameTo), decodeXmlAttribute(this.#text.slice(from, to))]);
    }
    return found;
  }

  #parse(): void {
    const text = this.#text;
    const end = this.#to;
    const marks = this.#marks;
    let count = 0;
    let at = this.#from;
    for (;;) {
      while (at < end && isSpace(text.charCodeAt(at))) at++;
      if (at >= end) break;
      const nameFrom = at;
      while (at < end && text.charCodeAt(at) !== 61 && !isSpace(text.charCodeAt(at))) at++;
      const nameTo = at;
      while (at < end && isSpace(text.charCodeAt(at))) at++;
      let from = at;
      let to = at;
      if (at < end && text.charCodeAt(at) === 61) {
        at++;
        while (at < end && isSpace(text.charCodeAt(at))) at++;
        const quote = text.charCodeAt(at);
        if (at < end && (quote === 34 || quote === 39)) {
          from = at + 1;
          const close = text.indexOf(quote === 34 ? '"' : "'", from);
          to = close < 0 || close > end ? end : close;
          at = to + 1;
        } else {
          from = at;
          while (at < end && !isSpace(text.charCodeAt(at))) at++;
          to = at;
        }
      }
      if (nameTo > nameFrom) {
        marks[count++] = nameFrom;
        marks[count++] = nameTo;
        marks[count++] = from;
        marks[count++] = to;
      } else if (at === nameFrom) at++;
    }
    this.#count = count;
    this.#parsed = true;
  }
}
