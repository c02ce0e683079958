import type { JobId } from '../model/ids.ts';
import type { Job } from './contract.ts';
import type { Database, Row } from './database.ts';
import { json } from './row.ts';
import type { WriteQueue } from './write-queue.ts';

const kept = 200;

/** Jobs of earlier versions say nothing of parts: they read all. */
const jobOf = (row: Row): Job => ({ parts: 'all', ...(json(row, 'document') as Omit<Job, 'parts'>) });

/** Jobs that ended, the last 200 of them. */
export class JobHistory {
  readonly #database: Database;
  readonly #queue: WriteQueue;

  constructor(database: Database, queue: WriteQueue) {
    this.#database = database;
    this.#queue = queue;
  }

  /** Newest first. */
  list(): readonly Job[] {
    return this.#database.sql('SELECT document FROM job ORDER BY ended_at DESC, id LIMIT ?').all(kept).map(jobOf);
  }

  get(id: JobId): Job | null {
    const row = this.#database.sql('SELECT document FROM job WHERE id = ?').get(id);
    return row === undefined ? null : jobOf(row);
  }

  save(job: Job): Promise<unknown> {
    return this.#queue.submit(() => {
      this.#database
        .sql('INSERT OR REPLACE INTO job VALUES (?, ?, ?)')
        .run(job.id, job.endedAt ?? job.createdAt, JSON.stringify(job));
      this.#database
        .sql('DELETE FROM job WHERE id NOT IN (SELECT id FROM job ORDER BY ended_at DESC, id LIMIT ?)')
        .run(kept);
    });
  }
}
