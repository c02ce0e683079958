import type { RequestKind } from './settings.ts';

/** A media URL taken apart, percent-decoded. */
export interface MediaPath {
  readonly kind: RequestKind;
  readonly username: string;
  readonly password: string;
  readonly id: string;
  readonly ext: string;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Reads `/live/u/p/id.ts`, `/movie/…`, `/series/…`, `/timeshift/u/p/min/start/id.ts` and the old `/u/p/id`; null for other paths. */
export function mediaPath(pathname: string): MediaPath | null {
  const parts = pathname.split('/').slice(1).map(decoded);
  const last = parts.at(-1) ?? '';
  const dot = last.lastIndexOf('.');
  const id = dot < 0 ? last : last.slice(0, dot);
  const ext = dot < 0 ? '' : last.slice(dot + 1);
  const [first = '', second = '', third = ''] = parts;
  if ((first === 'live' || first === 'movie' || first === 'series') && parts.length === 4)
    return { kind: first, username: second, password: third, id, ext };
  if (first === 'timeshift' && parts.length === 6)
    return { kind: 'timeshift', username: second, password: third, id, ext };
  if (parts.length === 3 && /^\d+$/.test(id)) return { kind: 'live', username: first, password: second, id, ext };
  return null;
}
