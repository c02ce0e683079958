import { fold } from '../catalog/fold.ts';

/** What is compared of an item. `key` is the provider's own id: neither unique nor stable. Absent fields are empty. */
export interface Identifiable {
  readonly key: string;
  readonly name: string;
  /** The guide id of a channel, the TMDB id of a title. */
  readonly guideId: string;
  readonly group: string;
}

interface Compared extends Identifiable {
  readonly at: number;
}

/** A text that names an item in one pass, or null where the item has nothing to be named by. */
type Signature = (item: Compared) => string | null;

interface Sides {
  known: Compared[];
  fresh: Compared[];
  readonly result: (number | null)[];
}

const separator = '\u0000';
const similarShare = 0.5;
const maxRounds = 3;

function prepared(items: readonly Identifiable[], from: readonly number[] | null): Compared[] {
  const one = (item: Identifiable, at: number): Compared => ({
    at,
    key: item.key,
    // A name made from the id, for an item that has none, tells no more than the id.
    name: item.name === `Stream ${item.key}` ? '' : fold(item.name),
    guideId: item.guideId.toLowerCase(),
    group: item.group,
  });
  if (from === null) return items.map(one);
  return from.flatMap((at) => {
    const item = items[at];
    return item === undefined ? [] : [one(item, at)];
  });
}

const joined = (...parts: readonly string[]): string | null => (parts.includes('') ? null : parts.join(separator));
const byAll: Signature = ({ key, name, guideId, group }) =>
  name === '' ? null : [key, name, guideId, group].join(separator);
const byNameGuideGroup: Signature = ({ name, guideId, group }) => joined(name, guideId, group);
const byNameGuide: Signature = ({ name, guideId }) => joined(name, guideId);
const byKeyName: Signature = ({ key, name }) => joined(key, name);
const byNameGroup: Signature = ({ name, group }) => joined(name, group);
const byName: Signature = ({ name }) => joined(name);
const byKey: Signature = ({ key }) => joined(key);
const byGuide: Signature = ({ guideId }) => joined(guideId);

function bigrams(text: string): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at + 1 < text.length; at++) found.add(text.slice(at, at + 2));
  return found;
}

/** Names that are likely one name before and after an edit: one holds the other, or half of their letter pairs are shared. */
export function isSimilarName(a: string, b: string): boolean {
  if (a === '' || b === '') return false;
  if (a === b || (Math.min(a.length, b.length) >= 3 && (a.includes(b) || b.includes(a)))) return true;
  const left = bigrams(a);
  const right = bigrams(b);
  let shared = 0;
  for (const pair of left) if (right.has(pair)) shared++;
  return left.size + right.size > 0 && (2 * shared) / (left.size + right.size) >= similarShare;
}

const guideOrNameAgree = (known: Compared, fresh: Compared): boolean =>
  (known.guideId !== '' && known.guideId === fresh.guideId) || isSimilarName(known.name, fresh.name);
const namesAgree = (known: Compared, fresh: Compared): boolean => isSimilarName(known.name, fresh.name);
/** The same id with another name is a renamed channel, unless its guide id says that it is another channel. */
const notAnother = (known: Compared, fresh: Compared): boolean =>
  known.guideId === '' || fresh.guideId === '' || guideOrNameAgree(known, fresh);

function uniqueBy(items: readonly Compared[], signature: Signature): Map<string, Compared | null> {
  const found = new Map<string, Compared | null>();
  for (const item of items) {
    const name = signature(item);
    if (name !== null) found.set(name, found.has(name) ? null : item);
  }
  return found;
}

function closeMatched(sides: Sides, matchedKnown: ReadonlySet<Compared>): void {
  if (matchedKnown.size === 0) return;
  sides.known = sides.known.filter((item) => !matchedKnown.has(item));
  sides.fresh = sides.fresh.filter((item) => sides.result[item.at] === null);
}

/** Pairs items whose signature occurs once on each side. */
function pairUnique(sides: Sides, signature: Signature, agree?: (known: Compared, fresh: Compared) => boolean): number {
  if (sides.known.length === 0 || sides.fresh.length === 0) return 0;
  const known = uniqueBy(sides.known, signature);
  const matched = new Set<Compared>();
  for (const [name, item] of uniqueBy(sides.fresh, signature)) {
    const other = known.get(name);
    if (item === null || other == null || agree?.(other, item) === false) continue;
    sides.result[item.at] = other.at;
    matched.add(other);
  }
  closeMatched(sides, matched);
  return matched.size;
}

/** Items that nothing but their ids tells apart are interchangeable: they are paired in their order. */
function pairAlike(sides: Sides): void {
  const waiting = new Map<string, Compared[]>();
  const signature: Signature = ({ key, name, guideId, group }) =>
    [name === '' ? key : '', name, guideId, group].join(separator);
  for (const item of sides.known) {
    const name = signature(item) ?? '';
    const list = waiting.get(name);
    if (list === undefined) waiting.set(name, [item]);
    else list.push(item);
  }
  for (const list of waiting.values()) list.reverse();
  const matched = new Set<Compared>();
  for (const item of sides.fresh) {
    const other = waiting.get(signature(item) ?? '')?.pop();
    if (other === undefined) continue;
    sides.result[item.at] = other.at;
    matched.add(other);
  }
  closeMatched(sides, matched);
}

/**
 * True unless most of the names that are still there now stand beside another id: then the provider has numbered anew. `paired` have
 * kept theirs and are not looked at again.
 */
function areKeysTrusted({ known, fresh }: Sides, paired: number): boolean {
  const labels = new Set<string>();
  const keyed = new Set<string>();
  for (const { key, name, group } of known) {
    labels.add(name + separator + group);
    keyed.add([key, name, group].join(separator));
  }
  let same = paired;
  let moved = 0;
  for (const { key, name, group } of fresh) {
    if (keyed.has([key, name, group].join(separator))) same++;
    else if (name !== '' && labels.has(name + separator + group)) moved++;
  }
  return same >= moved;
}

function match(sides: Sides, isReturn: boolean): void {
  const unchanged = pairUnique(sides, byAll);
  const trusted = !isReturn && areKeysTrusted(sides, unchanged);
  for (let round = 0; round < maxRounds; round++) {
    let found = pairUnique(sides, byNameGuideGroup) + pairUnique(sides, byNameGuide);
    for (const signature of trusted ? [byKeyName, byNameGroup, byName] : [byNameGroup, byName, byKeyName])
      found += pairUnique(sides, signature);
    if (round === 0) pairAlike(sides);
    found += pairUnique(sides, byKey, trusted ? notAnother : guideOrNameAgree);
    found += pairUnique(sides, byGuide, namesAgree);
    if (found === 0) return;
  }
}

/**
 * Finds for each fresh item the known one that it is (design D3): an index into `known`, or null for a new item. No known item is
 * given twice. Strong evidence comes first, and each pass only pairs what is unambiguous. `known` is in the order of the last list;
 * `isGone` marks items that were not in it, which are looked at last.
 */
export function matchItems(
  known: readonly Identifiable[],
  fresh: readonly Identifiable[],
  isGone: (index: number) => boolean = () => false,
): readonly (number | null)[] {
  const present: number[] = [];
  const gone: number[] = [];
  for (let at = 0; at < known.length; at++) (isGone(at) ? gone : present).push(at);
  const result: (number | null)[] = fresh.map(() => null);
  const sides: Sides = { known: prepared(known, present), fresh: prepared(fresh, null), result };
  match(sides, false);
  if (gone.length > 0 && sides.fresh.length > 0)
    match({ known: prepared(known, gone), fresh: sides.fresh, result }, true);
  return result;
}
