import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { type Zippable, zipSync } from 'fflate';

/** A file of a zip: a path with `/`, and whether it may be executed. */
export interface ZipEntry {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

/** Every file below `folder`, as entries below `prefix`. Symbolic links are refused: the media server would write their target as text. */
export function entriesOf(folder: string, prefix = ''): ZipEntry[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      if (!entry.isFile()) throw new Error(`${file} is no plain file; a plugin's zip holds nothing else.`);
      return {
        path: prefix + relative(folder, file).split(sep).join('/'),
        bytes: readFileSync(file),
        executable: (statSync(file).mode & 0o100) !== 0,
      };
    });
}

/** The mode an entry has after unpacking: 0755 for programs, 0644 for the rest. */
export function modeOf(entry: ZipEntry): number {
  return entry.executable ? 0o755 : 0o644;
}

/** A zip of files, sorted by path, all of one day (YYYY-MM-DD), with Unix modes. The same entries give the same bytes on every machine. */
export function zipOf(entries: readonly ZipEntry[], day: string): Uint8Array {
  const [year = 1980, month = 1, date = 1] = day.split('-').map(Number);
  // A zip holds local time without a zone: noon of that day reads the same in each.
  const mtime = new Date(year, month - 1, date, 12, 0, 0);
  const files: Zippable = {};
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    files[entry.path] = [
      entry.bytes,
      // A program of 100 MB takes a minute at level 9, and gets hardly smaller.
      { os: 3, attrs: ((0o100000 | modeOf(entry)) << 16) >>> 0, mtime, level: entry.executable ? 6 : 9 },
    ];
  return zipSync(files);
}
