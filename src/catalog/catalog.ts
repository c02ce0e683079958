import type { SourceId } from '../model/ids.ts';
import { Channels } from './channels.ts';
import type { CatalogReads, SourceState } from './contract.ts';
import { readCounter } from './counters.ts';
import { Database } from './database.ts';
import { Feeds } from './feeds.ts';
import { JobHistory } from './job-history.ts';
import { migrate } from './migrations.ts';
import { Movies } from './movies.ts';
import { SeriesShelf } from './series.ts';
import { SourceStates } from './source-states.ts';
import { WriteQueue } from './write-queue.ts';

export const catalogFileName = 'catalog.db';

/** Opens catalog.db for a worker, which may wait for the lock. The caller closes it. */
export function openCatalogFile(path: string): Database {
  const database = Database.open(path, { busyTimeoutMs: 60_000, cacheKiB: 32_768 });
  try {
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The catalogue as the main thread uses it: reads at any time, small writes only, never waiting for the ingest worker. */
export class Catalog implements CatalogReads {
  readonly channels: Channels;
  readonly movies: Movies;
  readonly series: SeriesShelf;
  readonly feeds: Feeds;
  readonly jobs: JobHistory;
  readonly #database: Database;
  readonly #queue: WriteQueue;
  readonly #states: SourceStates;

  private constructor(database: Database) {
    this.#database = database;
    this.#queue = new WriteQueue(database);
    this.#states = new SourceStates(database);
    this.channels = new Channels(database, this.#queue);
    this.movies = new Movies(database, this.#queue);
    this.series = new SeriesShelf(database, this.#queue);
    this.feeds = new Feeds(database);
    this.jobs = new JobHistory(database, this.#queue);
  }

  /** Makes the file where there is none and brings it up to date. CATALOG_DAMAGED, CATALOG_TOO_NEW, DATA_FOLDER_UNUSABLE. */
  static open(path: string): Catalog {
    const database = openCatalogFile(path);
    database.setBusyTimeout(0);
    // Checkpoints write to disk and wait for it: those of the worker are enough.
    database.exec('PRAGMA wal_autocheckpoint = 10000');
    return new Catalog(database);
  }

  sourceState(id: SourceId): SourceState {
    return this.#states.get(id);
  }

  get generation(): { readonly lineup: number; readonly guide: number } {
    return { lineup: readCounter(this.#database, 'lineup'), guide: readCounter(this.#database, 'guide') };
  }

  /** Reads the whole file; for `coax check`. CATALOG_DAMAGED when something is wrong with it. */
  verify(): void {
    this.#database.verify();
  }

  /** A small write of a part of Coax, in order with all others. */
  submit<Result>(write: (database: Database) => Result): Promise<Result> {
    return this.#queue.submit(() => write(this.#database));
  }

  /** Writes what still waits, then closes the file. */
  close(): void {
    this.#queue.close();
    this.#database.close();
  }
}
