import { spawn } from 'node:child_process';
import { hasFfmpeg, needsFfmpeg } from './ffmpeg.ts';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  /** Lines of stderr that are errors: `-v error` says nothing else. */
  readonly errors: readonly string[];
  readonly ms: number;
}

/** Runs a program to its end, or kills it after `timeoutMs`. */
export async function runProgram(command: string, args: readonly string[], timeoutMs = 60_000): Promise<ProgramResult> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  const errors = stderr.split('\n').filter((line) => line.trim() !== '');
  return { code, stdout, errors, ms: performance.now() - startedAt };
}

/** Skips the test, with the reason in its title, when this machine has no ffmpeg. Call it in `before` or at the start of a test. */
export function needFfmpeg(context: Mocha.Context): void {
  if (hasFfmpeg) return;
  if (context.test !== undefined) context.test.title += needsFfmpeg;
  context.skip();
}

export interface Probe extends ProgramResult {
  readonly streams: readonly {
    readonly codec_type: string;
    readonly codec_name: string;
    readonly [key: string]: unknown;
  }[];
  readonly format: Readonly<Record<string, unknown>>;
}

/** ffprobe of a URL or file, as media servers run it. */
export async function ffprobe(url: string, args: readonly string[] = [], timeoutMs = 30_000): Promise<Probe> {
  const all = ['-v', 'error', ...args, '-show_streams', '-show_format', '-of', 'json', url];
  const result = await runProgram('ffprobe', all, timeoutMs);
  const parsed = (result.stdout.trim() === '' ? {} : JSON.parse(result.stdout)) as Partial<Probe>;
  return { ...result, streams: parsed.streams ?? [], format: parsed.format ?? {} };
}

export interface Play extends ProgramResult {
  readonly videoFrames: number;
  /** Media seconds decoded. */
  readonly seconds: number;
}

export interface PlayOptions {
  /** Media seconds to decode; the whole of it when absent. */
  readonly seconds?: number;
  /** Seeks in the input first. */
  readonly seek?: number;
  readonly inputArgs?: readonly string[];
  readonly timeoutMs?: number;
}

/** Decodes picture and sound with ffmpeg and throws the pictures away. `errors` is empty when the decoders are content. */
export async function ffmpegPlay(url: string, options: PlayOptions = {}): Promise<Play> {
  const args = ['-nostdin', '-v', 'error', '-nostats', '-progress', 'pipe:1', ...(options.inputArgs ?? [])];
  if (options.seek !== undefined) args.push('-ss', String(options.seek));
  args.push('-i', url);
  if (options.seconds !== undefined) args.push('-t', String(options.seconds));
  args.push('-map', '0:v?', '-map', '0:a?', '-f', 'null', '-');
  const result = await runProgram('ffmpeg', args, options.timeoutMs);
  const last = (key: string) =>
    Number([...result.stdout.matchAll(new RegExp(`^${key}=(\\d+)`, 'gm'))].at(-1)?.[1] ?? 0);
  return { ...result, videoFrames: last('frame'), seconds: last('out_time_us') / 1e6 };
}
