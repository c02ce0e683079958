import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { findFfmpeg } from './find-ffmpeg.ts';
import type { FoundTool } from './find-tool.ts';

export interface FfmpegHomeOptions {
  /** The paths of the settings; empty looks in the usual places. */
  readonly configured: () => { readonly ffmpegPath: string; readonly ffprobePath: string };
  readonly log: Log;
  /** For tests. */
  readonly find?: typeof findFfmpeg;
}

/** A search that found nothing counts for this long: somebody may install one. */
const forgetMs = 30_000;

/** Knows the ffmpeg of this machine. It is looked for at the first need, and again when the settings name another. */
export class FfmpegHome {
  readonly #options: FfmpegHomeOptions;
  #found: { readonly key: string; readonly atMs: number; readonly binary: Promise<FoundTool | null> } | null = null;

  constructor(options: FfmpegHomeOptions) {
    this.#options = options;
  }

  /** The ffmpeg that runs here, or null. Never rejects. */
  async look(): Promise<FoundTool | null> {
    const { configured, log, find = findFfmpeg } = this.#options;
    const { ffmpegPath, ffprobePath } = configured();
    const key = `${ffmpegPath}\n${ffprobePath}`;
    if (this.#found?.key !== key || performance.now() - this.#found.atMs >= forgetMs) {
      const binary = find({ configured: ffmpegPath, ffprobe: ffprobePath, log });
      const found = { key, atMs: performance.now(), binary };
      this.#found = found;
      const is = await binary;
      if (is === null) log.info('there is no ffmpeg; RTSP, RTMP, SRT and transcoding need one');
      else {
        log.debug('ffmpeg found', { ...is });
        this.#found = { ...found, atMs: Number.POSITIVE_INFINITY };
      }
    }
    return this.#found.binary;
  }

  /** Its path; rejects with UPSTREAM_NO_FFMPEG where there is none. */
  async path(): Promise<string> {
    const binary = await this.look();
    if (binary === null) throw new CoaxError('UPSTREAM_NO_FFMPEG');
    return binary.path;
  }
}
