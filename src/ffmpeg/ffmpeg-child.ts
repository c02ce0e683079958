import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** What ffmpeg may need to run at all, and to reach a graphics card; nothing else of our environment is its business. */
const passedOn =
  /^(?:PATH|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|SystemRoot|windir|TEMP|TMP|TMPDIR|LIBVA_.*|VDPAU_DRIVER|CUDA_.*|NVIDIA_.*|OCL_.*|ICD_.*|INTEL_.*|ONEVPL_.*|MFX_.*|RADV_.*|AMD_.*|MESA_.*|XDG_RUNTIME_DIR)$/i;
/** The end of what it said is worth keeping; the rest is not. */
const keptChars = 8_192;

export interface FfmpegChildOptions {
  readonly path: string;
  /** Never anything secret: everybody on the machine can read them. */
  readonly args: readonly string[];
  /** More than 0 yields to others, by so much. */
  readonly niceness?: number;
  /** One line of what it says, without the line break; true when it is of no use to anybody else. */
  readonly onLine?: (line: string) => boolean;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started at all. */
  readonly unstartable: boolean;
}

/**
 * One run of ffmpeg: bytes in by its stdin, bytes out by its stdout, and what it says. It ends by itself when the engine is gone: its
 * stdin is over then, and its stdout broken. To a lease it is a socket, whose connection closes with it.
 */
export class FfmpegChild {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves when the process has ended; what it wrote may still be on its way. */
  readonly exited: Promise<ChildEnd>;
  /** Resolves when it has ended and all it wrote was read or is gone. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;
  readonly #onLine: ((line: string) => boolean) | undefined;
  readonly #closeListeners: (() => void)[] = [];
  #said = '';
  #line = '';
  #closed = false;
  #destroyed = false;

  constructor({ path, args, niceness = 0, onLine }: FfmpegChildOptions) {
    this.#onLine = onLine;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
    const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'pipe'], env, windowsHide: true });
    this.#child = child;
    this.stdin = child.stdin;
    this.stdout = child.stdout;
    const exited = Promise.withResolvers<ChildEnd>();
    const ended = Promise.withResolvers<ChildEnd>();
    this.exited = exited.promise;
    this.ended = ended.promise;
    // It closes its stdin when it has enough, or dies: that is told by its end.
    child.stdin.on('error', () => {});
    child.stdout.on('error', () => {});
    child.stderr.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.once('error', () => {
      if (child.pid !== undefined) return;
      const end = { code: null, signal: null, unstartable: true };
      this.#close();
      exited.resolve(end);
      ended.resolve(end);
    });
    child.once('exit', (code, signal) => {
      this.#close();
      exited.resolve({ code, signal, unstartable: false });
    });
    child.once('close', (code, signal) => ended.resolve({ code, signal, unstartable: false }));
    if (child.pid === undefined) return;
    if (niceness > 0) yieldMore(child.pid, niceness);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The process has ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The end of what it has said. It may hold addresses with logins: see `ffmpegError`. */
  get said(): string {
    return this.#said;
  }

  once(_event: 'close', listener: () => void): void {
    if (this.#closed) listener();
    else this.#closeListeners.push(listener);
  }

  /** Kills it and hangs up, in this turn. Idempotent. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#child.kill('SIGKILL');
    // A wrapper script may leave a child of its own that holds the pipes; nobody waits for that.
    this.stdin.destroy();
    this.stdout.destroy();
    this.#child.stderr?.destroy();
  }

  #close(): void {
    this.#closed = true;
    for (const listener of this.#closeListeners.splice(0)) listener();
  }

  #hear(text: string): void {
    if (this.#onLine === undefined) {
      this.#keep(text);
      return;
    }
    const lines = (this.#line + text).split(/\r\n|\r|\n/);
    this.#line = (lines.pop() ?? '').slice(-keptChars);
    for (const line of lines) if (!this.#onLine(line)) this.#keep(`${line}\n`);
  }

  #keep(text: string): void {
    this.#said = (this.#said + text).slice(-keptChars);
  }
}

function yieldMore(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It may be over already, or the system forbids it: it runs at the usual priority then.
  }
}
