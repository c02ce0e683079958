import type { EntryPoint, Ring } from './ring.ts';

/** Where a reader begins, and what it is sent before that. */
export interface StartPoint {
  readonly seq: number;
  readonly offset: number;
  readonly tables: Buffer;
  readonly weak: boolean;
}

/**
 * Where a new consumer starts: the newest key frame that is at least `backlogMs` behind live, else the oldest one in the ring. A weak
 * entry point counts only while there is no key frame. Null when there is nothing to start at yet.
 */
export function startPoint(ring: Ring, nowMs: number, backlogMs: number): StartPoint | null {
  const reachable = ring.entries.filter((entry) => entry.position < ring.end);
  const strong = reachable.filter((entry) => !entry.weak);
  const entries = strong.length > 0 ? strong : reachable;
  const behind = entries.findLast((entry) => nowMs - entry.atMs >= backlogMs);
  return at(ring, behind ?? entries[0]);
}

/** Where a consumer that fell behind goes on: the newest key frame, so that it falls out again as late as possible. */
export function resumePoint(ring: Ring): StartPoint | null {
  return startPoint(ring, Number.POSITIVE_INFINITY, 0);
}

function at(ring: Ring, entry: EntryPoint | undefined): StartPoint | null {
  const place = entry === undefined ? undefined : ring.locate(entry.position);
  if (entry === undefined || place === undefined) return null;
  return { ...place, tables: entry.tables, weak: entry.weak };
}
