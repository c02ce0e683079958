import type { Config, HostConfig, OutputConfig } from '../config/schema.ts';
import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { SessionView } from '../model/session-view.ts';
import type { HostClient, HostFacts, OutputAddresses, Registration } from './contract.ts';
import { HostWatch } from './host-watch.ts';

/** The least time between two refreshes of a host's guide that Coax asks for: each costs the host seconds to minutes. */
const quietMs = 60_000;
/** Changes come in bursts: a refresh of a source ends with channels, then with its guide. */
const settleMs = 10_000;

export interface HostsOptions {
  readonly config: () => Config;
  readonly update: <Result>(change: (draft: Config) => Result) => Promise<Result>;
  readonly clientOf: (host: HostConfig) => HostClient;
  /** Where this machine reaches us. */
  readonly ownUrl: () => string;
  /** Whether anybody watches through us now. */
  readonly isBusy: () => boolean;
  readonly log: Log;
}

export type HostTest =
  | { readonly ok: true; readonly message: string; readonly server: HostFacts }
  | { readonly ok: false; readonly message: string; readonly code: string };

/** The media servers that run without the plugin: registered over their API, told of a new guide, and asked who watches. */
export class Hosts {
  readonly #options: HostsOptions;
  readonly #watch: HostWatch;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #lastRefreshAt = Number.NEGATIVE_INFINITY;

  constructor(options: HostsOptions) {
    this.#options = options;
    this.#watch = new HostWatch({
      clients: () => this.#enabled().map((host) => options.clientOf(host)),
      isBusy: options.isBusy,
      log: options.log,
    });
  }

  start(): void {
    this.#watch.start();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
    this.#watch.stop();
  }

  /** Who watches this through a host, as far as the hosts tell. */
  watchersOf(session: Pick<SessionView, 'title'>): string[] {
    return this.#watch.watchersOf(session.title);
  }

  /** Asks the server who it is and whether the key works; what fails is told, not thrown. */
  async test(id: string, signal: AbortSignal): Promise<HostTest> {
    const client = this.#options.clientOf(this.#find(id));
    try {
      const server = await client.facts(signal);
      await client.verify(signal);
      return {
        ok: true,
        message: `${server.name || server.product} answers; it runs ${server.product} ${server.version}`,
        server,
      };
    } catch (error) {
      if (!(error instanceof CoaxError)) throw error;
      return { ok: false, message: `${error.message}. ${error.action}`, code: error.code };
    }
  }

  /** Makes tuner and guide at the host, or brings them up to date; keeps their ids, so that doing it again changes the same. */
  async connect(id: string, signal: AbortSignal): Promise<Registration> {
    const host = this.#find(id);
    const client = this.#options.clientOf(host);
    await client.facts(signal);
    const registration = await client.register(this.#addresses(host), host.registration, signal);
    await this.#options.update((draft) => {
      const stored = draft.hosts.find((candidate) => candidate.id === id);
      if (stored !== undefined) stored.registration = registration;
    });
    this.#options.log.info('registered at a media server', { host: host.id, name: host.name });
    return registration;
  }

  async disconnect(id: string, signal: AbortSignal): Promise<void> {
    const host = this.#find(id);
    if (host.registration === null) return;
    await this.#options.clientOf(host).unregister(host.registration, signal);
    await this.#options.update((draft) => {
      const stored = draft.hosts.find((candidate) => candidate.id === id);
      if (stored !== undefined) stored.registration = null;
    });
    this.#options.log.info('registration at a media server removed', { host: host.id, name: host.name });
  }

  async refreshGuide(id: string, signal: AbortSignal): Promise<void> {
    await this.#options.clientOf(this.#find(id)).refreshGuide(signal);
  }

  async scanLibraries(id: string, folders: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#options.clientOf(this.#find(id)).scanLibraries(folders, signal);
  }

  /** A lineup or a guide changed: the hosts that wish it read their guide anew, once for a burst of changes. */
  noteChange(): void {
    if (this.#timer !== undefined || this.#stopped.signal.aborted) return;
    if (!this.#enabled().some(({ refreshGuide, registration }) => refreshGuide && registration !== null)) return;
    const wait = Math.max(settleMs, this.#lastRefreshAt + quietMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lastRefreshAt = performance.now();
      void this.#tellAll();
    }, wait);
    this.#timer.unref();
  }

  async #tellAll(): Promise<void> {
    for (const host of this.#enabled()) {
      if (!host.refreshGuide || host.registration === null) continue;
      try {
        await this.#options.clientOf(host).refreshGuide(this.#stopped.signal);
        this.#options.log.info('a media server reads its guide anew', { host: host.id, name: host.name });
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#options.log.warn('a media server could not be told of the new guide; it reads it at its own time', {
          host: host.id,
          error,
        });
      }
    }
  }

  #enabled(): HostConfig[] {
    return this.#options.config().hosts.filter(({ enabled }) => enabled);
  }

  #find(id: string): HostConfig {
    const found = this.#options.config().hosts.find((host) => host.id === id);
    if (found === undefined) throw new CoaxError('NOT_FOUND', `There is no media server ${id}`);
    return found;
  }

  #addresses(host: HostConfig): OutputAddresses {
    const { outputs, settings } = this.#options.config();
    const output = outputOf(outputs, host.outputId);
    const own = host.coaxUrl || settings.publicUrl || (isHere(host.url) ? this.#options.ownUrl() : '');
    if (own === '')
      throw new CoaxError(
        'BAD_REQUEST',
        'Coax does not know under which address this media server reaches it; set coaxUrl of the media server, or publicUrl in the settings',
        {
          details: {
            fields: [{ field: 'coaxUrl', message: 'is needed, because the media server is on another machine' }],
          },
        },
      );
    const base = `${own.replace(/\/+$/, '')}/o/${output.token}`;
    return {
      playlist: `${base}/playlist.m3u`,
      guide: `${base}/guide.xml`,
      name: output.name === 'Default' ? 'Coax' : `Coax: ${output.name}`,
    };
  }
}

function outputOf(outputs: readonly OutputConfig[], id: string): OutputConfig {
  const output = id === '' ? outputs[0] : outputs.find((candidate) => candidate.id === id);
  if (output === undefined) throw new CoaxError('NOT_FOUND', `There is no output ${id}`);
  return output;
}

const isHere = (url: string): boolean =>
  URL.canParse(url) && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(new URL(url).hostname);
