import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '../../src/app.ts';
import type { Config } from '../../src/config/schema.ts';
import { freshConfig, parseConfig } from '../../src/config/store.ts';

export const adminToken = 'test-admin-token-0123456789';

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly dataDir: string;
  readonly url: string;
  /** The address of the default output, without a slash at the end. */
  readonly output: string;
  /** A request to the admin API with its token. */
  api(method: string, path: string, body?: unknown): Promise<Response>;
  /** Resolves once no job waits or runs. */
  settled(): Promise<void>;
}

/** A whole engine in this process, with the demo source, on a free port and in a folder of its own (or an existing one). */
export async function startTestApp(change: (config: Config) => void = () => {}, existing?: string): Promise<TestApp> {
  const dataDir = existing ?? (await mkdtemp(join(tmpdir(), 'coax-app-')));
  const config =
    existing === undefined ? freshConfig() : parseConfig(await readFile(join(existing, 'config.json'), 'utf8'));
  config.settings.logLevel = 'error';
  change(config);
  await writeFile(join(dataDir, 'config.json'), JSON.stringify(config));
  const app = await App.start({ dataDir, host: '127.0.0.1', port: 0, logFormat: 'text', adminToken });
  const api: TestApp['api'] = (method, path, body) =>
    fetch(`${app.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    app,
    dataDir,
    api,
    url: app.url,
    output: `${app.url}/o/${config.outputs[0]!.token}`,
    settled: async () => {
      for (;;) {
        const jobs = (await (await api('GET', '/jobs')).json()) as { endedAt: number | null }[];
        if (jobs.length > 0 && jobs.every(({ endedAt }) => endedAt !== null)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    [Symbol.asyncDispose]: async () => {
      await app.stop('test over');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
