import { type AskedPiece, flussonicPiece, pathPiece, queryPiece } from './archive.ts';
import type { RequestKind } from './settings.ts';

/** A media URL taken apart, percent-decoded. */
export interface MediaPath {
  readonly kind: RequestKind;
  readonly username: string;
  readonly password: string;
  readonly id: string;
  readonly ext: string;
  /** A part of an HLS channel. */
  readonly hls?: { readonly file: string; readonly token: string };
  /** What of the archive is asked for. */
  readonly piece?: AskedPiece;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Reads `/live/u/p/id.ts`, `/movie/…`, `/series/…`, `/timeshift/u/p/min/start/id.ts`, `/streaming/timeshift.php?…`,
 * `/flussonic/u/p/id/…`, `/hls/u/id/file` and the old `/u/p/id`; null for other paths. `zoneOffset` is the panel's, in seconds.
 */
export function mediaPath(pathname: string, query = new URLSearchParams(), zoneOffset = 0): MediaPath | null {
  const parts = pathname.split('/').slice(1).map(decoded);
  const last = parts.at(-1) ?? '';
  const dot = last.lastIndexOf('.');
  const id = dot < 0 ? last : last.slice(0, dot);
  const ext = dot < 0 ? '' : last.slice(dot + 1);
  const [first = '', second = '', third = ''] = parts;
  if ((first === 'live' || first === 'movie' || first === 'series') && parts.length === 4)
    return { kind: first, username: second, password: third, id, ext };
  if (first === 'hls' && parts.length === 4) {
    const hls = { file: last, token: query.get('token') ?? '' };
    return { kind: 'live', username: second, password: '', id: third, ext: 'm3u8', hls };
  }
  if (first === 'timeshift' && parts.length === 6) {
    const piece = pathPiece(parts[3] ?? '', parts[4] ?? '', ext, zoneOffset);
    return { kind: 'timeshift', username: second, password: third, id, ext, piece };
  }
  if (first === 'streaming' && second === 'timeshift.php') {
    const [username, password] = [query.get('username') ?? '', query.get('password') ?? ''];
    const piece = queryPiece(query, zoneOffset);
    return { kind: 'timeshift', username, password, id: query.get('stream') ?? '', ext: 'ts', piece };
  }
  if (first === 'flussonic' && parts.length === 5) {
    const piece = flussonicPiece(last, Math.floor(Date.now() / 1000));
    const stream = { username: second, password: third, id: parts[3] ?? '', ext: 'ts' };
    return piece === null ? { kind: 'live', ...stream } : { kind: 'timeshift', ...stream, piece };
  }
  if (parts.length === 3 && /^\d+$/.test(id)) return { kind: 'live', username: first, password: second, id, ext };
  return null;
}
