import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from './wait-until.ts';

const root = join(import.meta.dirname, '..', '..');

export interface EngineOptions {
  /** A folder that lives on after the engine; a fresh one, removed at the end, when absent. */
  readonly dataDir?: string;
  /** False starts without the demo source. */
  readonly demo?: boolean;
  /** `settings` of the configuration document, for a fresh data folder. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Put before the command: `taskset -c 0`. */
  readonly prefix?: readonly string[];
  readonly nodeArgs?: readonly string[];
  /** The port to ask for; any free one when absent. */
  readonly port?: number;
  /** Starts it as a plugin does: `Engine.handshake` tells what it said, and `token` is that of this run. */
  readonly handshake?: boolean;
}

/** The first and only line on standard output of an engine that was started with `--handshake`. */
export interface Handshake {
  readonly coax: number;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly pid: number;
}

export interface ApiAnswer<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Headers;
}

export interface Output {
  readonly id: string;
  readonly token: string;
  readonly urls: { readonly m3u: string; readonly xmltv: string; readonly hdhomerun: string };
}

export interface EngineChannel {
  readonly id: string;
  readonly name: string;
  readonly number: string;
  readonly [key: string]: unknown;
}

export interface EngineJob {
  readonly id: string;
  readonly sourceId: string;
  readonly state: string;
  readonly progress: { readonly stage: string; readonly done: number; readonly total: number | null };
  readonly counts: { channels?: number; movies?: number; series?: number; programmes?: number };
  readonly problems: readonly { readonly part: string; readonly code: string; readonly message: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly rejectCount: number;
}

/** The real engine as a process of its own. Dispose of it to end it; what it said is kept in `said`. */
export class Engine implements AsyncDisposable {
  readonly dataDir: string;
  readonly url: string;
  readonly child: ChildProcess;
  readonly #ownsData: boolean;
  readonly #said: string[];
  readonly #complained: string[] = [];
  #token = '';
  #output: Output | undefined;
  readonly handshake: Handshake | null;

  constructor(parts: {
    child: ChildProcess;
    url: string;
    dataDir: string;
    ownsData: boolean;
    said: string[];
    handshake: Handshake | null;
  }) {
    this.handshake = parts.handshake;
    this.#token = parts.handshake?.token ?? '';
    this.child = parts.child;
    this.url = parts.url;
    this.dataDir = parts.dataDir;
    this.#ownsData = parts.ownsData;
    this.#said = parts.said;
    this.child.stderr?.on('data', (text: string) => this.#complained.push(text));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** All it has written to stdout and stderr. */
  get said(): string {
    return this.#said.join('');
  }

  /** What it has written to stderr since it was ready: its log. */
  get complained(): string {
    return this.#complained.join('');
  }

  get token(): string {
    if (this.#token === '') this.#token = readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim();
    return this.#token;
  }

  /** Every text file below the data folder, log files among them. */
  logs(): string {
    if (!existsSync(this.dataDir)) return '';
    return readdirSync(this.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(log|txt|ndjson|jsonl)(\.\d+)?$/.test(entry.name))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
  }

  /** A request to the admin API: `path` is below /api/v1. */
  api<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<ApiAnswer<Body>> {
    return this.#ask(`/api/v1${path}`, method, body);
  }

  /** A request to the host API: `path` is below /host/v1. */
  host<Body = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<ApiAnswer<Body>> {
    return this.#ask(`/host/v1${path}`, method, body);
  }

  async #ask<Body>(path: string, method: string, body: unknown): Promise<ApiAnswer<Body>> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(this.url + path, init);
    const text = await answer.text();
    const isJson = /[/+]json/.test(answer.headers.get('content-type') ?? '');
    return {
      status: answer.status,
      body: (isJson && text !== '' ? JSON.parse(text) : text) as Body,
      text,
      headers: answer.headers,
    };
  }

  /** Adds a source and waits until its first refresh has ended. Throws when it fails. */
  async addSource(source: Readonly<Record<string, unknown>>, timeoutMs = 30_000): Promise<string> {
    const made = await this.api<{ id: string }>('POST', '/sources', source);
    if (made.status >= 300) throw new Error(`POST /sources gave ${made.status}: ${made.text}`);
    await this.settled(timeoutMs);
    return made.body.id;
  }

  /** Waits until no job is queued or runs; throws when the latest of a kind failed. */
  async settled(timeoutMs = 30_000): Promise<void> {
    interface Job {
      readonly kind: string;
      readonly state: string;
      readonly error?: unknown;
    }
    let jobs: readonly Job[] = [];
    await waitUntil(
      'all jobs have ended',
      async () => {
        const { body } = await this.api<readonly Job[] | { items: readonly Job[] }>('GET', '/jobs');
        jobs = 'items' in body ? body.items : body;
        return jobs.length > 0 && jobs.every((job) => job.state !== 'queued' && job.state !== 'running');
      },
      timeoutMs,
    );
    const failed = jobs.find((job) => job.state === 'failed');
    if (failed !== undefined) throw new Error(`a job failed: ${JSON.stringify(failed)}`);
  }

  /** Refreshes a source and resolves with the job once it has ended, however it did. */
  async refresh(sourceId: string, timeoutMs = 30_000): Promise<EngineJob> {
    const { body } = await this.api<{ jobId: string }>('POST', `/sources/${sourceId}/refresh`);
    return this.ended(body.jobId, timeoutMs);
  }

  async ended(jobId: string, timeoutMs = 30_000): Promise<EngineJob> {
    let job: EngineJob | undefined;
    await waitUntil(
      'the job has ended',
      async () => {
        job = (await this.api<EngineJob>('GET', `/jobs/${jobId}`)).body;
        return job.state !== 'queued' && job.state !== 'running';
      },
      timeoutMs,
    );
    if (job === undefined) throw new Error(`there is no job ${jobId}`);
    return job;
  }

  async channels(query = ''): Promise<readonly EngineChannel[]> {
    const { body } = await this.api<{ items: readonly EngineChannel[] }>('GET', `/channels?limit=1000${query}`);
    return body.items;
  }

  async output(): Promise<Output> {
    if (this.#output !== undefined) return this.#output;
    const { body } = await this.api<readonly Output[] | { items: readonly Output[] }>('GET', '/outputs');
    const first = ('items' in body ? body.items : body)[0];
    if (first === undefined) throw new Error('there is no output');
    this.#output = first;
    return first;
  }

  /** The live URL of the channel named so. */
  async liveUrl(name: string): Promise<string> {
    const channels = await this.channels();
    const channel = channels.find((one) => one.name === name);
    if (channel === undefined)
      throw new Error(`no channel ${name} among ${channels.map((one) => one.name).join(', ')}`);
    return `${this.url}/o/${(await this.output()).token}/live/${channel.id}.ts`;
  }

  async movieUrl(index = 0): Promise<string> {
    const { body } = await this.api<{ items: readonly { id: string; ext?: string }[] }>('GET', '/movies?limit=100');
    const movie = body.items[index];
    if (movie === undefined) throw new Error(`no movie ${index} among ${body.items.length}`);
    return `${this.url}/o/${(await this.output()).token}/movie/${movie.id}.${movie.ext ?? 'mkv'}`;
  }

  /** Sends a signal and resolves with how it ended and after how long. */
  async end(
    signal: NodeJS.Signals = 'SIGTERM',
    timeoutMs = 10_000,
  ): Promise<{ code: number | null; signal: string | null; ms: number }> {
    const startedAt = performance.now();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit', { signal: AbortSignal.timeout(timeoutMs) });
      this.child.kill(signal);
      await exited;
    }
    return { code: this.child.exitCode, signal: this.child.signalCode, ms: performance.now() - startedAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.end('SIGTERM', 8_000);
    } catch {
      await this.end('SIGKILL');
    }
    if (this.#ownsData) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

function writeConfig(dataDir: string, { demo, settings = {} }: EngineOptions): void {
  const path = join(dataDir, 'config.json');
  if (existsSync(path)) return;
  const sources = demo === false ? [] : [{ id: 'demo', kind: 'demo', name: 'Demo' }];
  const outputs = [{ id: 'default', name: 'Default', token: randomBytes(16).toString('hex') }];
  writeFileSync(path, JSON.stringify({ version: 1, settings, sources, outputs }), { mode: 0o600 });
}

/** Starts `coax serve` on a free port and waits until it says that it is ready. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'coax-e2e-'));
  if (options.demo === false || options.settings !== undefined) writeConfig(dataDir, options);
  const mode = options.handshake === true ? '--handshake' : '--stdin-lifeline';
  const serve = ['serve', '--data', dataDir, '--port', String(options.port ?? 0), mode, ...(options.args ?? [])];
  const [command = '', ...args] = [
    ...(options.prefix ?? []),
    process.execPath,
    // As `npm start` and `bin/coax.js` run it.
    '--max-semi-space-size=16',
    ...(options.nodeArgs ?? []),
    join(root, 'src', 'main.ts'),
    ...serve,
  ];
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: root,
  });
  const said: string[] = [];
  let handshake: Handshake | null = null;
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the engine was not ready within 20 s:\n${said.join('')}`));
    }, 20_000);
    const hear = (text: string) => {
      said.push(text);
      if (options.handshake === true && text.startsWith('{"coax"')) {
        clearTimeout(timer);
        handshake = JSON.parse(text) as Handshake;
        resolve(`http://${handshake.host}:${handshake.port}`);
        return;
      }
      const match = /Coax is ready on (http:\/\/\S+)/.exec(said.join(''));
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the engine ended with ${code ?? signal} before it was ready:\n${said.join('')}`));
    });
  });
  return new Engine({ child, url, dataDir, ownsData: options.dataDir === undefined, said, handshake });
}

/** The text of a file below the engine's data folder. */
export async function dataFile(engine: Engine, name: string): Promise<string> {
  return readFile(join(engine.dataDir, name), 'utf8');
}
