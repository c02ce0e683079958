import { findTool, type FoundTool, hostPlaces, versionOf } from '../ffmpeg/find-tool.ts';
import type { Log } from '../log/log.ts';

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

/**
 * Finds an ffprobe that runs: the configured one, the media server's, the system's, and at last that of ffprobe-static. Null when there
 * is none. What is found is a file that has told its version just now.
 */
export async function findFfprobe(search: FfprobeSearch): Promise<FoundTool | null> {
  const { configured = '', hosts = hostPlaces('ffprobe'), path, bundled = bundledPath, log } = search;
  const found = await findTool('ffprobe', { configured, places: hosts, path, log });
  if (found !== null) return found;
  const last = await bundled();
  const version = last === null ? null : await versionOf('ffprobe', last);
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
