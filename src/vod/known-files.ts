import { LRUCache } from 'lru-cache';
import type { BlockCache } from './block-cache.ts';
import { sameFile, type FileFacts, type SeenFile } from './file-facts.ts';

const maxFiles = 5_000;
/** After this time without a look at the provider a file is asked for again before its cached bytes are given out. */
const trustMs = 1_800_000;

interface Known {
  facts: FileFacts;
  confirmedAt: number;
}

/** What providers said about files since the start, and their versions. */
export class KnownFiles {
  readonly #files = new LRUCache<string, Known>({ max: maxFiles });
  readonly #cache: BlockCache;
  #versions = 0;

  constructor(cache: BlockCache) {
    this.#cache = cache;
  }

  /** What is known and recent enough to answer with; null otherwise. */
  trusted(itemId: string): FileFacts | null {
    const known = this.#files.get(itemId);
    return known && performance.now() - known.confirmedAt < trustMs ? known.facts : null;
  }

  /** The size seen last, however long ago. */
  size(itemId: string): number | null {
    return this.#files.peek(itemId)?.facts.size ?? null;
  }

  /** Takes in an answer of the provider. A file that is not the same any more gets a new version and loses its cached blocks. */
  learn(itemId: string, seen: SeenFile): { readonly facts: FileFacts; readonly isNew: boolean } {
    const before = this.#files.get(itemId)?.facts;
    const isNew = before === undefined || !sameFile(before, seen);
    let facts: FileFacts;
    if (!isNew) {
      facts = {
        ...before,
        etag: seen.etag ?? before.etag,
        lastModified: seen.lastModified ?? before.lastModified,
        ranges: seen.ranges,
      };
    } else {
      if (before && before.size !== null) this.#cache.drop(before.version, before.size);
      this.#versions += 1;
      facts = { ...seen, version: this.#versions };
    }
    this.#files.set(itemId, { facts, confirmedAt: performance.now() });
    return { facts, isNew };
  }
}
