import { LRUCache } from 'lru-cache';

export interface BlockCacheOptions {
  /** Bytes of all blocks together; 0 keeps nothing. */
  readonly maxBytes: number;
  /** How much of the start of a file is kept. */
  readonly headBytes?: number;
  /** How much of the end of a file is kept. */
  readonly tailBytes?: number;
}

interface Block {
  readonly bytes: Buffer;
  /** The filled part of `bytes`. */
  from: number;
  to: number;
}

const blockBytes = 65_536;

/**
 * The heads and tails of files, kept as they pass, so that a probe need not ask the provider (GET 0-, GET the tail, GET near the head).
 * A file is named by its version: one that changed has another, and its old blocks are dropped.
 */
export class BlockCache {
  readonly #blocks: LRUCache<string, Block> | null;
  readonly #headBytes: number;
  readonly #tailBytes: number;

  constructor({ maxBytes, headBytes = 2 * 1_048_576, tailBytes = 1_048_576 }: BlockCacheOptions) {
    this.#headBytes = headBytes;
    this.#tailBytes = tailBytes;
    this.#blocks =
      maxBytes < blockBytes
        ? null
        : new LRUCache({ maxSize: maxBytes, sizeCalculation: (block) => block.bytes.length });
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#blocks?.calculatedSize ?? 0;
  }

  /** Keeps what of `chunk`, which stands at `offset`, is in the head or the tail. Copies. */
  store(version: number, size: number, offset: number, chunk: Uint8Array): void {
    if (!this.#blocks) return;
    const end = Math.min(size, offset + chunk.length);
    const tailStart = size - this.#tailBytes;
    let at = offset < this.#headBytes ? offset : Math.max(offset, tailStart);
    while (at < end) {
      const start = at - (at % blockBytes);
      const to = Math.min(end, start + blockBytes);
      this.#fill(version, size, start, at, chunk.subarray(at - offset, to - offset));
      at = to < this.#headBytes ? to : Math.max(to, tailStart);
    }
  }

  /** The kept bytes at `offset`, as far as they reach without a gap, but not beyond `end`. Not copied: do not change them. */
  read(version: number, offset: number, end: number): Buffer[] {
    const found: Buffer[] = [];
    let at = offset;
    while (this.#blocks && at < end) {
      const start = at - (at % blockBytes);
      const block = this.#blocks.get(key(version, start));
      if (!block || at - start < block.from || at - start >= block.to) break;
      const piece = block.bytes.subarray(at - start, Math.min(block.to, end - start));
      found.push(piece);
      at += piece.length;
    }
    return found;
  }

  /** Forgets the blocks of a file that is there no more. */
  drop(version: number, size: number): void {
    for (let at = 0; at < Math.min(size, this.#headBytes); at += blockBytes) this.#blocks?.delete(key(version, at));
    const tail = Math.max(0, size - this.#tailBytes);
    for (let at = tail - (tail % blockBytes); at < size; at += blockBytes) this.#blocks?.delete(key(version, at));
  }

  #fill(version: number, size: number, start: number, at: number, piece: Uint8Array): void {
    const name = key(version, start);
    let block = this.#blocks?.get(name);
    const from = at - start;
    const to = from + piece.length;
    if (!block) {
      block = { bytes: Buffer.allocUnsafeSlow(Math.min(blockBytes, size - start)), from, to };
      this.#blocks?.set(name, block);
    } else if (from <= block.to && to >= block.from) {
      if (from >= block.from && to <= block.to) return;
      block.from = Math.min(from, block.from);
      block.to = Math.max(to, block.to);
    } else if (piece.length > block.to - block.from) {
      // Two parts with a gap between them: the longer one is worth more.
      block.from = from;
      block.to = to;
    } else return;
    block.bytes.set(piece, from);
  }
}

function key(version: number, start: number): string {
  return `${version}:${start}`;
}
