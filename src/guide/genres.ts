import { LRUCache } from 'lru-cache';
import { fold } from '../catalog/fold.ts';
import { type GenreFlag, genreEndings, genreExceptions, genreFlags, genreWords } from './genre-words.ts';

export type GenreFlags = { readonly [Flag in GenreFlag]?: true };

/** Letters that are letters of their own, not accents, and so are left by Unicode's decomposition. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ı: 'i',
  ø: 'o',
  æ: 'ae',
  å: 'a',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  œ: 'oe',
  ς: 'σ',
  ё: 'е',
};

/** Words of a category, folded: no case, accents, articles or punctuation. */
function wordsOf(text: string): string[] {
  return fold(text)
    .replace(/[ßıøæåłđðþœςё]/g, (letter) => plainLetters[letter] ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => (word.length > 5 && word.startsWith('ال') ? word.slice(2) : word));
}

interface Phrase {
  readonly words: readonly string[];
  readonly flag: GenreFlag | null;
}

/** Phrases by their first word; the longest first. */
function phrasesOf(): ReadonlyMap<string, readonly Phrase[]> {
  const found = new Map<string, Phrase[]>();
  const add = (list: string, flag: GenreFlag | null): void => {
    for (const text of list.split(',')) {
      const words = wordsOf(text);
      const [first] = words;
      if (first === undefined) continue;
      const known = found.get(first) ?? [];
      found.set(first, known);
      known.push({ words, flag });
    }
  };
  for (const flag of genreFlags) for (const list of genreWords[flag]) add(list, flag);
  for (const list of genreExceptions) add(list, null);
  // An exception comes before what it excepts, as it is longer or, with the same words, sorted first.
  for (const phrases of found.values())
    phrases.sort((a, b) => b.words.length - a.words.length || Number(a.flag !== null) - Number(b.flag !== null));
  return found;
}

const phrases = phrasesOf();
/** A compound has to be longer than its ending by this much: `Krimi-serie`, but not `miserie`. */
const shortestStem = 3;

/** Content types of DVB as some grabbers write them, `0x10` to `0xff` (EN 300 468 table 28). */
const dvbTypes: Readonly<Record<string, GenreFlag>> = { 1: 'isMovie', 2: 'isNews', 4: 'isSports', 5: 'isKids' };

function read(category: string): readonly GenreFlag[] {
  const dvb = /^0x([0-9a-f])[0-9a-f]$/i.exec(category.trim())?.[1];
  if (dvb !== undefined) return dvbTypes[dvb] === undefined ? [] : [dvbTypes[dvb]];
  const flags = new Set<GenreFlag>();
  const words = wordsOf(category.slice(0, 200));
  for (let at = 0; at < words.length; ) {
    const word = words[at] ?? '';
    const matching = (phrases.get(word) ?? []).filter(({ words: wanted }) =>
      wanted.every((one, index) => words[at + index] === one),
    );
    const longest = matching[0]?.words.length ?? 1;
    const isExcepted = matching.some(({ words: wanted, flag }) => flag === null && wanted.length === longest);
    if (!isExcepted)
      for (const { words: wanted, flag } of matching) if (flag !== null && wanted.length === longest) flags.add(flag);
    if (matching.length === 0) {
      const compound = genreEndings.find(
        ([ending]) => word.endsWith(ending) && word.length >= ending.length + shortestStem,
      );
      if (compound !== undefined) flags.add(compound[1]);
    }
    at += longest;
  }
  return [...flags];
}

/** Guides repeat a few hundred categories millions of times. */
const known = new LRUCache<string, readonly GenreFlag[]>({ max: 5_000 });

/** What the categories of a programme, in any of the languages of the table, say it is. */
export function flagsOfGenres(categories: readonly string[]): GenreFlags {
  const flags: { [Flag in GenreFlag]?: true } = {};
  for (const category of categories) {
    let found = known.get(category);
    if (found === undefined) {
      found = read(category);
      known.set(category, found);
    }
    for (const flag of found) flags[flag] = true;
  }
  return flags;
}
