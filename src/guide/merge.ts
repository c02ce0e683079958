import type { Programme } from '../model/programme.ts';

/** One feed's programmes without overlaps: of two that start together the longer stays, an earlier one ends where the next starts. */
export function straighten(programmes: readonly Programme[]): Programme[] {
  const sorted = programmes
    .filter(({ startUnix, stopUnix }) => stopUnix > startUnix)
    .sort((a, b) => a.startUnix - b.startUnix || b.stopUnix - a.stopUnix);
  const straight: Programme[] = [];
  for (const programme of sorted) {
    const last = straight.at(-1);
    if (last !== undefined) {
      if (programme.startUnix === last.startUnix) continue;
      // A guide that lists a programme twice often shifts the second by seconds.
      if (programme.title === last.title && programme.stopUnix <= last.stopUnix) continue;
      if (programme.startUnix < last.stopUnix)
        straight[straight.length - 1] = { ...last, stopUnix: programme.startUnix };
    }
    straight.push(programme);
  }
  return straight;
}

/** Adds those of `lower` that overlap nothing of `upper`. Both are straight; so is the result. */
function fill(upper: readonly Programme[], lower: readonly Programme[]): Programme[] {
  const merged: Programme[] = [];
  let at = 0;
  for (const programme of lower) {
    for (let next = upper[at]; next !== undefined && next.stopUnix <= programme.startUnix; next = upper[at]) {
      merged.push(next);
      at++;
    }
    const next = upper[at];
    if (next === undefined || next.startUnix >= programme.stopUnix) merged.push(programme);
  }
  merged.push(...upper.slice(at));
  return merged;
}

/** The guide of one channel from several feeds, the preferred one first: others only fill its gaps. In order, without overlaps. */
export function mergeProgrammes(feeds: readonly (readonly Programme[])[]): readonly Programme[] {
  let merged: Programme[] = [];
  for (const feed of feeds) {
    const straight = straighten(feed);
    merged = merged.length === 0 ? straight : fill(merged, straight);
  }
  return merged;
}

/** The same programmes, some minutes later (or earlier). */
export function shiftProgrammes(programmes: readonly Programme[], minutes: number): readonly Programme[] {
  if (minutes === 0) return programmes;
  return programmes.map((programme) => ({
    ...programme,
    startUnix: programme.startUnix + minutes * 60,
    stopUnix: programme.stopUnix + minutes * 60,
  }));
}
