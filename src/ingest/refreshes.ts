import { join } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import type { SourceState } from '../catalog/contract.ts';
import type { Config, SourceConfig } from '../config/schema.ts';
import { CoaxError, errorTable, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { JobId, SeriesId, SourceId } from '../model/ids.ts';
import type { SourceReader } from '../sources/contract.ts';
import type { Job, RefreshParts, RefreshService } from './contract.ts';
import { EpisodeReads } from './episode-reads.ts';
import type { IngestWorkers } from './ingest-workers.ts';
import { Jobs } from './jobs.ts';
import type { RefreshOutcome } from './outcome.ts';
import { nextRefresh } from './schedule.ts';

/** How often the schedule looks at the clock at least: the machine may have slept. */
const lookAgainMs = 15 * 60_000;

/** What is needed of the configuration: a ConfigStore is one. */
export interface SourceSettings {
  readonly current: Config;
  onChange(listener: (config: Config, before: Config) => void): () => void;
}

export interface RefreshesOptions {
  readonly dataDir: string;
  readonly catalogPath: string;
  readonly catalog: Catalog;
  readonly config: SourceSettings;
  readonly workers: Pick<IngestWorkers, 'run'>;
  /** A reader in the main thread, for episodes. */
  readonly readerOf: (source: SourceConfig) => SourceReader;
  readonly log: Log;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface Plan {
  readonly random: number;
  readonly failures: number;
  /** Of the last attempt since the start; also one that was cancelled or crashed and left nothing in the catalogue. */
  readonly failedAt: number | null;
  readonly errorCodes: readonly string[];
}

/** What of a source decides what its provider answers. */
function access({ kind, url, baseUrls, accounts, epgUrl, userAgent, headers, timeZone }: SourceConfig): string {
  return JSON.stringify([kind, url, baseUrls, accounts, epgUrl, userAgent, headers, timeZone]);
}

function latest(state: SourceState, field: 'lastSuccessAt' | 'lastFailureAt'): number | null {
  const times = state.parts.flatMap((part) => part[field] ?? []);
  return times.length === 0 ? null : Math.max(...times);
}

/** The guide may be read alone, which must not put the lists off. */
function lastReadOf({ parts, ...state }: SourceState): number | null {
  const lists = parts.filter(({ part }) => part !== 'guide');
  return latest({ ...state, parts: lists }, 'lastSuccessAt');
}

/** Keeps the catalogue of every enabled source fresh: by schedule, on request, and when its configuration changes. */
export class Refreshes implements RefreshService {
  readonly jobs: Jobs;
  readonly #options: RefreshesOptions;
  readonly #log: Log;
  readonly #random: () => number;
  readonly #episodes: EpisodeReads;
  readonly #plans = new Map<SourceId, Plan>();
  /** Sources whose configuration changed while they were being refreshed. */
  readonly #again = new Set<SourceId>();
  readonly #stopping = new AbortController();
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: readonly (() => void)[] = [];
  #sweeping: Promise<void> = Promise.resolve();
  /** The code of what the schedule ran into; told once until the catalogue can be read again. */
  #trouble: string | null = null;

  constructor(options: RefreshesOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#random = options.random ?? Math.random;
    this.jobs = new Jobs({
      run: (sourceId, hooks) => this.#run(sourceId, hooks),
      history: options.catalog.jobs,
      log: options.log,
    });
    this.#episodes = new EpisodeReads({
      catalog: options.catalog,
      readerOf: (id) => {
        const source = this.#source(id);
        return source === null ? null : options.readerOf(source);
      },
      log: options.log,
    });
  }

  start(): void {
    const { config } = this.#options;
    this.#startedAt = Date.now();
    this.#unlisten = [
      config.onChange((now, before) => this.#configured(now, before)),
      this.jobs.onChange((job) => {
        if (job.endedAt !== null) this.#ended(job);
      }),
    ];
    this.#sweeping = this.#sweep();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new CoaxError('SHUTTING_DOWN'));
    clearTimeout(this.#timer);
    for (const unlisten of this.#unlisten) unlisten();
    this.#episodes.stop();
    await Promise.all([this.jobs.stop(), this.#sweeping]);
  }

  refresh(sourceId: SourceId, parts: RefreshParts = 'all'): JobId {
    if (this.#source(sourceId) === null) throw new CoaxError('NOT_FOUND', 'There is no such source');
    if (this.#stopping.signal.aborted) throw new CoaxError('SHUTTING_DOWN');
    const states = this.#options.catalog.sourceState(sourceId).parts;
    const wasRead = states.some(({ part, lastSuccessAt }) => part === 'live' && lastSuccessAt !== null);
    if (parts === 'guide' && wasRead) return this.jobs.refresh(sourceId, 'guide').id;
    return this.#refreshAll(sourceId).id;
  }

  /** After a refresh of the guide alone that runs just now. */
  #refreshAll(sourceId: SourceId): Job {
    const running = this.jobs.ofSource(sourceId);
    if (running?.state === 'running' && running.parts !== 'all') this.#again.add(sourceId);
    return this.jobs.refresh(sourceId);
  }

  ensureEpisodes(series: SeriesId, signal: AbortSignal): Promise<void> {
    return this.#episodes.ensure(series, signal);
  }

  nextRefreshAt(sourceId: SourceId): number | null {
    const source = this.#source(sourceId);
    if (source === null || !source.enabled) return null;
    const state = this.#options.catalog.sourceState(sourceId);
    const plan = this.#plan(sourceId);
    const stored = state.parts.flatMap(({ error }) => error?.code ?? []);
    return nextRefresh({
      refreshHours: source.refreshHours,
      lastSuccessAt: lastReadOf(state),
      lastFailureAt: plan.failedAt ?? latest(state, 'lastFailureAt'),
      failures: plan.failures,
      errorCodes: plan.failedAt === null ? stored : plan.errorCodes,
      startedAt: this.#startedAt,
      now: Date.now(),
      random: plan.random,
    });
  }

  async forget(sourceId: SourceId): Promise<void> {
    const { catalogPath, workers } = this.#options;
    const job = this.jobs.ofSource(sourceId);
    const ended = this.jobs.ended(sourceId);
    if (job !== null) this.jobs.cancel(job.id);
    await ended;
    await this.#sweeping;
    await workers.run(
      { kind: 'remove', catalogPath, sourceIds: [sourceId] },
      { signal: this.#stopping.signal, progress: () => {} },
    );
    this.#plans.delete(sourceId);
  }

  #source(id: SourceId): SourceConfig | null {
    return this.#options.config.current.sources.find((source) => source.id === id) ?? null;
  }

  /** For a source that went without anyone asking to forget it first, or while a refresh of it had just begun. */
  #forgetLate(id: SourceId): void {
    const forget = async (): Promise<void> => {
      if (this.jobs.ofSource(id) === null && this.#options.catalog.sourceState(id).parts.length === 0) return;
      await this.forget(id);
    };
    forget().catch((error: unknown) =>
      this.#log.warn('the catalogue of a source could not be removed', { source: id, code: toCoaxError(error).code }),
    );
  }

  /** Before the first job, as it takes every table that no pointer leads to for an orphan. */
  async #sweep(): Promise<void> {
    const { catalogPath, config, workers } = this.#options;
    const configured = config.current.sources.map(({ id }) => id);
    try {
      await workers.run(
        { kind: 'sweep', catalogPath, configured },
        { signal: this.#stopping.signal, progress: () => {} },
      );
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#log.warn('the catalogue could not be tidied', { code: toCoaxError(error).code });
    }
    this.jobs.start();
    this.#look();
  }

  async #run(
    sourceId: SourceId,
    hooks: Parameters<IngestWorkers['run']>[1] & { readonly parts: RefreshParts },
  ): Promise<RefreshOutcome> {
    const { catalogPath, config, dataDir, workers } = this.#options;
    const source = this.#source(sourceId);
    if (source === null) throw new CoaxError('NOT_FOUND', 'There is no such source');
    this.#again.delete(sourceId);
    const outcome = await workers.run(
      {
        kind: 'refresh',
        catalogPath,
        stagingPath: join(dataDir, `staging-${encodeURIComponent(sourceId)}.db`),
        source,
        parts: hooks.parts,
        settings: config.current.settings.ingest,
        now: Date.now(),
      },
      hooks,
    );
    if (outcome === null) throw new CoaxError('INTERNAL', 'The refresh ended without a result');
    return outcome;
  }

  #ended(job: Job): void {
    const { sourceId, state } = job;
    const isFine = state === 'succeeded' && job.problems.length === 0;
    const code = job.error?.code ?? (state === 'cancelled' ? 'CANCELLED' : undefined);
    // A guide that was read alone says nothing of when the lists are due.
    if (job.parts === 'all')
      this.#plans.set(sourceId, {
        random: this.#random(),
        failures: isFine ? 0 : this.#plan(sourceId).failures + 1,
        failedAt: isFine ? null : job.endedAt,
        errorCodes: code === undefined ? job.problems.map((problem) => problem.code) : [code],
      });
    const fields = {
      source: sourceId,
      parts: job.parts,
      state,
      ...job.counts,
      rejects: job.rejectCount,
      code: job.error?.code,
    };
    if (state === 'failed' || job.problems.length > 0) this.#log.warn('refresh ended with problems', fields);
    else this.#log.info('refresh ended', fields);
    if (this.#again.delete(sourceId) && this.#source(sourceId) !== null) this.jobs.refresh(sourceId);
    this.#look();
  }

  #configured(now: Config, before: Config): void {
    for (const source of now.sources) {
      const id = source.id as SourceId;
      const old = before.sources.find((one) => one.id === source.id);
      if (!source.enabled || (old?.enabled === true && access(old) === access(source))) continue;
      if (this.jobs.ofSource(id)?.state === 'running') this.#again.add(id);
      else this.jobs.refresh(id);
    }
    for (const { id } of before.sources) {
      if (now.sources.some((one) => one.id === id)) continue;
      this.#forgetLate(id as SourceId);
    }
    this.#look();
  }

  #plan(id: SourceId): Plan {
    const known = this.#plans.get(id);
    if (known !== undefined) return known;
    const made = { random: this.#random(), failures: 0, failedAt: null, errorCodes: [] };
    this.#plans.set(id, made);
    return made;
  }

  /** Starts what is due and sets the timer for what is next. Never throws: a catalogue that can not be read must not end the streams. */
  #look(): void {
    clearTimeout(this.#timer);
    if (this.#stopping.signal.aborted) return;
    let wait = lookAgainMs;
    try {
      wait = this.#startDue();
      this.#trouble = null;
    } catch (error) {
      this.#tellTrouble(error);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), wait);
  }

  #tellTrouble(error: unknown): void {
    const { code } = toCoaxError(error);
    if (this.#trouble === code) return;
    this.#trouble = code;
    const { title, action } = errorTable[code];
    this.#log.error('the schedule of refreshes is interrupted', {
      code,
      title,
      action,
      again: lookAgainMs / 1_000,
      ...(code === 'INTERNAL' && { error }),
    });
  }

  /** Returns how long nothing is due, in ms. */
  #startDue(): number {
    const now = Date.now();
    let wait = lookAgainMs;
    for (const { id } of this.#options.config.current.sources) {
      const sourceId = id as SourceId;
      if (this.jobs.ofSource(sourceId) !== null) continue;
      const due = this.nextRefreshAt(sourceId);
      if (due === null) continue;
      if (due <= now) this.jobs.refresh(sourceId);
      else wait = Math.min(wait, due - now);
    }
    return wait;
  }
}
