import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import type { Log } from '../log/log.ts';

/** Where media servers keep their own ffmpeg: builds that are newer than the system's, with the hardware's encoders. */
const hostPaths: readonly string[] = [
  '/usr/lib/jellyfin-ffmpeg/ffmpeg',
  '/usr/share/jellyfin-ffmpeg/ffmpeg',
  '/opt/emby-server/bin/ffmpeg',
  '/Applications/Jellyfin.app/Contents/MacOS/ffmpeg',
  'C:\\Program Files\\Jellyfin\\Server\\ffmpeg.exe',
];
const checkTimeoutMs = 5_000;

export interface FfmpegSearch {
  /** The path of the settings; tried first. */
  readonly configured?: string;
  /** The ffprobe of the settings: its ffmpeg is likely to lie beside it. */
  readonly ffprobe?: string;
  /** Media servers' own builds; those of the usual places when absent. */
  readonly hosts?: readonly string[];
  /** Folders to look in, spelled like the PATH variable; the process's own when absent. */
  readonly path?: string;
  readonly log: Log;
}

export interface FfmpegBinary {
  readonly path: string;
  readonly version: string;
}

/**
 * Finds an ffmpeg that runs: the configured one, the one beside the configured ffprobe, the media server's, the system's. Null when there
 * is none. What is found is a file that has told its version just now.
 */
export async function findFfmpeg(search: FfmpegSearch): Promise<FfmpegBinary | null> {
  const { configured = '', ffprobe = '', hosts = hostPaths, path = process.env['PATH'] ?? '', log } = search;
  const program = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg';
  const beside = ffprobe === '' ? [] : [join(dirname(ffprobe), program)];
  const inPath = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program));
  if (configured !== '') {
    const version = await versionOf(configured);
    if (version !== null) return { path: configured, version };
    log.warn('the configured ffmpeg does not run, looking for another', { path: configured });
  }
  for (const candidate of [...beside, ...hosts, ...inPath]) {
    // One after another: the first that runs is wanted, and most do not exist.
    // oxlint-disable-next-line no-await-in-loop
    const version = await versionOf(candidate);
    if (version !== null) return { path: candidate, version };
  }
  return null;
}

/** The version an ffmpeg says it is; null when it does not run, is something else, or takes too long. */
async function versionOf(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(path, ['-version'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: checkTimeoutMs,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (text.length < 4_096) text += part;
    });
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve(code === 0 ? (/^ffmpeg version (\S+)/.exec(text)?.[1] ?? null) : null));
  });
}
