import { createReadStream } from 'node:fs';
import { CoaxError } from '../errors.ts';
import type { Reject } from '../model/items.ts';
import { type PackedFormat, unpack } from './decompress.ts';

/** Rejects of a report: the first ones whole, all of them counted by reason. */
export interface RejectReport {
  readonly total: number;
  readonly first: readonly Reject[];
  readonly byReason: Readonly<Record<string, number>>;
}

export interface ReportOptions {
  /** Rejects that are kept whole. Default 20. */
  readonly maxRejects?: number;
  readonly signal?: AbortSignal;
}

/** Collects rejects in bounded memory. */
export class RejectCounter {
  readonly #max: number;
  readonly #first: Reject[] = [];
  readonly #reasons = new Map<string, number>();
  #total = 0;

  constructor(max = 20) {
    this.#max = max;
  }

  add(reject: Reject): void {
    this.#total++;
    if (this.#first.length < this.#max) this.#first.push(reject);
    // Reasons are sentences of ours, save for a scheme that one of them names.
    if (this.#reasons.size < 100 || this.#reasons.has(reject.reason)) {
      this.#reasons.set(reject.reason, (this.#reasons.get(reject.reason) ?? 0) + 1);
    }
  }

  report(): RejectReport {
    return { total: this.#total, first: this.#first, byReason: Object.fromEntries(this.#reasons) };
  }
}

/** Counts texts that came before, by a hash of 53 bits: memory is 8 bytes for each, whatever their length. */
export class DuplicateCounter {
  readonly #seen = new Set<number>();
  duplicates = 0;

  add(text: string): void {
    let low = 0xdeadbeef;
    let high = 0x41c6ce57;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x9e3779b1);
      high = Math.imul(high ^ code, 0x5f356495);
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    const hash = 0x100000000 * (high & 0x1fffff) + (low >>> 0);
    if (this.#seen.has(hash)) this.duplicates++;
    else this.#seen.add(hash);
  }

  get distinct(): number {
    return this.#seen.size;
  }
}

/** The unpacked content of a file on disk. Throws SOURCE_NOT_FOUND when it can not be read. */
export async function* openFile(
  path: string,
  onFormat: (format: PackedFormat) => void,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    yield* unpack(stream, signal === undefined ? { onFormat } : { onFormat, signal });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (error instanceof CoaxError || typeof code !== 'string') throw error;
    throw new CoaxError('SOURCE_NOT_FOUND', `The file can not be read (${code})`, { cause: error });
  } finally {
    stream.destroy();
  }
}

/** Lines `label  value`, with the labels in one column. */
export function renderFacts(facts: readonly (readonly [label: string, value: string | number])[]): string[] {
  const width = Math.max(...facts.map(([label]) => label.length));
  return facts.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
}

/** The rejects in words: the first with their lines, then how many more there are. */
export function renderRejects(rejects: RejectReport): string[] {
  if (rejects.total === 0) return ['Nothing was rejected.'];
  const lines = [`${rejects.total} rejected:`];
  for (const { at, what, reason, excerpt } of rejects.first) {
    lines.push(`  line ${at}: ${what}: ${reason}${excerpt === undefined ? '' : ` | ${excerpt}`}`);
  }
  if (rejects.total > rejects.first.length) {
    lines.push(`  and ${rejects.total - rejects.first.length} more; all of them by reason:`);
    for (const [reason, count] of Object.entries(rejects.byReason))
      lines.push(`  ${String(count).padStart(8)}  ${reason}`);
  }
  return lines;
}
