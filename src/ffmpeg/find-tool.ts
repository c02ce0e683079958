import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import type { Log } from '../log/log.ts';

/** A program of the ffmpeg family, named as its file is. */
export type Tool = 'ffmpeg' | 'ffprobe';

const checkTimeoutMs = 5_000;

export interface ToolSearch {
  /** The path of the settings; tried first where it is not empty. */
  readonly configured: string;
  /** Files to try next, in this order. */
  readonly places: readonly string[];
  /** Folders to look in after them, spelled like the PATH variable; the process's own when absent. */
  readonly path?: string | undefined;
  readonly log: Log;
}

export interface FoundTool {
  readonly path: string;
  readonly version: string;
}

/** Where media servers keep their own build: newer than the system's, with the hardware's encoders, and tested with what they play. */
export function hostPlaces(tool: Tool): readonly string[] {
  return [
    `/usr/lib/jellyfin-ffmpeg/${tool}`,
    `/usr/share/jellyfin-ffmpeg/${tool}`,
    `/opt/emby-server/bin/${tool}`,
    `/Applications/Jellyfin.app/Contents/MacOS/${tool}`,
    `C:\\Program Files\\Jellyfin\\Server\\${tool}.exe`,
  ];
}

/** The name of a tool's file on this platform. */
export function programOf(tool: Tool): string {
  return process.platform === 'win32' ? `${tool}.exe` : tool;
}

/** The first file that has told just now that it is this tool. Null when there is none. */
export async function findTool(tool: Tool, search: ToolSearch): Promise<FoundTool | null> {
  const { configured, places, path = process.env['PATH'] ?? '', log } = search;
  if (configured !== '') {
    const version = await versionOf(tool, configured);
    if (version !== null) return { path: configured, version };
    log.warn('the configured program does not run, looking for another', { tool, path: configured });
  }
  const inPath = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, programOf(tool)));
  for (const candidate of [...places, ...inPath]) {
    // One after another: the first that runs is wanted, and most do not exist.
    // oxlint-disable-next-line no-await-in-loop
    const version = await versionOf(tool, candidate);
    if (version !== null) return { path: candidate, version };
  }
  return null;
}

/** The version a tool says it is; null when it does not run, is something else, or takes too long. */
export async function versionOf(tool: Tool, path: string): Promise<string | null> {
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
    child.on('close', (code) => {
      const [, name, version = null] = /^(\w+) version (\S+)/.exec(text) ?? [];
      resolve(code === 0 && name === tool ? version : null);
    });
  });
}
