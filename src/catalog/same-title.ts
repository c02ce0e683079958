import { fold } from './fold.ts';

/** What of a film tells whether another entry is the same. */
export interface TitleMarks {
  readonly title: string;
  readonly year: number | null;
  readonly tmdbId: string | null;
  readonly durationSec: number | null;
  readonly ext: string;
}

/** Lengths of one film differ by seconds between sources, those of its cuts by minutes. */
const sameLengthSec = 60;

/** A title without year, quality and language in brackets, or behind a dash or bar at its end. */
export function plainTitle(title: string): string {
  const plain = title
    .replace(/[([][^)\]]*[)\]]/g, ' ')
    .replace(/\s[-|]\s*(?:(?:19|20)\d\d|4k|uhd|fhd|hd|sd|1080p|720p|2160p|hevc|multi)\s*$/i, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? title : plain;
}

/**
 * Whether two entries are one film. It has to be sure, as one may stand in for the other: two numbers of TMDB decide, else name, year and
 * length have to be known and the same. Another container is another file to players, who know it by the address.
 */
export function isSameMovie(a: TitleMarks, b: TitleMarks): boolean {
  if (a.ext.toLowerCase() !== b.ext.toLowerCase()) return false;
  const known = a.durationSec !== null && b.durationSec !== null;
  const sameLength = known && Math.abs((a.durationSec ?? 0) - (b.durationSec ?? 0)) <= sameLengthSec;
  if (a.tmdbId !== null && b.tmdbId !== null) return a.tmdbId === b.tmdbId && (!known || sameLength);
  return sameLength && a.year !== null && a.year === b.year && fold(plainTitle(a.title)) === fold(plainTitle(b.title));
}
