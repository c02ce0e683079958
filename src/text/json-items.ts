import { CharsetDecoder } from './charset.ts';
import { contentForm } from './content-form.ts';
import { JsonSplitter } from './json-splitter.ts';
import { jsonDocumentStart } from './json-start.ts';

/** One item of a list, counted from 1: its value, or why it has none. */
export type JsonItem =
  | { readonly index: number; readonly value: unknown }
  | { readonly index: number; readonly error: string };

export interface JsonItemsSummary {
  /** What the text is. `scalar`: `false`, `null`, a number or a string, also `""`; `empty`: no text at all. */
  readonly form: 'array' | 'object' | 'scalar' | 'empty' | 'html' | 'text';
  /** Items given, broken ones included. */
  readonly items: number;
  /** The text ends before the list or the object does. */
  readonly truncated: boolean;
  /** The object that stands where a list was expected, or around the list; absent when it is broken or larger than allowed. */
  readonly object?: Readonly<Record<string, unknown>>;
  readonly scalar?: unknown;
}

export interface JsonItemsOptions {
  /** An item longer than this is an error and is passed over. Default 1 MiB. */
  readonly maxItemBytes?: number;
  /** An object longer than this is passed over. Default 8 MiB. */
  readonly maxObjectBytes?: number;
  /** Where the list may be when the text is an object: `['epg_listings']`. */
  readonly keys?: readonly string[];
}

/** The items of a list, one by one; iterate once. `summary` is there when the iteration has come to its end. */
export interface JsonItems extends AsyncIterable<JsonItem> {
  readonly summary: JsonItemsSummary | undefined;
}

/** PHP notices stand before the document; more than this is no notice. */
const maxPrefixChars = 64 * 1024;
/** Markup that is not that of a notice (`<br />\n<b>Warning</b>: ...`). */
const webPage = /^<(?!(?:br|b|p|pre|font|table)[\s/>])/i;
/** From here on a tag can be told. */
const minTagChars = 8;
const unfinishedStart = /[[{]\s*(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-)?$/;

function isWebPage(prefix: string): boolean {
  const text = prefix.trimStart();
  return text.length >= minTagChars && webPage.test(text);
}

class Reader implements JsonItems {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #options: JsonItemsOptions;
  summary: JsonItemsSummary | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, options: JsonItemsOptions) {
    this.#chunks = chunks;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JsonItem> {
    const decoder = new CharsetDecoder();
    let prefix = '';
    let splitter: JsonSplitter | undefined;
    const take = (text: string, complete = false): JsonItem[] => {
      if (splitter !== undefined) return splitter.write(text);
      prefix += text;
      const start = this.#startOf(prefix, complete);
      if (start < 0) {
        // Keep what may still be the beginning of a document, and of a longer scalar.
        if (prefix.length > maxPrefixChars) prefix = prefix.slice(0, maxPrefixChars);
        return [];
      }
      splitter = new JsonSplitter(this.#options);
      return splitter.write(prefix.slice(start));
    };
    for await (const chunk of this.#chunks) {
      yield* take(decoder.write(chunk));
      if (splitter?.done === true) break;
      if (splitter === undefined && (prefix.length >= maxPrefixChars || isWebPage(prefix))) break;
    }
    yield* take(decoder.end(), true);
    if (splitter === undefined) {
      this.summary = this.#withoutDocument(prefix);
      return;
    }
    yield* splitter.end();
    this.summary = splitter.summary();
  }

  #startOf(prefix: string, complete: boolean): number {
    const text = prefix.trimStart();
    if (text.startsWith('<') && (text.length < minTagChars || webPage.test(text))) return -1;
    return jsonDocumentStart(prefix, complete);
  }

  #withoutDocument(prefix: string): JsonItemsSummary {
    const text = prefix.trim();
    if (text === '') return { form: 'empty', items: 0, truncated: false };
    try {
      return { form: 'scalar', items: 0, truncated: false, scalar: JSON.parse(text) };
    } catch {
      // A lone bracket at the very end is a document that was cut.
      if (/^[[{]/.test(text) && unfinishedStart.test(text)) {
        return { form: text.startsWith('[') ? 'array' : 'object', items: 0, truncated: true };
      }
      return { form: contentForm(text) === 'html' ? 'html' : 'text', items: 0, truncated: false };
    }
  }
}

/**
 * Reads a JSON list item by item, so that a broken item costs only itself and memory stays flat. An object whose keys are all whole
 * numbers and whose values are all objects is a list too (PHP writes a list with gaps so). Integers above 2^53 become texts. Copes with
 * byte order marks, notices before the document, text after it, and a cut. Never throws but for what `chunks` throws; ends reading where the list ends.
 */
export function readJsonItems(chunks: AsyncIterable<Uint8Array>, options: JsonItemsOptions = {}): JsonItems {
  return new Reader(chunks, options);
}
