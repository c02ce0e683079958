import type { LeaseHolder, LeasePurpose } from './lease.ts';

/**
 * A recording can not be repeated, so it comes first; then who watches a channel; then who watches a film or catch-up, which can go on
 * later; then channels that are opened ahead of a wish, and what is only looked at.
 */
const ranks: Readonly<Record<LeasePurpose, number>> = {
  recording: 0,
  live: 1,
  vod: 2,
  catchup: 2,
  pretune: 3,
  probe: 4,
};

/** Smaller is more important. */
export const rankOf = (purpose: LeasePurpose): number => ranks[purpose];

/** True when `one` comes before `other`, not beside it. */
export const outranks = (one: LeasePurpose, other: LeasePurpose): boolean => ranks[one] < ranks[other];

/** What a request or lease serves at this moment: its holder knows best. */
export function purposeOf(of: { readonly purpose: LeasePurpose; readonly holder: LeaseHolder }): LeasePurpose {
  return of.holder.purpose?.() ?? of.purpose;
}

/** The most important of several purposes; null when there is none. */
export function highest(purposes: Iterable<LeasePurpose>): LeasePurpose | null {
  let best: LeasePurpose | null = null;
  for (const purpose of purposes) if (best === null || outranks(purpose, best)) best = purpose;
  return best;
}
