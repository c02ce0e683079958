import { CoaxError, toCoaxError } from '../errors.ts';
import { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { KeyFrameFinder } from '../mpegts/key-frames.ts';
import { TsSync } from '../mpegts/sync.ts';
import type { ClipLoop } from '../sources/demo/clip-loop.ts';
import { type Profile, transcodeArgs } from './profiles.ts';
import { Progress } from './progress.ts';
import { endError } from './transcode-run.ts';

/** So much of the clip is transcoded: enough for two key frames, and for a card to warm up. */
const clipMs = 4_000;
const mostMs = 30_000;
const mostBytes = 67_108_864;

export interface ProfileCheck {
  readonly ok: boolean;
  /** What happened, in a sentence; quotes ffmpeg where it failed. */
  readonly message: string;
  /** How long it took, the start of the program included. */
  readonly tookMs: number;
  /** In times of real time. */
  readonly speed: number | null;
  readonly frames: number;
  readonly bytes: number;
  /** Places where a viewer could begin; HLS needs one every few seconds. */
  readonly keyFrames: number;
}

/** Runs a profile on some seconds of a demo clip and tells what came of it. Rejects with CANCELLED on abort only. */
export async function checkProfile(
  profile: Profile,
  path: string,
  clip: ClipLoop,
  signal: AbortSignal,
): Promise<ProfileCheck> {
  const startedAt = performance.now();
  const progress = new Progress();
  const sync = new TsSync();
  const finder = new KeyFrameFinder();
  let bytes = 0;
  let keyFrames = 0;
  let problem: CoaxError | null = null;
  const tell = (ok: boolean, message: string): ProfileCheck => {
    const tookMs = Math.round(performance.now() - startedAt);
    return { ok, message, tookMs, speed: progress.speed, frames: progress.frames, bytes, keyFrames };
  };
  try {
    const child = new FfmpegChild({ path, args: transcodeArgs(profile), onLine: (line) => progress.take(line) });
    const stop = (error: CoaxError): void => {
      problem ??= error;
      child.destroy();
    };
    const abort = (): void => stop(new CoaxError('CANCELLED'));
    const timer = setTimeout(
      () => stop(new CoaxError('UPSTREAM_TRANSCODE', `ffmpeg took longer than ${mostMs} ms`)),
      mostMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) stop(new CoaxError('UPSTREAM_TRANSCODE', `ffmpeg wrote more than ${mostBytes} bytes`));
      for (const packets of sync.push(chunk))
        keyFrames += finder.push(packets).filter(({ kind }) => kind !== 'audio').length;
    });
    child.stdin.end(clip.read(0, clipMs));
    const { code, unstartable } = await child.ended;
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    if (problem !== null) throw problem;
    if (unstartable) throw new CoaxError('UPSTREAM_NO_FFMPEG', 'ffmpeg can not be started');
    if (code !== 0) throw endError(code, child.said);
  } catch (error) {
    if (signal.aborted) throw new CoaxError('CANCELLED');
    return tell(false, toCoaxError(error).message);
  }
  if (bytes === 0) return tell(false, 'ffmpeg ended without a complaint, and gave nothing');
  if (keyFrames === 0) return tell(false, 'ffmpeg gave a stream in which no picture can be begun with');
  const seconds = clipMs / 1_000;
  return tell(true, `${seconds} seconds were transcoded with ${keyFrames} key frames in them`);
}
