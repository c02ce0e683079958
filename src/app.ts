import { join } from 'node:path';
import { type DataFolder, withDataFolder } from './app/data-folder.ts';
import { greeting } from './app/greeting.ts';
import { LoginWatch } from './app/login-watch.ts';
import { jobMetrics } from './app/observe.ts';
import { createBreakers } from './app/breakers.ts';
import { gauges } from './app/gauges.ts';
import { createHostGuide, type HostGuide } from './app/host-guide.ts';
import { warnOfRisks } from './app/start-warnings.ts';
import { Streams } from './app/streams.ts';
import { ingestWorkerEntry, publishWorkerEntry } from './app/worker-entries.ts';
import { type Catalog, catalogFileName } from './catalog/catalog.ts';
import type { FolderLock } from './catalog/folder-lock.ts';
import type { Config, SourceConfig } from './config/schema.ts';
import { secretsOfConfig, secretsOfRequest } from './config/secrets.ts';
import type { ConfigStore } from './config/store.ts';
import { Guide } from './guide/guide.ts';
import { clientOf } from './hosts/client-of.ts';
import { Hosts } from './hosts/hosts.ts';
import { createApplication } from './http/application.ts';
import { HttpServer, type Listening } from './http/server.ts';
import type { Health, Services } from './http/services.ts';
import { IngestWorkers } from './ingest/ingest-workers.ts';
import { Refreshes } from './ingest/refreshes.ts';
import { Lineup } from './lineup/lineup.ts';
import { Logos } from './lineup/logos.ts';
import { Publisher } from './lineup/publisher.ts';
import { Metrics } from './log/metrics.ts';
import { Redactor } from './log/redactor.ts';
import { type LogFormat, type RootLog, createRootLog } from './log/winston-log.ts';
import type { SourceId } from './model/ids.ts';
import { BaseUrlHealth } from './sources/base-url-health.ts';
import type { Breakers } from './sources/breakers.ts';
import type { LoginReport } from './sources/contract.ts';
import { demoPictureOf } from './sources/demo/picture.ts';
import { createReader, createResolver } from './sources/factory.ts';
import { SourceDirectory } from './sources/source-directory.ts';
import { version } from './version.ts';

export interface AppOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly logFormat: LogFormat;
  readonly adminToken: string;
  /** Is as good as the admin token, for this run only: the one who started the engine gets it. */
  readonly runToken?: string;
  /** Take any free port when this one is taken. */
  readonly portFallback?: boolean;
}

/** Everything is ended within this time, or cut. */
const stopMs = 4_500;

/** The composition root: builds every part, starts them in order, stops them in reverse. */
export class App {
  readonly #options: AppOptions;
  readonly #lock: FolderLock;
  readonly #config: ConfigStore;
  readonly #redactor = new Redactor();
  readonly #metrics = new Metrics();
  readonly #log: RootLog;
  readonly #catalog: Catalog;
  readonly #baseUrlHealth = new BaseUrlHealth();
  readonly #breakers: Breakers;
  readonly #guide: Guide;
  readonly #sources: SourceDirectory;
  readonly #streams: Streams;
  readonly #refreshes: Refreshes;
  readonly #logins: LoginWatch;
  readonly #lineup: Lineup;
  readonly #publisher: Publisher;
  readonly #hostGuide: HostGuide;
  readonly #logos: Logos;
  readonly #hosts: Hosts;
  readonly #server: HttpServer;
  #state: 'starting' | 'ready' | 'stopping' = 'starting';
  #listening: Listening = { host: '', port: 0 };

  private constructor(options: AppOptions, { lock, config, catalog }: DataFolder) {
    const { dataDir } = options;
    this.#options = options;
    this.#lock = lock;
    this.#config = config;
    this.#catalog = catalog;
    const tokens = [options.adminToken, ...(options.runToken === undefined ? [] : [options.runToken])];
    this.#redactor.setSecrets('admin', tokens);
    const settings = (): Config['settings'] => config.current.settings;
    this.#log = createRootLog({
      level: settings().logLevel,
      format: options.logFormat,
      file: join(dataDir, 'logs', 'coax.log'),
      redactor: this.#redactor,
    });
    this.#breakers = createBreakers(settings, this.#metrics, this.#log.child({ part: 'sources' }));
    this.#guide = new Guide(catalog.feeds);
    this.#sources = new SourceDirectory({
      createResolver: (source, known) => createResolver(source, known, { health: this.#baseUrlHealth }),
      log: this.#log.child({ part: 'sources' }),
    });

    this.#streams = new Streams({
      settings,
      outputs: () => config.current.outputs,
      catalog,
      neighbours: (output, channel, count) => this.#lineup.neighbours(output, channel, count),
      playable: (channel) => this.#lineup.playableChannel(channel),
      health: this.#baseUrlHealth,
      breakers: this.#breakers,
      metrics: this.#metrics,
      log: this.#log,
      lookAt: (account) => this.#logins.lookAt(account),
    });

    const catalogPath = join(dataDir, catalogFileName);
    const ingestLog = this.#log.child({ part: 'ingest' });
    const lists = this.#breakers.gate('list');
    const readerOf = (source: SourceConfig) =>
      createReader(source, {
        health: this.#baseUrlHealth,
        gate: lists,
        log: ingestLog,
        silenceMs: settings().ingest.timeoutMs,
        maxBytes: settings().ingest.maxBytes,
      });
    this.#refreshes = new Refreshes({
      dataDir,
      catalogPath,
      catalog,
      config,
      workers: new IngestWorkers({ entry: ingestWorkerEntry, log: ingestLog, gate: lists }),
      readerOf,
      log: ingestLog,
    });
    this.#logins = new LoginWatch({
      config: () => config.current,
      readerOf,
      log: ingestLog,
      onReports: (id, reports, askedAt) => this.#learnLogins(id, reports, askedAt),
    });
    this.#lineup = new Lineup({
      catalog,
      config: () => config.current,
      resolverOf: (id) => this.#sources.resolverOf(id),
    });
    const published = {
      folder: join(dataDir, 'published'),
      catalogPath,
      config: () => config.current,
      secrets: () =>
        [...secretsOfConfig(config.current)].filter(([owner]) => owner !== 'outputs').flatMap(([, secrets]) => secrets),
      generation: () => catalog.generation,
      workerUrl: publishWorkerEntry,
    };
    this.#publisher = new Publisher({ ...published, log: this.#log.child({ part: 'publisher' }) });
    this.#hostGuide = createHostGuide({ ...published, playersFirst: this.#publisher.open, dataDir, log: this.#log });
    this.#logos = new Logos({
      folder: join(dataDir, 'logos'),
      config: () => config.current,
      log: this.#log.child({ part: 'logos' }),
      builtIn: demoPictureOf,
      gate: this.#breakers.gate('picture'),
    });
    this.#hosts = new Hosts({
      config: () => config.current,
      update: (change) => config.update(change),
      clientOf,
      ownUrl: () => this.url,
      isBusy: () => this.#streams.sessions().length > 0,
      log: this.#log.child({ part: 'hosts' }),
    });
    this.#server = new HttpServer(createApplication(this.#services(), tokens));
    this.#metrics.sampleFrom(() =>
      gauges({
        pool: this.#streams.pool,
        sessions: this.#streams.sessions(),
        connections: this.#server.connections,
        jobs: this.#refreshes.jobs.list(),
        hls: this.#streams.hls,
        hostStreams: this.#streams.host.list(),
        breakers: this.#breakers.list(),
        mismatches: this.#streams.sync().mismatches.length,
      }),
    );
  }

  /** Resolves when players and admins can be served. */
  static start(options: AppOptions): Promise<App> {
    return withDataFolder(options.dataDir, (folder) => new App(options, folder).#start());
  }

  async #start(): Promise<this> {
    this.#configured(this.#config.current);
    this.#config.onListenerError = (error) =>
      this.#log.error('a part could not take over the new configuration', { error });
    this.#config.onChange((now) => this.#configured(now));
    const countJobs = jobMetrics(this.#metrics);
    this.#refreshes.jobs.onChange((job) => {
      countJobs(job);
      if (job.endedAt === null) return;
      this.#takeAccounts();
      if (job.state === 'succeeded' && job.parts === 'all' && job.startedAt !== null)
        this.#learnRefreshed(job.sourceId, job.startedAt);
      this.#publisher.refresh();
      this.#hostGuide.programmes.refresh();
      if (job.state === 'succeeded') this.#hosts.noteChange();
    });
    const { host, port, portFallback = false } = this.#options;
    await this.#hostGuide.start();
    this.#listening = await this.#server.listen(host, port, portFallback);
    if (port !== 0 && this.#listening.port !== port)
      this.#log.warn('the port is taken, so another one is used', { port, used: this.#listening.port });
    this.#streams.auditor.start();
    this.#hosts.start();
    this.#refreshes.start();
    this.#state = 'ready';
    warnOfRisks(this.#log, this.#options);
    this.#log.info('ready', {
      host,
      port: this.#listening.port,
      version,
      sources: this.#config.current.sources.length,
    });
    return this;
  }

  get listening(): Listening {
    return this.#listening;
  }

  get url(): string {
    const { host, port } = this.#listening;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  greeting(): string {
    return greeting(this.url, this.#config.current.outputs[0]?.token ?? '', this.#options.dataDir);
  }

  /** Takes no more requests, ends every stream in order, then everything else. */
  async stop(reason: string): Promise<void> {
    this.#state = 'stopping';
    this.#log.info('stopping', { reason });
    this.#server.stopAccepting();
    const cut = setTimeout(() => this.#server.destroyAll(), stopMs);
    this.#streams.stopWatching();
    this.#logins.stop();
    this.#hosts.stop();
    await Promise.allSettled([
      this.#streams.end(),
      this.#refreshes.stop(),
      this.#publisher.close(),
      this.#hostGuide.stop(),
    ]);
    await this.#streams.pool.stop();
    this.#server.destroyAll();
    clearTimeout(cut);
    this.#logos.close();
    this.#catalog.close();
    this.#log.info('stopped');
    await this.#log.close();
    this.#lock[Symbol.dispose]();
  }

  #configured(config: Config): void {
    for (const [owner, secrets] of secretsOfConfig(config)) this.#redactor.setSecrets(owner, secrets);
    this.#hideRequests();
    this.#log.setLevel(config.settings.logLevel);
    this.#takeAccounts();
    this.#streams.hls.revoke(new Set(config.outputs.map(({ token }) => token)));
    this.#publisher.refresh();
  }

  /** What admins set for single channels is as secret as what they set for sources. */
  #hideRequests(): void {
    this.#redactor.setSecrets('channels', this.#catalog.channels.requests().flatMap(secretsOfRequest));
  }

  /** Limits come from the configuration, else from what the provider said last. */
  #takeAccounts(): void {
    this.#sources.update(
      this.#config.current.sources,
      (id) => this.#catalog.sourceState(id).logins as readonly LoginReport[],
    );
    this.#streams.pool.setAccounts(this.#sources.accounts());
  }

  #learnLogins(id: SourceId, reports: readonly LoginReport[], askedAt: number): void {
    const accounts = this.#sources.resolverOf(id)?.accounts ?? [];
    for (const [index, { activeConnections }] of reports.entries()) {
      const account = accounts[index];
      if (account === undefined || activeConnections === undefined) continue;
      this.#streams.pool.noteActiveConnections(account.id, activeConnections, askedAt);
      this.#streams.redirects.note(account.id, activeConnections, askedAt);
    }
  }

  /** A refresh begins with the logins; `startedAt` is a wall clock's reading. */
  #learnRefreshed(id: SourceId, startedAt: number): void {
    const reports = this.#catalog.sourceState(id).logins as readonly LoginReport[];
    this.#learnLogins(id, reports, performance.now() - Math.max(0, Date.now() - startedAt));
  }

  #health(): Health {
    const reasons = { starting: ['Coax is starting'], stopping: ['Coax is stopping'], ready: [] }[this.#state];
    return { ready: this.#state === 'ready', reasons };
  }

  #services(): Services {
    return {
      version,
      log: this.#log.child({ part: 'http' }),
      redact: (text) => this.#redactor.text(text),
      config: this.#config,
      catalog: this.#catalog,
      guide: this.#guide,
      jobs: this.#refreshes.jobs,
      refreshes: this.#refreshes,
      lineup: this.#lineup,
      publisher: this.#publisher,
      programmes: this.#hostGuide.programmes,
      pictures: this.#hostGuide.pictures,
      logos: this.#logos,
      hosts: this.#hosts,
      live: this.#streams.front,
      hostStreams: this.#streams.host,
      hls: this.#streams.hls,
      profiles: this.#streams.profiles,
      files: this.#streams.vod,
      catchup: this.#streams.catchup,
      redirects: this.#streams.redirects,
      breakers: this.#breakers,
      setChannelRequest: async (id, patch) => {
        const changed = await this.#catalog.channels.setRequest(id, patch);
        this.#hideRequests();
        return changed;
      },
      accounts: () =>
        this.#streams.pool.snapshot().map((account) => ({ ...account, refusals: { ...account.refusals } })),
      sessions: () => this.#streams.sessions(),
      stopSession: (id) => this.#streams.stopSession(id),
      nextStream: (id, asked) => this.#streams.next(id, asked),
      streamHealth: (id) => this.#streams.relays.healthOf(id),
      sync: () => this.#streams.sync(),
      testSource: (id, signal) => this.#logins.test(id, signal),
      removeSource: (id) => this.#removeSource(id),
      health: () => this.#health(),
      metrics: () => this.#metrics.text(),
    };
  }

  /** Its accounts are gone from the pool already, which ends its streams; what is left is the catalogue. */
  #removeSource(id: SourceId): void {
    this.#streams.stopSource(id);
    this.#redactor.setSecrets(`source ${id}`, []);
    // A large catalogue takes seconds to clear; nobody sees it meanwhile, as its source is not configured any more.
    this.#refreshes.forget(id).then(
      () => this.#publisher.refresh(),
      (error: unknown) =>
        this.#log.warn('the catalogue of a removed source could not be cleared; the next start does it', {
          source: id,
          error,
        }),
    );
  }
}
