export interface Held {
  readonly data: Buffer;
  /** Absolute position of its first byte. */
  readonly start: number;
}

/** Buffers in order of their absolute position; something may be missing between them. Nothing is copied: what is taken are slices. */
export class HeldPieces {
  #pieces: Held[] = [];

  get bytes(): number {
    return this.#pieces.reduce((sum, { data }) => sum + data.length, 0);
  }

  clear(): void {
    this.#pieces = [];
  }

  push(data: Buffer, start: number): void {
    if (data.length > 0) this.#pieces.push({ data, start });
  }

  /** Takes what lies before `position` away, and returns it. */
  take(position: number): Buffer[] {
    const taken: Buffer[] = [];
    let whole = 0;
    for (const { data, start } of this.#pieces) {
      if (start >= position) break;
      if (start + data.length > position) {
        taken.push(data.subarray(0, position - start));
        this.#pieces[whole] = { data: data.subarray(position - start), start: position };
        break;
      }
      taken.push(data);
      whole++;
    }
    this.#pieces.splice(0, whole);
    return taken;
  }

  /** Takes everything away, and returns it. */
  drain(): readonly Held[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  /** Replaces each piece by what `change` makes of it: slices of it, in order, with their positions. */
  replace(change: (data: Buffer) => readonly Buffer[]): void {
    this.#pieces = this.#pieces.flatMap(({ data, start }) =>
      change(data).map((part) => ({ data: part, start: start + part.byteOffset - data.byteOffset })),
    );
  }

  /** Up to `length` of the bytes that are here from `position` on, in one buffer; copied only where they lie in several pieces. */
  peek(position: number, length: number): Buffer {
    const parts: Buffer[] = [];
    let missing = length;
    for (const { data, start } of this.#pieces) {
      if (missing <= 0) break;
      if (start + data.length <= position) continue;
      const from = Math.max(0, position - start);
      const part = data.subarray(from, from + missing);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
}
