import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProviderState } from './fake-provider/provider.ts';
import { prepareMedia } from './fake-provider/media.ts';
import {
  type Behaviour,
  type Fault,
  plainLogin,
  type ProviderLogin,
  type SettingsPatch,
} from './fake-provider/settings.ts';
import { waitUntil } from './wait-until.ts';

// Media are made while this module is loaded: at its first request a provider would take longer than an engine, or a test, waits.
await prepareMedia();

export interface FakeProviderOptions extends SettingsPatch {
  /** Shorthand for one login with this limit; 1 when absent. */
  readonly max?: number;
}

interface Ready {
  readonly port: number;
  readonly edgePort: number;
  readonly controlPort: number;
}

/** A fake provider that runs as a process of its own. Dispose of it to end it. */
export class FakeProvider implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #control: string;
  readonly url: string;
  readonly edgeUrl: string;
  readonly login: ProviderLogin;

  constructor(child: ChildProcess, ready: Ready, login: ProviderLogin) {
    this.#child = child;
    this.#control = `http://127.0.0.1:${ready.controlPort}`;
    this.url = `http://127.0.0.1:${ready.port}`;
    this.edgeUrl = `http://127.0.0.1:${ready.edgePort}`;
    this.login = login;
  }

  /** Address of its control server, for programs that ask it themselves. */
  get control(): string {
    return this.#control;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The URL a player would use for channel `number` (counted from 1). */
  liveUrl(number: number, login: ProviderLogin = this.login): string {
    return `${this.url}/live/${encodeURIComponent(login.username)}/${encodeURIComponent(login.password)}/${1000 + number}.ts`;
  }

  movieUrl(number: number, ext = 'mkv', login: ProviderLogin = this.login): string {
    return `${this.url}/movie/${encodeURIComponent(login.username)}/${encodeURIComponent(login.password)}/${500_000 + number}.${ext}`;
  }

  apiUrl(action = '', login: ProviderLogin = this.login): string {
    const query = new URLSearchParams({ username: login.username, password: login.password });
    if (action !== '') query.set('action', action);
    return `${this.url}/player_api.php?${query.toString()}`;
  }

  async state(brief = false): Promise<ProviderState> {
    return (await this.#ask('GET', brief ? '/state?brief' : '/state')) as ProviderState;
  }

  /** What an importer can make of the lists, as the provider counts them itself. */
  async counts(): Promise<{ channels: number; movies: number; series: number }> {
    return (await this.#ask('GET', '/counts')) as { channels: number; movies: number; series: number };
  }

  async set(patch: SettingsPatch): Promise<void> {
    await this.#ask('PATCH', '/settings', patch);
  }

  async behave(behaviour: Behaviour): Promise<void> {
    await this.set({ behaviour });
  }

  /** Replaces all faults. */
  async faults(...faults: readonly Fault[]): Promise<void> {
    await this.set({ faults });
  }

  /** Statistics start anew; open sockets stay counted. */
  async reset(): Promise<void> {
    await this.#ask('POST', '/reset');
  }

  /** Closes media sockets from the provider's side; resolves with how many. */
  async cut(how: 'fin' | 'reset', username?: string): Promise<number> {
    return ((await this.#ask('POST', '/cut', { how, username })) as { cut: number }).cut;
  }

  /** Waits until the provider counts no connection any more and resolves with its state. */
  async quiet(timeoutMs = 10_000): Promise<ProviderState> {
    await waitUntil('the provider counts nothing', async () => (await this.state(true)).counted === 0, timeoutMs);
    return this.state();
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(this.#control + path, init);
    if (!answer.ok) throw new Error(`fake provider: ${method} ${path} gave ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Starts a fake provider on free ports of 127.0.0.1 and waits until it serves. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const { max, ...patch } = options;
  const login = patch.logins?.[0] ?? { ...plainLogin, maxConnections: max ?? 1 };
  const settings: SettingsPatch = { ...patch, logins: patch.logins ?? [login] };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fake-provider', 'main.ts'), '--stdin', '--port', '0'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as Ready;
    child.stdout.resume();
    return new FakeProvider(child, ready, login);
  }
  throw new Error('the fake provider ended before it was ready');
}
