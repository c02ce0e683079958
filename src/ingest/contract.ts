import type { Job, RefreshParts } from '../catalog/contract.ts';
import type { JobId, SeriesId, SourceId } from '../model/ids.ts';

export type { Job, JobCounts, JobProgress, JobState, RefreshParts } from '../catalog/contract.ts';

/** Background work: at most one job per source and two at once; the rest waits in order. */
export interface JobReads {
  /** Running and queued ones first, then those that ended, newest first. */
  list(): readonly Job[];
  get(id: JobId): Job | null;
  /** False when there is no such job, or it has ended. The catalogue stays as it was. */
  cancel(id: JobId): boolean;
  /** Called with each state a job passes and, a few times a second, its progress. Returns how to stop listening. */
  onChange(listener: (job: Job) => void): () => void;
}

export interface RefreshService {
  /**
   * Queues a refresh and returns its job, or the one that is queued or running. Of a source that was never read, all is read. Asking for
   * all while the guide alone is being read lets a refresh of all follow. NOT_FOUND for a source that is not configured.
   */
  refresh(sourceId: SourceId, parts?: RefreshParts): JobId;
  /**
   * Reads the episodes of a series from its provider unless they are there and its `last_modified` has not moved. Callers of the same
   * series share one read. NOT_FOUND for an unknown series; throws SOURCE_* only when there are none from before.
   */
  ensureEpisodes(series: SeriesId, signal: AbortSignal): Promise<void>;
  /** When each source is refreshed next, in Unix milliseconds; null when never by itself. */
  nextRefreshAt(sourceId: SourceId): number | null;
  /** Before a source goes: cancels its job and, once that has ended, removes all that the catalogue holds of it. */
  forget(sourceId: SourceId): Promise<void>;
  /** Starts the schedule. */
  start(): void;
  /** Stops the schedule and cancels what runs; resolves when the workers are gone. */
  stop(): Promise<void>;
}
