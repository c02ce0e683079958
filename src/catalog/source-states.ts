import type { SourceId } from '../model/ids.ts';
import type { PartState, SourcePart, SourceState } from './contract.ts';
import type { Database, Row } from './database.ts';
import { int, intOrNull, json, jsonOrNull, text } from './row.ts';

/** A list that was held back as too short; the same one coming again confirms it. */
export interface HeldList {
  readonly count: number;
}

export interface PartProblem {
  readonly code: string;
  readonly message: string;
}

function partOf(row: Row): PartState {
  return {
    part: text(row, 'part') as SourcePart,
    lastSuccessAt: intOrNull(row, 'last_success_at'),
    lastFailureAt: intOrNull(row, 'last_failure_at'),
    error: jsonOrNull(row, 'error') as PartProblem | null,
    count: int(row, 'count'),
    rejects: int(row, 'rejects'),
  };
}

/** What the last refreshes of a source brought, part by part. Writes belong into the transaction that publishes the part. */
export class SourceStates {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(sourceId: SourceId): SourceState {
    const parts = this.#database.sql('SELECT * FROM source_part WHERE source_id = ? ORDER BY part').all(sourceId);
    const logins = this.#database.sql('SELECT reports FROM source_login WHERE source_id = ?').get(sourceId);
    return {
      sourceId,
      parts: parts.map(partOf),
      logins: logins === undefined ? [] : (json(logins, 'reports') as unknown[]),
    };
  }

  held(sourceId: SourceId, part: SourcePart): HeldList | null {
    const row = this.#database.sql('SELECT held FROM source_part WHERE source_id = ? AND part = ?').get(sourceId, part);
    return row === undefined ? null : (jsonOrNull(row, 'held') as HeldList | null);
  }

  succeeded(sourceId: SourceId, part: SourcePart, at: number, count: number, rejects: number): void {
    this.#database
      .sql(
        `INSERT INTO source_part (source_id, part, last_success_at, count, rejects) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET last_success_at = excluded.last_success_at, error = NULL, held = NULL,
           count = excluded.count, rejects = excluded.rejects`,
      )
      .run(sourceId, part, at, count, rejects);
  }

  failed(
    sourceId: SourceId,
    part: SourcePart,
    at: number,
    problem: PartProblem,
    rejects: number,
    held: HeldList | null,
  ): void {
    this.#database
      .sql(
        `INSERT INTO source_part (source_id, part, last_failure_at, error, rejects, held) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET last_failure_at = excluded.last_failure_at, error = excluded.error,
           rejects = excluded.rejects, held = excluded.held`,
      )
      .run(sourceId, part, at, JSON.stringify(problem), rejects, held === null ? null : JSON.stringify(held));
  }

  saveLogins(sourceId: SourceId, reports: readonly unknown[]): void {
    this.#database
      .sql('INSERT INTO source_login VALUES (?, ?) ON CONFLICT DO UPDATE SET reports = excluded.reports')
      .run(sourceId, JSON.stringify(reports));
  }
}
