import { dirname, join } from 'node:path';
import type { Log } from '../log/log.ts';
import { findTool, type FoundTool, hostPlaces, programOf } from './find-tool.ts';

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

/**
 * Finds an ffmpeg that runs: the configured one, the one beside the configured ffprobe, the media server's, the system's. Null when there
 * is none. What is found is a file that has told its version just now.
 */
export async function findFfmpeg(search: FfmpegSearch): Promise<FoundTool | null> {
  const { configured = '', ffprobe = '', hosts = hostPlaces('ffmpeg'), path, log } = search;
  const beside = ffprobe === '' ? [] : [join(dirname(ffprobe), programOf('ffmpeg'))];
  return findTool('ffmpeg', { configured, places: [...beside, ...hosts], path, log });
}
