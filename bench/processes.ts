import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

const ticksPerSecond = 100;

/** CPU seconds (user and system, all threads) that a process has used. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function have(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

/** Pins a command to one core where taskset exists and there are at least two. */
export function pinned(core: number): readonly string[] {
  return have('taskset') && existsSync('/sys/devices/system/cpu/cpu1') ? ['taskset', '-c', String(core)] : [];
}

/** A child that talks in lines of JSON. Ends with its scope. */
export class Child implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;

  constructor(command: readonly string[], cwd?: string) {
    const [program = '', ...args] = command;
    this.process = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    const { stdout } = this.process;
    if (stdout === null) throw new Error('no stdout');
    this.#lines = createInterface({ input: stdout });
    this.#iterator = this.#lines[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** The next line as JSON; undefined at the end of output. */
  async next<Line = Record<string, number | string>>(): Promise<Line | undefined> {
    const { value, done } = await this.#iterator.next();
    return done === true ? undefined : (JSON.parse(value) as Line);
  }

  /** All lines up to the end. */
  async rest<Line = Record<string, number | string>>(): Promise<Line[]> {
    const lines: Line[] = [];
    for (let line = await this.next<Line>(); line !== undefined; line = await this.next<Line>()) lines.push(line);
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}

/** The path of a tool of bench/load, compiled when its source is newer. Throws when there is no C compiler. */
export function loadTool(name: 'tssrc' | 'sink' | 'join' | 'drain', folder: string): string {
  const source = join(import.meta.dirname, 'load', `${name}.c`);
  const program = join(folder, name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  const made = spawnSync('cc', ['-O2', '-Wall', '-o', program, source], { encoding: 'utf8' });
  if (made.error !== undefined || made.status !== 0)
    throw new Error(`no C compiler (cc), or it failed: ${made.stderr ?? made.error?.message}`);
  return program;
}
