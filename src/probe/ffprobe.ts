import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CoaxError } from '../errors.ts';
import type { CodecFacts } from '../model/codec-facts.ts';
import { readFfprobeOutput } from './ffprobe-output.ts';

const args: readonly string[] = [
  '-v',
  'error',
  '-hide_banner',
  '-show_streams',
  '-show_format',
  '-of',
  'json',
  '-i',
  'pipe:0',
];
const maxOutput = 1 << 20;
/** What ffprobe may need to run at all; nothing else of our environment is its business. */
const passedOn = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR'];

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** From the start of the child to its end; 15 s when absent. Waiting for a turn does not count. */
  readonly timeoutMs?: number;
}

/**
 * Runs ffprobe on bytes that are handed over by stdin: no URL, and so no login, ever comes near its arguments. At most `concurrency`
 * children run at a time; the others wait in order.
 */
export class Ffprobe {
  readonly #path: string;
  readonly #concurrency: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  /** `path` is a program that runs; see `findFfprobe`. */
  constructor(path: string, { concurrency = 2 }: { readonly concurrency?: number } = {}) {
    this.#path = path;
    this.#concurrency = concurrency;
  }

  /**
   * Tells what the beginning of a file or stream holds. A Readable is taken over: it is destroyed when ffprobe has seen enough. Rejects with
   * PROBE_FAILED, or CANCELLED on abort; the child is gone when the promise settles.
   */
  async probeByStdin(input: Buffer | Readable, { signal, timeoutMs = 15_000 }: ProbeOptions): Promise<CodecFacts> {
    const stop = (): void => {
      if (!Buffer.isBuffer(input)) input.destroy();
    };
    try {
      await this.#turn(signal);
    } catch (error) {
      stop();
      throw error;
    }
    try {
      const output = await this.#run(input, signal, timeoutMs);
      const facts = readFfprobeOutput(output, Date.now());
      if (facts === null) throw new CoaxError('PROBE_FAILED', 'ffprobe found no stream in the data');
      return facts;
    } finally {
      stop();
      this.#running--;
      for (const next of this.#waiting) {
        next();
        break;
      }
    }
  }

  /** Waits for one of the places and takes it. */
  async #turn(signal: AbortSignal): Promise<void> {
    const gone = (): CoaxError => new CoaxError('CANCELLED', 'Probing was given up');
    if (signal.aborted) throw gone();
    if (this.#running < this.#concurrency) {
      this.#running++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener('abort', giveUp);
      };
      // The place is taken in the same turn in which it became free.
      const enter = (): void => {
        leave();
        this.#running++;
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(gone());
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  async #run(input: Buffer | Readable, signal: AbortSignal, timeoutMs: number): Promise<string> {
    const env = Object.fromEntries(
      passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    );
    const child = spawn(this.#path, args, { stdio: ['pipe', 'pipe', 'ignore'], env, windowsHide: true });
    let output = '';
    let problem: CoaxError | null = null;
    const kill = (error: CoaxError): void => {
      problem ??= error;
      child.kill('SIGKILL');
      // A wrapper script may leave a child of its own that holds the pipes; nobody waits for that.
      child.stdin.destroy();
      child.stdout.destroy();
    };
    const onAbort = (): void => kill(new CoaxError('CANCELLED', 'Probing was given up'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const timer = setTimeout(
      () => kill(new CoaxError('PROBE_FAILED', `ffprobe took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (output.length > maxOutput)
        kill(new CoaxError('PROBE_FAILED', `ffprobe wrote more than ${maxOutput} characters`));
    });
    // ffprobe closes its stdin as soon as it has seen enough; that is no error, and neither is a source that ends early.
    pipeline(Buffer.isBuffer(input) ? [input] : input, child.stdin).catch(() => {});
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.on('error', (cause) => reject(new CoaxError('PROBE_FAILED', 'ffprobe can not be started', { cause })));
        child.on('close', resolve);
      });
      if (problem !== null) throw problem;
      if (code !== 0) throw new CoaxError('PROBE_FAILED', `ffprobe ended with ${code ?? 'a signal'}`);
      return output;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
