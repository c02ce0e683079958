import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';

const runs = (program: string): boolean => spawnSync(program, ['-version'], { stdio: 'ignore' }).status === 0;

/** Both programs are on PATH. Tests that need them skip otherwise. */
export const hasFfmpeg = runs('ffmpeg') && runs('ffprobe');

/** Added to the title of tests that are skipped without ffmpeg. */
export const needsFfmpeg = hasFfmpeg ? '' : ' (skipped: ffmpeg and ffprobe are not on PATH)';

/** True when this build of ffmpeg has an encoder. */
export function hasEncoder(name: string): boolean {
  return (
    hasFfmpeg &&
    spawnSync('ffmpeg', ['-v', 'quiet', '-h', `encoder=${name}`], { encoding: 'utf8' }).stdout.includes(
      `Encoder ${name}`,
    )
  );
}

/** Runs ffmpeg and gives what it wrote to stdout. */
export function ffmpegBytes(args: readonly string[]): Buffer {
  return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args, 'pipe:1'], { maxBuffer: 1 << 28 });
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with `input` on its stdin, as fast as it reads. */
export async function runWith(program: string, args: readonly string[], input: Buffer | Readable): Promise<Outcome> {
  const child = spawn(program, args, { stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A program that has seen enough closes its stdin.
  child.stdin.on('error', () => {});
  if (Buffer.isBuffer(input)) child.stdin.end(input);
  else input.pipe(child.stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
