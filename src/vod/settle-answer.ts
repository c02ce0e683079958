import { CoaxError } from '../errors.ts';
import type { FileFacts } from './file-facts.ts';
import type { KnownFiles } from './known-files.ts';
import type { Reader } from './reader.ts';
import { readAnswer, type Ask, type RangeAnswer } from './upstream-range.ts';

/** A provider that ignores ranges is read from the start at most this far. */
const maxSkipBytes = 8 * 1_048_576;

/** What to ask the provider for, for this reader, by what is believed of the file. */
export function nextAsk(reader: Reader, files: KnownFiles): Ask {
  const { itemId, knownSize } = reader.request.file;
  return reader.ask(files.size(itemId) ?? knownSize ?? null);
}

/**
 * Compares an answer with what is known of the file and decides the reader's response by it. Returns where in the file the body starts,
 * or null when other bytes have to be asked for, or none. Throws UPSTREAM_BAD_CONTENT when the bytes would be wrong.
 */
export function settleAnswer(
  reader: Reader,
  ask: Ask,
  answer: RangeAnswer,
  { files, learned }: { readonly files: KnownFiles; readonly learned: (facts: FileFacts) => void },
): number | null {
  const { seen, start, unsatisfiable } = readAnswer(ask, answer, reader.facts?.size ?? null);
  if (unsatisfiable && seen.size === null && reader.facts === null)
    throw new CoaxError('RANGE_NOT_SATISFIABLE', 'The provider says that the range is outside the file');
  const { facts, isNew } = files.learn(reader.request.file.itemId, seen);
  if (isNew) learned(facts);
  reader.settle(facts);
  if (reader.complete || unsatisfiable || start > reader.position) return null;
  if (reader.position - start > maxSkipBytes)
    throw new CoaxError('UPSTREAM_BAD_CONTENT', `The provider can not start the file at byte ${reader.position}`);
  return start;
}
