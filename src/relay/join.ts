import type { EntryPoint, Ring } from './ring.ts';

/** Where a reader begins, and what it is sent before that. */
export interface StartPoint {
  readonly seq: number;
  readonly offset: number;
  readonly tables: Buffer;
  readonly weak: boolean;
  readonly slate: boolean;
}

/**
 * Where a new consumer starts: the newest key frame that is at least `backlogMs` behind live, else the oldest one in the ring. A weak
 * entry point counts only while there is no key frame. One who does not want slates starts after the last of them. Null when there is
 * nothing to start at yet.
 */
export function startPoint(ring: Ring, nowMs: number, backlogMs: number, slates = false): StartPoint | null {
  const first = slates ? 0 : ring.entries.findLastIndex((entry) => entry.slate === true) + 1;
  const reachable = ring.entries.filter((entry, n) => n >= first && entry.position < ring.end);
  const strong = reachable.filter((entry) => !entry.weak);
  const entries = strong.length > 0 ? strong : reachable;
  const behind = entries.findLast((entry) => nowMs - entry.atMs >= backlogMs);
  return at(ring, behind ?? entries[0]);
}

/** Where a consumer that fell behind goes on: the newest key frame, so that it falls out again as late as possible. */
export function resumePoint(ring: Ring, slates = false): StartPoint | null {
  return startPoint(ring, Number.POSITIVE_INFINITY, 0, slates);
}

function at(ring: Ring, entry: EntryPoint | undefined): StartPoint | null {
  const place = entry === undefined ? undefined : ring.locate(entry.position);
  if (entry === undefined || place === undefined) return null;
  return { ...place, tables: entry.tables, weak: entry.weak, slate: entry.slate === true };
}
