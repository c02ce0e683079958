import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import type { Log } from '../log/log.ts';

/** Where media servers keep their own ffprobe: builds that are newer than the system's, and tested with what they play. */
const hostPaths: readonly string[] = [
  '/usr/lib/jellyfin-ffmpeg/ffprobe',
  '/usr/share/jellyfin-ffmpeg/ffprobe',
  '/opt/emby-server/bin/ffprobe',
  '/Applications/Jellyfin.app/Contents/MacOS/ffprobe',
  'C:\\Program Files\\Jellyfin\\Server\\ffprobe.exe',
];
const checkTimeoutMs = 5000;

export interface FfprobeSearch {
  /** The path of the settings; tried first. */
  readonly configured?: string;
  /** Media servers' own builds; those of the usual places when absent. */
  readonly hosts?: readonly string[];
  /** Folders to look in, spelled like the PATH variable; the process's own when absent. */
  readonly path?: string;
  /** Gives the path of the bundled build, or null; that of the package ffprobe-static when absent. */
  readonly bundled?: () => Promise<string | null>;
  readonly log: Log;
}

export interface FfprobeBinary {
  readonly path: string;
  readonly version: string;
}

/**
 * Finds an ffprobe that runs: the configured one, the media server's, the system's, and at last that of ffprobe-static. Null when there
 * is none. What is found is a file that has told its version just now.
 */
export async function findFfprobe(search: FfprobeSearch): Promise<FfprobeBinary | null> {
  const { configured, hosts = hostPaths, path = process.env['PATH'] ?? '', bundled = bundledPath, log } = search;
  const program = process.platform === 'win32' ? 'ffprobe.exe' : 'ffprobe';
  const inPath = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program));
  if (configured !== undefined && configured !== '') {
    const version = await versionOf(configured);
    if (version !== null) return { path: configured, version };
    log.warn('the configured ffprobe does not run, looking for another', { path: configured });
  }
  for (const candidate of [...hosts, ...inPath]) {
    // One after another: the first that runs is wanted, and most do not exist.
    // oxlint-disable-next-line no-await-in-loop
    const version = await versionOf(candidate);
    if (version !== null) return { path: candidate, version };
  }
  const last = await bundled();
  const version = last === null ? null : await versionOf(last);
  return last === null || version === null ? null : { path: last, version };
}

/** ffprobe-static is optional, and names a file that is not there on platforms it has no build for. */
async function bundledPath(): Promise<string | null> {
  try {
    const name = 'ffprobe-static';
    const loaded = (await import(name)) as { readonly default?: { readonly path?: unknown } };
    return typeof loaded.default?.path === 'string' ? loaded.default.path : null;
  } catch {
    return null;
  }
}

/** The version an ffprobe says it is; null when it does not run, is something else, or takes too long. */
export async function versionOf(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(path, ['-version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: checkTimeoutMs,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (text.length < 4096) text += part;
    });
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? (/^ffprobe version (\S+)/.exec(text)?.[1] ?? null) : null));
  });
}
