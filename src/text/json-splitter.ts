import { parseJson } from './json-value.ts';
import type { JsonItem, JsonItemsOptions, JsonItemsSummary } from './json-items.ts';

const quote = 34;
const comma = 44;
const colon = 58;
/** Characters of a long string that are kept to count the backslashes before its end. */
const stringTail = 64;
const indexKey = /^\d{1,20}$/;

/** Where the scan is: outside of all, between the items of the list, inside an item, inside the object that may hold the list, behind the end. */
type Place = 'start' | 'list' | 'item' | 'object' | 'discard' | 'end';

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}

/** Splits a JSON document that begins with `[` or `{` into the items of its list. Text comes in pieces of any size. */
export class JsonSplitter {
  readonly #maxItem: number;
  readonly #maxObject: number;
  readonly #keys: ReadonlySet<string>;
  #place: Place = 'start';
  #text = '';
  /** Where the scan goes on in `#text`. */
  #at = 0;
  /** Where the present item, or the part of the object that is not kept yet, begins. */
  #from = 0;
  #depth = 0;
  /** Where the string begins in which the scan is; -1 outside of strings. */
  #string = -1;
  #lastKey = '';
  /** Positions of the `}` of strings that read `},{`: an unescaped quote before has turned inside out what is a string. */
  #seams: number[] = [];
  #index = 0;
  #isObject = false;
  /** No more than one key of the object has been seen. */
  #fresh = true;
  /** The object is a list by index: `{"0":{...},"2":{...}}`. */
  #isIndexed = false;
  /** The object began like a list by index and is none. */
  #isMixed = false;
  #object = '';
  #objectTooLarge = false;
  #ready: JsonItem[] = [];

  constructor(options: JsonItemsOptions) {
    this.#maxItem = options.maxItemBytes ?? 1024 * 1024;
    this.#maxObject = options.maxObjectBytes ?? 8 * 1024 * 1024;
    this.#keys = new Set(options.keys);
  }

  get done(): boolean {
    return this.#place === 'end';
  }

  /** Takes a piece and gives the items that are complete. */
  write(piece: string): JsonItem[] {
    this.#text += piece;
    this.#scan();
    this.#forget();
    return this.#take();
  }

  /** Gives what can be saved of an item that never ended. */
  end(): JsonItem[] {
    if (this.#place === 'item' && this.#seams.length > 0) {
      const closed = /\}\s*\]?$/.test(this.#text.slice(-200).trimEnd());
      this.#salvage(this.#text.length, true);
      if (closed) this.#place = 'end';
    }
    return this.#take();
  }

  summary(): JsonItemsSummary {
    const truncated = this.#place !== 'end';
    const form = this.#isObject || this.#isMixed ? 'object' : 'array';
    const object = this.#isObject && !truncated && !this.#objectTooLarge ? parse(this.#object)?.value : undefined;
    return {
      form,
      items: this.#index,
      truncated,
      ...(typeof object === 'object' && object !== null && { object: object as Record<string, unknown> }),
    };
  }

  #take(): JsonItem[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #scan(): void {
    const text = this.#text;
    while (this.#at < text.length && this.#place !== 'end') {
      if (this.#string >= 0) {
        if (!this.#passString()) break;
        continue;
      }
      this.#step(text.charCodeAt(this.#at));
    }
    if (this.#place === 'item' && this.#at - this.#from > this.#maxItem) this.#overflow();
    else if (this.#place === 'list' && this.#string >= 0 && this.#at - this.#string > this.#maxItem) this.#mixed();
  }

  /** Goes to the end of the string; false when the text ends inside of it. */
  #passString(): boolean {
    const text = this.#text;
    let end = text.indexOf('"', this.#at);
    for (; end >= 0; end = text.indexOf('"', end + 1)) {
      let slashes = 0;
      while (end - 1 - slashes > this.#string && text.charCodeAt(end - 1 - slashes) === 92) slashes++;
      if (slashes % 2 === 0) break;
    }
    if (end < 0) {
      this.#at = text.length;
      return false;
    }
    const from = this.#string + 1;
    if (this.#place === 'item') {
      if (text.charCodeAt(from) === 125 && /^\}\s*,\s*\{$/.test(text.slice(from, Math.min(end, from + 64))))
        this.#seams.push(from);
    } else if (this.#place === 'list' || (this.#place === 'object' && this.#depth === 1))
      this.#lastKey = text.slice(from, Math.min(end, from + 64));
    this.#string = -1;
    this.#at = end + 1;
    return true;
  }

  #step(code: number): void {
    switch (this.#place) {
      case 'start':
        this.#isObject = code === 123;
        this.#place = this.#isObject ? 'object' : 'list';
        this.#depth = this.#isObject ? 1 : 0;
        this.#at++;
        break;
      case 'list':
        this.#between(code);
        break;
      case 'object':
        this.#inObject(code);
        break;
      default:
        this.#inItem(code);
    }
  }

  /** Nothing of the object is of use. */
  #mixed(): void {
    this.#isMixed = true;
    this.#place = 'end';
  }

  /** Keys of a list by index are passed over; what is not a whole number, or leads to no object, ends it. */
  #betweenIndexed(code: number): void {
    if (code === 125) {
      this.#at++;
      this.#place = 'end';
    } else if (code === comma || code <= 32 || code === colon) this.#at++;
    else if (code === quote) this.#string = this.#at++;
    else if (code === 123 && indexKey.test(this.#lastKey)) this.#beginItem(code);
    else this.#mixed();
  }

  #beginItem(code: number): void {
    this.#from = this.#at;
    this.#depth = 0;
    this.#seams = [];
    this.#place = 'item';
    this.#inItem(code);
  }

  #between(code: number): void {
    if (this.#isIndexed) {
      this.#betweenIndexed(code);
    } else if (code === 93) {
      this.#at++;
      this.#endList();
    } else if (code === comma || code <= 32 || code === 125) this.#at++;
    else this.#beginItem(code);
  }

  #inItem(code: number): void {
    if (code === quote) {
      this.#string = this.#at++;
      return;
    }
    if (code === 123 || code === 91) this.#depth++;
    else if (code === 125 || code === 93) {
      if (this.#depth === 0) {
        // The end of the list, behind an item that is neither object nor list.
        this.#finish(this.#at);
        return;
      }
      this.#depth--;
      if (this.#depth === 0) {
        this.#at++;
        this.#finish(this.#at);
        return;
      }
    } else if (code === comma && this.#depth === 0) {
      this.#finish(this.#at);
      return;
    }
    this.#at++;
  }

  #finish(to: number): void {
    if (this.#place !== 'discard') this.#salvage(to, false);
    this.#place = 'list';
  }

  /** Gives the item that ends at `to`. If it is broken and was turned inside out, the items in it are found at its seams. */
  #salvage(to: number, lastMayEndTheList: boolean): void {
    const whole = this.#text.slice(this.#from, to);
    const parsed = parse(whole);
    if (parsed !== undefined) {
      this.#ready.push({ index: ++this.#index, value: parsed.value });
      return;
    }
    const ends = [...this.#seams.map((seam) => seam + 1), to];
    let from = this.#from;
    for (const end of ends) {
      let part = this.#text.slice(from, end).trim().replace(/^,\s*/, '');
      if (lastMayEndTheList && end === to) part = part.replace(/\]\s*$/, '');
      const value = parse(part);
      this.#ready.push(
        value === undefined
          ? { index: ++this.#index, error: 'The item is no valid JSON' }
          : { index: ++this.#index, value: value.value },
      );
      from = end;
    }
    this.#seams = [];
  }

  /** The item is too long: save what stands before its last seam, or pass over it. */
  #overflow(): void {
    const last = this.#seams.pop();
    if (last === undefined) {
      this.#ready.push({ index: ++this.#index, error: `The item is longer than ${this.#maxItem} bytes` });
      this.#place = 'discard';
      return;
    }
    this.#salvage(last + 1, false);
    // Scan again from the seam on, now the right way round.
    this.#string = -1;
    this.#at = last + 1;
    this.#place = 'list';
    this.#scan();
  }

  #inObject(code: number): void {
    if (code === 123 && this.#depth === 1 && this.#fresh && indexKey.test(this.#lastKey)) {
      this.#isObject = false;
      this.#isIndexed = true;
      this.#beginItem(code);
      return;
    }
    if (code === comma || code === 91 || code === 123) this.#fresh = false;
    if (code === quote) this.#string = this.#at;
    else if (code === 91 && this.#depth === 1 && this.#keys.has(this.#lastKey)) {
      this.#at++;
      this.#keep(this.#at);
      this.#place = 'list';
      return;
    } else if (code === 123 || code === 91) this.#depth++;
    else if (code === 125 || code === 93) {
      this.#depth--;
      if (this.#depth === 0) {
        this.#at++;
        this.#keep(this.#at);
        this.#place = 'end';
        return;
      }
    }
    this.#at++;
  }

  #endList(): void {
    if (!this.#isObject) {
      this.#place = 'end';
      return;
    }
    this.#from = this.#at - 1;
    this.#depth = 1;
    this.#lastKey = '';
    this.#place = 'object';
  }

  /** Keeps the text of the object up to `to`. */
  #keep(to: number): void {
    const part = this.#text.slice(this.#from, to);
    this.#from = to;
    if (this.#object.length + part.length > this.#maxObject) {
      this.#objectTooLarge = true;
      this.#object = '';
    } else if (!this.#objectTooLarge) this.#object += part;
  }

  /** Lets go of the text that is not needed any more. */
  #forget(): void {
    if (this.#place === 'object') {
      if (this.#string < 0) this.#keep(this.#at);
      // A string that is longer than the whole object may be: only its end is looked for.
      else if (this.#at - this.#from > this.#maxObject) this.#keep(this.#at - stringTail);
    }
    const keepFrom = this.#keepFrom();
    this.#text = this.#text.slice(keepFrom);
    this.#at -= keepFrom;
    this.#from = Math.max(0, this.#from - keepFrom);
    if (this.#string >= 0) this.#string = Math.max(0, this.#string - keepFrom);
    this.#seams = this.#seams.map((seam) => seam - keepFrom);
  }

  #keepFrom(): number {
    if (this.#place === 'item' || this.#place === 'object') return this.#from;
    if (this.#place === 'list' && this.#string >= 0) return this.#string;
    if (this.#place === 'discard' && this.#string >= 0) return Math.max(this.#string, this.#at - stringTail);
    return this.#at;
  }
}
