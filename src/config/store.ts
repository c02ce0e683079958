import { join } from 'node:path';
import { CoaxError } from '../errors.ts';
import { readIfThere, writePrivately } from './files.ts';
import { newId, newToken } from './new-id.ts';
import { decode } from './problems.ts';
import { type Config, configSchema, outputSchema } from './schema.ts';

export const configFileName = 'config.json';

/** Parses a configuration document; throws CONFIG_INVALID with each wrong field. */
export function parseConfig(text: string): Config {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CoaxError(
      'CONFIG_INVALID',
      `The configuration is no valid JSON: ${error instanceof Error ? error.message.replace(/".*"/s, '...') : ''}`,
    );
  }
  const config = decode(configSchema, document, 'CONFIG_INVALID');
  for (const [list, ids] of [
    ['sources', config.sources.map(({ id }) => id)],
    ['outputs', config.outputs.map(({ id }) => id)],
    ['hosts', config.hosts.map(({ id }) => id)],
    ['accounts', config.sources.flatMap(({ accounts }) => accounts.map(({ id }) => id))],
    ['outputs (tokens)', config.outputs.map(({ token }) => token)],
  ] as const) {
    if (new Set(ids).size !== ids.length)
      throw new CoaxError('CONFIG_INVALID', `Two ${list} of the configuration have the same id`);
  }
  return config;
}

/** What a fresh installation starts with: the demo source and one output. */
export function freshConfig(): Config {
  return configSchema.parse({
    sources: [{ id: 'demo', kind: 'demo', name: 'Demo' }],
    outputs: [{ id: 'default', name: 'Default', token: newToken() }],
  });
}

/** Reads DIR/config.json, or null when there is none. */
export async function loadConfig(dataDir: string): Promise<Config | null> {
  const text = await readIfThere(join(dataDir, configFileName));
  return text === null ? null : parseConfig(text);
}

type Listener = (config: Config, before: Config) => void;

/** The configuration in force. Changes are checked, written atomically, then told to the listeners, one at a time. */
export class ConfigStore {
  readonly #path: string;
  readonly #listeners = new Set<Listener>();
  #onListenerError: (error: unknown) => void = () => {};
  #current: Config;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, config: Config) {
    this.#path = path;
    this.#current = config;
  }

  /** Opens the document of a data folder, making a fresh one where there is none. */
  static async open(dataDir: string): Promise<ConfigStore> {
    const stored = await loadConfig(dataDir);
    const config = stored ?? freshConfig();
    const store = new ConfigStore(join(dataDir, configFileName), config);
    if (config.outputs.length === 0)
      config.outputs.push(outputSchema.parse({ id: newId('o'), name: 'Default', token: newToken() }));
    if (stored === null || stored.outputs.length === 0) await store.#write(config);
    return store;
  }

  get current(): Config {
    return this.#current;
  }

  /** Applies `change` to a copy; what it returns or throws goes to the caller. Nothing is in force before it is on disk. */
  async update<Result>(change: (draft: Config) => Result): Promise<Result> {
    const run = this.#turn.then(async () => {
      const before = this.#current;
      const draft = structuredClone(before);
      const result = change(draft);
      const checked = parseConfig(JSON.stringify(draft));
      await this.#write(checked);
      this.#current = checked;
      this.#tell(checked, before);
      return result;
    });
    this.#turn = run.catch(() => {});
    return run;
  }

  /** Where errors of listeners go. */
  set onListenerError(report: (error: unknown) => void) {
    this.#onListenerError = report;
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is on disk is in force: a listener that fails must not make the change look refused, nor keep the others from hearing of it. */
  #tell(now: Config, before: Config): void {
    for (const listener of this.#listeners) {
      try {
        listener(now, before);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  #write(config: Config): Promise<void> {
    return writePrivately(this.#path, `${JSON.stringify(config, null, 2)}\n`);
  }
}
