import type { Catalog } from '../catalog/catalog.ts';
import type { Series } from '../catalog/contract.ts';
import { publishEpisodes } from '../catalog/episode-import.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { SeriesId, SourceId } from '../model/ids.ts';
import type { SourceReader } from '../sources/contract.ts';
import { matchEpisodes } from './episode-identity.ts';

export interface EpisodeReadsOptions {
  readonly catalog: Pick<Catalog, 'series' | 'submit'>;
  /** Null for a source that is not configured. */
  readonly readerOf: (sourceId: SourceId) => SourceReader | null;
  readonly log: Log;
}

interface Read {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  callers: number;
}

/** Reads the episodes of a series when someone looks at it. Callers of one series share one read, which ends with its last caller. */
export class EpisodeReads {
  readonly #options: EpisodeReadsOptions;
  readonly #running = new Map<SeriesId, Read>();

  constructor(options: EpisodeReadsOptions) {
    this.#options = options;
  }

  async ensure(id: SeriesId, signal: AbortSignal): Promise<void> {
    const { catalog, log } = this.#options;
    const series = catalog.series.get(id);
    if (series === null) throw new CoaxError('NOT_FOUND', 'There is no such series');
    if (signal.aborted) throw new CoaxError('CANCELLED');
    if (!catalog.series.needsEpisodes(series, Date.now())) return;
    try {
      await this.#join(series, signal);
    } catch (error) {
      if (signal.aborted || series.episodesReadAt === null) throw error;
      log.warn('episodes could not be read anew', { series: id, code: toCoaxError(error).code });
    }
  }

  /** Ends every read; its callers get CANCELLED. */
  stop(): void {
    for (const { controller } of this.#running.values()) controller.abort(new CoaxError('CANCELLED'));
  }

  #join(series: Series, signal: AbortSignal): Promise<void> {
    const read = this.#running.get(series.id) ?? this.#begin(series);
    read.callers++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (--read.callers === 0) read.controller.abort(new CoaxError('CANCELLED'));
        reject(new CoaxError('CANCELLED'));
      };
      signal.addEventListener('abort', leave, { once: true });
      read.done.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
    });
  }

  #begin(series: Series): Read {
    const controller = new AbortController();
    const done = this.#read(series, controller.signal).finally(() => {
      if (this.#running.get(series.id) === read) this.#running.delete(series.id);
    });
    const read: Read = { done, controller, callers: 0 };
    this.#running.set(series.id, read);
    controller.signal.addEventListener('abort', () => this.#running.delete(series.id), { once: true });
    return read;
  }

  async #read(series: Series, signal: AbortSignal): Promise<void> {
    const { catalog, log, readerOf } = this.#options;
    const reader = readerOf(series.sourceId);
    if (reader === null) throw new CoaxError('NOT_FOUND', 'The source of this series is not configured');
    const { items, rejects } = await reader.episodes(series.providerId, signal);
    signal.throwIfAborted();
    if (rejects.length > 0)
      log.warn('episodes could not be used', { series: series.id, count: rejects.length, first: rejects[0]?.reason });
    // A series without episodes, where there were some, is an answer that looks wrong (design D1).
    if (items.length === 0 && series.episodesReadAt !== null)
      throw new CoaxError('SOURCE_EMPTY', 'The provider sent no episodes');
    await catalog.submit((database) => {
      const ids = matchEpisodes(database, series.id, items);
      publishEpisodes(database, series, items, ids, Date.now());
    });
  }
}
