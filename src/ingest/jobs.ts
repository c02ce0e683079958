import type { Job, JobCounts, JobProgress, RefreshParts } from '../catalog/contract.ts';
import type { JobHistory } from '../catalog/job-history.ts';
import { newId } from '../config/new-id.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { JobId, SourceId } from '../model/ids.ts';
import type { JobReads } from './contract.ts';
import type { RefreshOutcome } from './outcome.ts';

const maxRunning = 2;

export interface JobsOptions {
  /** Refreshes a source; rejects with its error, CANCELLED when the signal fired. */
  readonly run: (
    sourceId: SourceId,
    hooks: {
      readonly parts: RefreshParts;
      readonly signal: AbortSignal;
      readonly progress: (progress: JobProgress) => void;
    },
  ) => Promise<RefreshOutcome>;
  readonly history: Pick<JobHistory, 'list' | 'get' | 'save'>;
  readonly log: Log;
}

interface Live {
  job: Job;
  readonly controller: AbortController;
  readonly ended: Promise<Job>;
  readonly end: (job: Job) => void;
}

type Ending = Pick<Job, 'state'> & Partial<Job>;

function endingOf({ counts, problems, published, rejects, rejectCount }: RefreshOutcome): Ending {
  const result = { counts: counts as JobCounts, problems, rejects, rejectCount };
  const first = problems[0];
  if (published || first === undefined) return { ...result, state: 'succeeded' };
  return { ...result, state: 'failed', error: { code: first.code, message: first.message } };
}

/** The refreshes that wait and run, at most one for a source and two at once. Each is kept in the history when it ends. */
export class Jobs implements JobReads {
  readonly #options: JobsOptions;
  readonly #log: Log;
  /** By source, in order of creation: those that have not ended. */
  readonly #live = new Map<SourceId, Live>();
  /** Ended ones that the history does not have yet, newest last. */
  readonly #unsaved = new Map<JobId, Job>();
  readonly #listeners = new Set<(job: Job) => void>();
  #state: 'waiting' | 'open' | 'stopped' = 'waiting';

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** From now on jobs are run; until then they wait. */
  start(): void {
    if (this.#state === 'waiting') this.#state = 'open';
    this.#next();
  }

  /** Cancels all and resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    const ends = [...this.#live.values()].map(({ ended }) => ended);
    for (const { job } of this.#live.values()) this.cancel(job.id);
    await Promise.all(ends);
  }

  /** Queues a refresh, unless one of this source waits or runs. One of the guide that waits becomes one of all when that is asked for. */
  refresh(sourceId: SourceId, parts: RefreshParts = 'all'): Job {
    const known = this.#live.get(sourceId);
    if (known !== undefined) {
      if (parts === 'all' && known.job.parts !== 'all' && known.job.state === 'queued') this.#update(known, { parts });
      return known.job;
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<Job>();
    const job: Job = {
      id: newId('j') as JobId,
      kind: 'refresh',
      parts,
      sourceId,
      state: 'queued',
      progress: { stage: 'queued', done: 0, total: null },
      rejects: [],
      rejectCount: 0,
      problems: [],
      error: null,
      counts: {},
      createdAt: Date.now(),
      startedAt: null,
      endedAt: null,
    };
    this.#live.set(sourceId, { job, controller: new AbortController(), ended, end });
    this.#tell(job);
    this.#next();
    return this.#live.get(sourceId)?.job ?? job;
  }

  list(): readonly Job[] {
    const live = [...this.#live.values()].map(({ job }) => job);
    return [...live, ...[...this.#unsaved.values()].toReversed(), ...this.#options.history.list()];
  }

  get(id: JobId): Job | null {
    for (const { job } of this.#live.values()) if (job.id === id) return job;
    return this.#unsaved.get(id) ?? this.#options.history.get(id);
  }

  /** The job of a source that waits or runs. */
  ofSource(sourceId: SourceId): Job | null {
    return this.#live.get(sourceId)?.job ?? null;
  }

  /** Resolves with the job once it has ended; null when none of this source is there. */
  async ended(sourceId: SourceId): Promise<Job | null> {
    return (await this.#live.get(sourceId)?.ended) ?? null;
  }

  cancel(id: JobId): boolean {
    for (const live of this.#live.values()) {
      if (live.job.id !== id) continue;
      live.controller.abort(new CoaxError('CANCELLED'));
      if (live.job.state === 'queued') this.#end(live, { state: 'cancelled' });
      return true;
    }
    return false;
  }

  onChange(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #next(): void {
    if (this.#state !== 'open') return;
    let free = maxRunning - [...this.#live.values()].filter(({ job }) => job.state === 'running').length;
    for (const live of this.#live.values()) {
      if (free <= 0) return;
      if (live.job.state !== 'queued') continue;
      free--;
      this.#update(live, {
        state: 'running',
        startedAt: Date.now(),
        progress: { stage: 'start', done: 0, total: null },
      });
      void this.#run(live);
    }
  }

  async #run(live: Live): Promise<void> {
    const { signal } = live.controller;
    const { parts, sourceId } = live.job;
    const progress = (now: JobProgress): void => {
      if (live.job.state === 'running') this.#update(live, { progress: now });
    };
    try {
      this.#end(live, endingOf(await this.#options.run(sourceId, { parts, signal, progress })));
    } catch (error) {
      const { code, message } = toCoaxError(error);
      if (code === 'INTERNAL') this.#log.error('refresh failed unexpectedly', { job: live.job.id, error });
      this.#end(live, code === 'CANCELLED' ? { state: 'cancelled' } : { state: 'failed', error: { code, message } });
    }
  }

  #update(live: Live, change: Partial<Job>): void {
    live.job = { ...live.job, ...change };
    this.#tell(live.job);
  }

  #end(live: Live, ending: Ending): void {
    live.job = { ...live.job, ...ending, endedAt: Date.now() };
    const { job } = live;
    this.#unsaved.set(job.id, job);
    this.#options.history
      .save(job)
      .catch((error: unknown) => this.#log.warn('job history could not be written', { job: job.id, error }))
      .finally(() => this.#unsaved.delete(job.id));
    this.#live.delete(job.sourceId);
    this.#tell(job);
    live.end(job);
    this.#next();
  }

  #tell(job: Job): void {
    for (const listener of this.#listeners) {
      try {
        listener(job);
      } catch (error) {
        this.#log.error('a listener of jobs failed', { error });
      }
    }
  }
}
