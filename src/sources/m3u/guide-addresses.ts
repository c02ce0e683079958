import { dirname, join, sep } from 'node:path';
import { localPath } from '../local-file.ts';

/** A list that came from elsewhere must not lead to other files of this machine than those beside it. */
function besideFile(written: string, path: string): string | undefined {
  const folder = dirname(path);
  const place = join(folder, written);
  return !/^[/\\]|:/.test(written) && place.startsWith(folder + sep) ? place : undefined;
}

function resolved(written: string, playlist: string): string | undefined {
  if (/^https?:\/\/[^/]/i.test(written)) return URL.canParse(written) ? written : undefined;
  if (/^[a-z][a-z0-9+.-]*:/i.test(written)) return undefined;
  const path = localPath(playlist);
  if (written.startsWith('//')) return URL.parse(written, path === undefined ? playlist : 'http://x')?.href;
  // A single word says that there is none, or is a placeholder nobody filled.
  if (!/[./]/.test(written)) return undefined;
  return path === undefined ? URL.parse(written, playlist)?.href : besideFile(written, path);
}

/**
 * Where a guide is that a playlist names, relative to each address of the playlist: the same guide at each of them. Empty when it is no
 * address, or none that a playlist may name (`file:`).
 */
export function guideAddresses(written: string, playlists: readonly string[]): readonly string[] {
  const urls = playlists.map((playlist) => resolved(written, playlist)).filter((url) => url !== undefined);
  return [...new Set(urls)];
}
