/** One box of an ISO base media file (ISO 14496-12 4.2), as places in the bytes it was found in. */
export interface Box {
  readonly type: string;
  /** Where its header starts. */
  readonly at: number;
  /** Its content. */
  readonly start: number;
  readonly end: number;
}

/** Size and type of the box at `at`, as far as the bytes tell; null when more are needed. `size` is 0 for one that goes to the end. */
export function boxHead(
  bytes: Buffer,
  at: number,
): { readonly type: string; readonly size: number; readonly header: number } | null {
  if (at + 8 > bytes.length) return null;
  const size = bytes.readUInt32BE(at);
  const type = bytes.toString('latin1', at + 4, at + 8);
  if (size !== 1) return { type, size, header: 8 };
  if (at + 16 > bytes.length) return null;
  return { type, size: u64(bytes, at + 8), header: 16 };
}

/** The boxes between two places. One that is cut short, or too small to be one, ends the list. */
export function* boxesIn(bytes: Buffer, from: number, to: number): Generator<Box> {
  let at = from;
  for (let head = boxHead(bytes, at); head !== null && at < to; head = boxHead(bytes, at)) {
    const end = head.size === 0 ? to : at + head.size;
    if (end > to || (head.size !== 0 && head.size < head.header)) return;
    yield { type: head.type, at, start: at + head.header, end };
    at = end;
  }
}

/** The first box along a path of types, one inside the other. */
export function boxAt(bytes: Buffer, within: Pick<Box, 'start' | 'end'>, ...path: readonly string[]): Box | undefined {
  let box: Pick<Box, 'start' | 'end'> | undefined = within;
  let found: Box | undefined;
  for (const type of path) {
    found = undefined;
    for (const each of boxesIn(bytes, box.start, box.end)) {
      if (each.type !== type) continue;
      found = each;
      break;
    }
    if (found === undefined) return undefined;
    box = found;
  }
  return found;
}

/** 64 bits as a number; what is above 2^53 loses its last bits. */
export function u64(bytes: Buffer, at: number): number {
  return at + 8 > bytes.length ? 0 : bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** Reads fields one after the other; past the end it gives zeros and says so by `overrun`. */
export class FieldReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, { start, end }: Pick<Box, 'start' | 'end'>) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = Math.min(end, bytes.length);
  }

  get overrun(): boolean {
    return this.#at > this.#end;
  }

  get at(): number {
    return this.#at;
  }

  u8(): number {
    return this.#take(1, (at) => this.#bytes[at] ?? 0);
  }

  u16(): number {
    return this.#take(2, (at) => this.#bytes.readUInt16BE(at));
  }

  u32(): number {
    return this.#take(4, (at) => this.#bytes.readUInt32BE(at));
  }

  i32(): number {
    return this.#take(4, (at) => this.#bytes.readInt32BE(at));
  }

  u64(): number {
    return this.#take(8, (at) => u64(this.#bytes, at));
  }

  skip(count: number): this {
    this.#at += count;
    return this;
  }

  #take(size: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#at += size;
    return at + size <= this.#end ? read(at) : 0;
  }
}
