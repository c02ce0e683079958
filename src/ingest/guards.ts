import type { CatalogSummary } from '../sources/contract.ts';

/** Lists shorter than this may shrink as they like: a share of a handful says nothing. */
const guardedFrom = 20;
/** Two lists are the same short list when their lengths differ by at most this share. */
const sameShare = 0.02;

export interface PartFacts {
  readonly part: 'live' | 'movies' | 'series' | 'guide';
  readonly state: CatalogSummary['live'];
  /** Why it failed, if it did. */
  readonly problem?: { readonly code: string; readonly message: string };
  /** Items in use now. */
  readonly before: number;
  /** Items just read. */
  readonly after: number;
  /** The length of the list that was held back last time. */
  readonly heldCount: number | null;
  readonly collapseShare: number;
}

export type Verdict =
  | { readonly kind: 'publish' }
  | { readonly kind: 'skip' }
  | {
      readonly kind: 'keep';
      readonly code: string;
      readonly message: string;
      /** Set when the same list, coming again, is to be believed. */
      readonly hold: { readonly count: number } | null;
    };

const words = { live: 'channels', movies: 'movies', series: 'series', guide: 'programmes' } as const;

/** Whether what was read may replace what is in use (design D1). */
export function judge(facts: PartFacts): Verdict {
  const { part, state, before, after, heldCount } = facts;
  const what = words[part];
  if (state === 'absent') return { kind: 'skip' };
  if (state === 'failed')
    return {
      kind: 'keep',
      code: facts.problem?.code ?? 'SOURCE_UNREACHABLE',
      message: facts.problem?.message ?? `The ${what} could not be read`,
      hold: heldCount === null ? null : { count: heldCount },
    };
  if (after === 0) {
    // A provider without movies has none before and after; one without channels is worth a word.
    if (before === 0 && part !== 'live') return { kind: 'publish' };
    return {
      kind: 'keep',
      code: 'SOURCE_EMPTY',
      message: `The provider sent no ${what}; ${before} stay in use`,
      hold: null,
    };
  }
  if (before >= guardedFrom && after < before * (1 - facts.collapseShare)) {
    const confirmed = heldCount !== null && Math.abs(heldCount - after) <= after * sameShare;
    if (!confirmed)
      return {
        kind: 'keep',
        code: 'SOURCE_SHRUNK',
        message: `The provider sent ${after} ${what} instead of ${before}; the old ones stay in use until the same comes again`,
        hold: { count: after },
      };
  }
  return { kind: 'publish' };
}
