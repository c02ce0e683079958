import { join } from 'node:path';
import { CoaxError } from '../errors.ts';
import { Database, isBusy } from './database.ts';

/**
 * Keeps two engines from using one data folder. SQLite's lock is the operating system's: it ends with the process however that dies, and
 * no left-over pid of an earlier container can hold it.
 */
export class FolderLock implements Disposable {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** Throws DATA_FOLDER_IN_USE when another process holds it. */
  static take(dataDir: string): FolderLock {
    try {
      const database = Database.open(join(dataDir, 'coax.lock'), { busyTimeoutMs: 0, scratch: true });
      try {
        database.setBusyTimeout(0);
        database.exec('PRAGMA locking_mode = EXCLUSIVE');
        database.exec('BEGIN EXCLUSIVE');
        return new FolderLock(database);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      if (!isBusy(error)) throw error;
      throw new CoaxError('DATA_FOLDER_IN_USE', `Another Coax is using the data folder ${dataDir}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
