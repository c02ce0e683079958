/** At the start of a text any list or object is the document. */
const atOnce = /^\s*(?:\[\s*(?:[[{\]"]|-?\d|true|false|null)|\{\s*["}])/;
/**
 * Behind other text only what opens an object or a list of objects is: notices quote codes and indexes
 * (`SQLSTATE[HY000] [2002]`, `Undefined index [x]`).
 */
const behindText = /\[\s*\{\s*["}]|\{\s*["}]|(?<=[\n>]\s{0,64})\[\s*\]/;
const emptyAtEnd = /\[\s*\]\s*$/;

/**
 * Where the JSON list or object begins in a text that may start with notices of PHP; -1 when there is none so far. `complete` says
 * that no more text follows.
 */
export function jsonDocumentStart(text: string, complete: boolean): number {
  if (atOnce.test(text)) return text.search(/[[{]/);
  const start = text.search(behindText);
  return start >= 0 || !complete ? start : text.search(emptyAtEnd);
}
