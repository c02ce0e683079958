import { CoaxError } from '../errors.ts';
import { jsonDocumentStart } from '../text/json-start.ts';
import { parseJson } from '../text/json-value.ts';

/** Where the JSON begins in an answer that may start with PHP's notices; -1 when there is none. */
export function jsonStart(text: string): number {
  if (/^\s*(?:"|-?\d|true\b|false\b|null\b)/.test(text)) return 0;
  // A lone bracket at the end is a document that was cut.
  return /^\s*[[{]\s*$/.test(text) ? text.search(/[[{]/) : jsonDocumentStart(text, true);
}

const noJson = (): CoaxError =>
  new CoaxError('SOURCE_BAD_CONTENT', 'The provider answered with something that is no JSON');

/**
 * Parses an answer around which there may be a byte order mark, notices of PHP before it and other text behind it. Throws
 * SOURCE_BAD_CONTENT, or SOURCE_TRUNCATED when it is cut short. No error quotes the answer.
 */
export function parseLenientJson(answer: string): unknown {
  const clean = answer.replace(/^\ufeff/, '');
  const start = jsonStart(clean);
  if (start < 0) throw noJson();
  const text = clean.slice(start);
  try {
    return parseJson(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
    if (/unexpected end|unterminated/i.test(message) || position >= text.length)
      throw new CoaxError('SOURCE_TRUNCATED', 'The answer of the provider is cut short');
    if (!/after JSON/.test(message)) throw noJson();
    return parseJson(text.slice(0, position));
  }
}
