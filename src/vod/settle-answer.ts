import { CoaxError } from '../errors.ts';
import type { FileFacts } from './file-facts.ts';
import type { KnownFiles } from './known-files.ts';
import type { Reader } from './reader.ts';
import { readAnswer, type Ask, type RangeAnswer } from './upstream-range.ts';

/** A provider that ignores ranges is read from the start at most this far. */
const maxSkipBytes = 8 * 1_048_576;

/** What to ask the provider for, for this reader, by what is believed of `file`. */
export function nextAsk(reader: Reader, file: string, files: KnownFiles): Ask {
  const { itemId, knownSize = null } = reader.request.file;
  return reader.ask(files.size(file) ?? (file === itemId ? knownSize : null));
}

interface Known {
  /** Names the file that was asked for. */
  readonly file: string;
  readonly files: KnownFiles;
  /** Is told of the file of the request itself, not of one that stands in for it. */
  readonly learned: (facts: FileFacts) => void;
}

/**
 * Compares an answer with what is known of the file and decides the reader's response by it. Returns where in the file the body starts,
 * or null when other bytes have to be asked for, or none. Throws UPSTREAM_BAD_CONTENT when the bytes would be wrong.
 */
export function settleAnswer(
  reader: Reader,
  ask: Ask,
  answer: RangeAnswer,
  { file, files, learned }: Known,
): number | null {
  const { seen, start, unsatisfiable } = readAnswer(ask, answer, reader.facts?.size ?? null);
  if (unsatisfiable && seen.size === null && reader.facts === null)
    throw new CoaxError('RANGE_NOT_SATISFIABLE', 'The provider says that the range is outside the file');
  const { facts, isNew } = files.learn(file, seen);
  if (isNew && file === reader.request.file.itemId) learned(facts);
  reader.settle(facts);
  if (reader.complete || unsatisfiable || start > reader.position) return null;
  if (reader.position - start > maxSkipBytes)
    throw new CoaxError('UPSTREAM_BAD_CONTENT', `The provider can not start the file at byte ${reader.position}`);
  return start;
}
