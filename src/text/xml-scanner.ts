import { XmlAttributes } from './xml-attributes.ts';
import { XmlDoctype } from './xml-doctype.ts';
import { decodeXmlText } from './xml-entities.ts';

/**
 * What a handler wants of an element: nothing but its end; its own text; that its text counts as its parent's (markup inside a
 * text); or that the element is passed over with all that is in it, its end included.
 */
export const xmlWant = { nothing: 0, text: 1, asParent: 2, skip: 3 } as const;
export type XmlWant = (typeof xmlWant)[keyof typeof xmlWant];

export interface XmlHandler {
  /** A start tag. `attributes` is valid only during the call. */
  open(name: string, attributes: XmlAttributes): XmlWant;
  /** An end tag, or the end of an empty element. `text` is empty unless it was wanted. */
  close(name: string, text: string): void;
  /** Text outside of all elements that is not white space; at most once, with its first 200 characters. */
  stray?(text: string): void;
}

export interface XmlLimits {
  /** A longer tag is taken for text. */
  readonly maxTagChars?: number;
  /** The rest of a longer text is dropped. */
  readonly maxTextChars?: number;
  /** Elements deeper than this are passed over. */
  readonly maxDepth?: number;
}

const lessThan = 60;
const greaterThan = 62;
const slash = 47;
const inText = 0;
const inComment = 1;
const inCdata = 2;
const inInstruction = 3;
const inDoctype = 4;
const nameSlots = 1024;

/** A copy that V8 has internalised, so that comparing it with a literal compares two pointers. */
function internalised(name: string): string {
  return Object.keys({ [name]: 0 })[0] ?? name;
}

/** ASCII letters, `_`, `:` and everything beyond ASCII. */
function startsName(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 58 || code >= 0x80;
}

/** Index of the `>` that ends a tag, of the `<` that proves it broken (XML allows none in a tag), or -1. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === lessThan) return at;
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === greaterThan) return at;
    else if (code === 34 || code === 39) quote = code;
  }
  return -1;
}

/**
 * A streaming, lazy tokenizer for XML in strings of any size. Well-formed documents are read as a conforming parser reads them;
 * broken ones as well as it goes: an end tag closes what is open inside of it, one without a start is ignored, a lone `<` is text.
 * Nothing of a DOCTYPE is used. Memory is bounded by the limits.
 */
export class XmlScanner {
  readonly #handler: XmlHandler;
  readonly #maxTag: number;
  readonly #maxText: number;
  readonly #maxDepth: number;
  readonly #attributes = new XmlAttributes();
  readonly #slots: string[] = Array.from({ length: nameSlots }, () => '');
  readonly #names: string[] = [];
  readonly #wants: XmlWant[] = [];
  /** Texts of the collecting elements around the innermost one. */
  readonly #outer: { readonly text: string; readonly size: number }[] = [];
  #mode: number = inText;
  #collecting = false;
  #text = '';
  #raw = '';
  #size = 0;
  #rest = '';
  #skipped = '';
  #doctype = new XmlDoctype();
  #buffer = '';
  #at = 0;
  #linesBefore = 1;
  #linesTo = 0;
  #sawRoot = false;
  #strayText = '';

  constructor(handler: XmlHandler, limits: XmlLimits = {}) {
    this.#handler = handler;
    this.#maxTag = limits.maxTagChars ?? 65_536;
    this.#maxText = limits.maxTextChars ?? 1_048_576;
    this.#maxDepth = limits.maxDepth ?? 200;
  }

  /** The line of the token that is being handled, counted from 1. */
  get line(): number {
    this.#countLines(this.#at);
    return this.#linesBefore;
  }

  /** Takes the next piece of the document and calls the handler for each token that is complete. */
  write(chunk: string): void {
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    this.#buffer = text;
    this.#linesTo = 0;
    this.#at = 0;
    let at = 0;
    while (at < text.length) {
      const next = this.#mode === inText ? this.#scan(text, at) : this.#through(text, at);
      if (next < 0) break;
      at = next;
    }
    // What is left starts at #at: the beginning of a token that is not complete.
    this.#countLines(this.#at);
    this.#rest = this.#at >= text.length ? '' : text.slice(this.#at);
    this.#buffer = '';
  }

  /** Ends the document. Says whether it was cut: inside a token, or with elements still open. */
  end(): { readonly truncated: boolean } {
    const truncated = this.#rest !== '' || this.#mode !== inText || this.#names.length > 0 || this.#skipped !== '';
    this.#giveStray(true);
    return { truncated };
  }

  #countLines(to: number): void {
    for (
      let at = this.#buffer.indexOf('\n', this.#linesTo);
      at >= 0 && at < to;
      at = this.#buffer.indexOf('\n', at + 1)
    ) {
      this.#linesBefore++;
    }
    if (to > this.#linesTo) this.#linesTo = to;
  }

  /** Handles text and the token after it. Gives where to go on, or -1 when the token is not complete. */
  #scan(text: string, from: number): number {
    const start = text.indexOf('<', from);
    if (start < 0) {
      this.#add(text, from, text.length);
      this.#at = text.length;
      return -1;
    }
    if (start > from) this.#add(text, from, start);
    this.#at = start;
    if (start + 1 >= text.length) return -1;
    const code = text.charCodeAt(start + 1);
    if (code === slash) return this.#endTag(text, start);
    if (startsName(code)) return this.#startTag(text, start);
    if (code === 63) {
      this.#settle();
      this.#mode = inInstruction;
      return this.#moved(start + 2);
    }
    if (code === 33) return this.#declaration(text, start);
    return this.#lone(text, start);
  }

  #moved(to: number): number {
    this.#at = to;
    return to;
  }

  /** A `<` that starts nothing is text. */
  #lone(text: string, start: number): number {
    this.#add(text, start, start + 1);
    return this.#moved(start + 1);
  }

  #declaration(text: string, start: number): number {
    const head = text.slice(start, start + 9);
    if (head.startsWith('<!--')) {
      this.#settle();
      this.#mode = inComment;
      return this.#moved(start + 4);
    }
    if (head === '<![CDATA[') {
      this.#settle();
      this.#mode = inCdata;
      return this.#moved(start + 9);
    }
    if ('<![CDATA['.startsWith(head) || '<!--'.startsWith(head)) return -1;
    this.#mode = inDoctype;
    this.#doctype = new XmlDoctype();
    return this.#moved(start + 2);
  }

  /** Goes on inside a comment, a CDATA section, an instruction or a DOCTYPE. */
  #through(text: string, from: number): number {
    if (this.#mode === inDoctype) {
      const end = this.#doctype.feed(text, from);
      this.#at = end < 0 ? text.length : end;
      if (end >= 0) this.#mode = inText;
      return end;
    }
    const close = this.#mode === inComment ? '-->' : this.#mode === inCdata ? ']]>' : '?>';
    const end = text.indexOf(close, from);
    const stop = end < 0 ? Math.max(from, text.length - close.length + 1) : end;
    if (this.#mode === inCdata) this.#add(text, from, stop);
    if (end < 0) {
      this.#at = stop;
      return -1;
    }
    if (this.#mode === inCdata) this.#settleCdata();
    this.#mode = inText;
    return this.#moved(end + close.length);
  }

  #endTag(text: string, start: number): number {
    const top = this.#names.at(-1);
    const from = start + 2;
    if (
      top !== undefined &&
      this.#skipped === '' &&
      text.startsWith(top, from) &&
      text.charCodeAt(from + top.length) === greaterThan
    ) {
      this.#pop();
      return this.#moved(from + top.length + 1);
    }
    const end = tagEnd(text, from);
    if (end < 0) return text.length - start > this.#maxTag ? this.#lone(text, start) : -1;
    if (end - start > this.#maxTag) return this.#lone(text, start);
    this.#close(text.slice(from, end).trim());
    return this.#moved(text.charCodeAt(end) === lessThan ? end : end + 1);
  }

  /** An end tag that is not simply that of the innermost element. */
  #close(name: string): void {
    const depth = this.#names.lastIndexOf(name);
    if (this.#skipped !== '') {
      if (name === this.#skipped) {
        this.#skipped = '';
        return;
      }
      // The skipped element was never closed; its parent is.
      if (depth < 0) return;
      this.#skipped = '';
    }
    if (depth < 0) return;
    while (this.#names.length > depth) this.#pop();
  }

  #startTag(text: string, start: number): number {
    let nameEnd = start + 2;
    let code = text.charCodeAt(nameEnd);
    while (code > 32 && code !== slash && code !== greaterThan && code !== lessThan) code = text.charCodeAt(++nameEnd);
    if (this.#skipped !== '') {
      if (nameEnd >= text.length && nameEnd - start <= this.#maxTag) return -1;
      // The same element again: the one that is skipped was never closed.
      if (nameEnd - start - 1 !== this.#skipped.length || !text.startsWith(this.#skipped, start + 1)) {
        return this.#moved(nameEnd);
      }
      this.#skipped = '';
    }
    const end = code === greaterThan ? nameEnd : nameEnd >= text.length ? -1 : tagEnd(text, nameEnd);
    if (end < 0) return text.length - start > this.#maxTag ? this.#lone(text, start) : -1;
    if (end - start > this.#maxTag) return this.#lone(text, start);
    const broken = text.charCodeAt(end) === lessThan;
    const empty = !broken && text.charCodeAt(end - 1) === slash;
    const attributesEnd = empty ? end - 1 : end;
    const name = this.#nameOf(text, start + 1, Math.min(nameEnd, attributesEnd));
    this.#attributes.reset(text, Math.min(nameEnd, attributesEnd), attributesEnd);
    this.#open(name, empty);
    return this.#moved(broken ? end : end + 1);
  }

  #open(name: string, empty: boolean): void {
    if (!this.#sawRoot) this.#giveStray(true);
    this.#sawRoot = true;
    if (this.#names.length >= this.#maxDepth) {
      if (!empty) this.#skipped = name;
      return;
    }
    const want = this.#handler.open(name, this.#attributes);
    if (want === xmlWant.skip) {
      if (!empty) this.#skipped = name;
      return;
    }
    if (empty) {
      this.#handler.close(name, '');
      return;
    }
    this.#names.push(name);
    this.#wants.push(want);
    if (want === xmlWant.asParent) return;
    if (this.#collecting) {
      this.#settle();
      this.#outer.push({ text: this.#text, size: this.#size });
      this.#text = '';
      this.#size = 0;
    }
    this.#collecting = want === xmlWant.text;
  }

  #pop(): void {
    const name = this.#names.pop() ?? '';
    const want = this.#wants.pop();
    if (want === xmlWant.asParent) {
      this.#handler.close(name, '');
      return;
    }
    this.#settle();
    const text = this.#text;
    this.#text = '';
    this.#size = 0;
    let outer = this.#wants.length - 1;
    while (outer >= 0 && this.#wants[outer] === xmlWant.asParent) outer--;
    this.#collecting = this.#wants[outer] === xmlWant.text;
    if (this.#collecting) {
      const saved = this.#outer.pop();
      this.#text = saved?.text ?? '';
      this.#size = saved?.size ?? 0;
    }
    this.#handler.close(name, text);
  }

  /** A copy of the name that is shared by all tags with this name, found without making a new string. */
  #nameOf(text: string, from: number, to: number): string {
    const length = to - from;
    const slot = (text.charCodeAt(from) * 31 + text.charCodeAt(to - 1) * 7 + length * 131) & (nameSlots - 1);
    const known = this.#slots[slot] ?? '';
    if (known.length === length && text.startsWith(known, from)) return known;
    const name = internalised(text.slice(from, to));
    if (length <= 64) this.#slots[slot] = name;
    return name;
  }

  #add(text: string, from: number, to: number): void {
    if (this.#collecting && this.#skipped === '') {
      const room = this.#maxText - this.#size;
      if (room <= 0) return;
      const part = text.slice(from, to - from > room ? from + room : to);
      this.#size += part.length;
      this.#raw = this.#raw === '' ? part : this.#raw + part;
    } else if (!this.#sawRoot && this.#strayText.length < 200) {
      this.#strayText = (this.#strayText + text.slice(from, to)).trimStart().slice(0, 200);
      this.#giveStray(false);
    }
  }

  #giveStray(now: boolean): void {
    if (this.#strayText === '' || (!now && this.#strayText.length < 200)) return;
    const text = this.#strayText;
    this.#sawRoot = true;
    this.#strayText = '';
    this.#handler.stray?.(text.trim());
  }

  /** Decodes the text that is waiting: references may be split over chunks, so it is done as late as possible. */
  #settle(): void {
    if (this.#raw === '') return;
    const part = decodeXmlText(this.#raw);
    this.#text = this.#text === '' ? part : this.#text + part;
    this.#raw = '';
  }

  #settleCdata(): void {
    if (this.#raw === '') return;
    this.#text += this.#raw.includes('\r') ? this.#raw.replace(/\r\n?/g, '\n') : this.#raw;
    this.#raw = '';
  }
}
