import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CoaxError } from '../errors.ts';

export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;
export type Cells = readonly SqlValue[];

/** SQLite's result codes that mean the file is not usable as a database. */
const damageCodes = new Set([11, 26]);
const busyCode = 5;
const maxStatements = 200;

function resultCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  // The low byte is the primary result code (sqlite.org/rescode.html).
  return typeof code === 'number' ? code & 0xff : undefined;
}

function guarded<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (damageCodes.has(resultCode(error) ?? -1))
      throw new CoaxError('CATALOG_DAMAGED', 'The file catalog.db is damaged', { cause: error });
    throw error;
  }
}

/** True when another connection is writing; the transaction may be tried again. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === busyCode;
}

/** A prepared statement. Values are bound by position, so that no name or id is ever part of the SQL text. */
export class Statement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  /** Returns how many rows changed. */
  run(...values: SqlValue[]): number {
    return Number(guarded(() => this.#statement.run(...(values as SQLInputValue[]))).changes);
  }

  get(...values: SqlValue[]): Row | undefined {
    return guarded(() => this.#statement.get(...(values as SQLInputValue[]))) as Row | undefined;
  }

  all(...values: SqlValue[]): Row[] {
    return guarded(() => this.#statement.all(...(values as SQLInputValue[]))) as unknown as Row[];
  }

  /** One row at a time; the connection must not write meanwhile. */
  *each(...values: SqlValue[]): Generator<Row> {
    const rows = guarded(() => this.#statement.iterate(...(values as SQLInputValue[])));
    try {
      for (let next = guarded(() => rows.next()); next.done !== true; next = guarded(() => rows.next()))
        yield next.value as unknown as Row;
    } finally {
      rows.return?.();
    }
  }
}

/** A prepared statement that returns rows as arrays, which costs half of objects (measured on big results). */
export class CellStatement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    statement.setReturnArrays(true);
    this.#statement = statement;
  }

  all(...values: SqlValue[]): Cells[] {
    return guarded(() => this.#statement.all(...(values as SQLInputValue[]))) as unknown as Cells[];
  }
}

export interface OpenOptions {
  /** How long a statement waits, blocking its thread, for another writer. 0 fails at once; see `isBusy`. */
  readonly busyTimeoutMs: number;
  /** Page cache in KiB. */
  readonly cacheKiB?: number;
  /** Scratch files need neither a journal nor to survive a crash. */
  readonly scratch?: boolean;
}

/** One connection to an SQLite file. The only user of node:sqlite: 26.11 renames its class (nodejs/node#65988). */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();
  readonly #cells = new Map<string, CellStatement>();

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Opens or makes the file, readable by its owner only. CATALOG_DAMAGED when it is no database. */
  static open(path: string, options: OpenOptions): Database {
    try {
      closeSync(openSync(path, 'a', 0o600));
      if (process.platform !== 'win32') chmodSync(path, 0o600);
    } catch (error) {
      throw new CoaxError('DATA_FOLDER_UNUSABLE', 'The file catalog.db can not be opened for writing', {
        cause: error,
      });
    }
    return guarded(() => {
      const database = new DatabaseSync(path, { timeout: options.busyTimeoutMs, enableForeignKeyConstraints: true });
      try {
        // The first one reads the file's header, and so finds a file that is no database. Changing to WAL may meet another connection.
        database.exec(`PRAGMA busy_timeout = ${options.scratch === true ? Math.trunc(options.busyTimeoutMs) : 5_000}`);
        database.exec(options.scratch === true ? 'PRAGMA journal_mode = OFF' : 'PRAGMA journal_mode = WAL');
        database.exec(`PRAGMA synchronous = ${options.scratch === true ? 'OFF' : 'NORMAL'}`);
        database.exec(`PRAGMA cache_size = ${-Math.trunc(options.cacheKiB ?? 8_192)}`);
        database.exec('PRAGMA trusted_schema = OFF');
        // Sorting must not need a folder for temporary files: a container may have none.
        database.exec('PRAGMA temp_store = MEMORY');
        // The log shrinks again after a large import.
        database.exec('PRAGMA journal_size_limit = 8388608');
        return new Database(database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** Called once the file is migrated: from here on writes wait as `busyTimeoutMs` says. */
  setBusyTimeout(busyTimeoutMs: number): void {
    this.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
  }

  exec(sql: string): void {
    guarded(() => this.#database.exec(sql));
  }

  /** The statement of this text, prepared once. The text must not hold values. */
  sql(text: string): Statement {
    return this.#cached(this.#statements, text, (statement) => new Statement(statement));
  }

  cells(text: string): CellStatement {
    return this.#cached(this.#cells, text, (statement) => new CellStatement(statement));
  }

  /** Everything or nothing; takes the write lock first, so that it never fails half way for being busy. */
  write<Result>(act: () => Result): Result {
    return this.#transaction('BEGIN IMMEDIATE', act);
  }

  /** Several reads of one state of the file. */
  read<Result>(act: () => Result): Result {
    return this.#database.isTransaction ? act() : this.#transaction('BEGIN', act);
  }

  /** Reads every page of the file; CATALOG_DAMAGED when one is wrong. */
  verify(): void {
    const row = this.sql('PRAGMA quick_check(1)').get();
    if (row?.['quick_check'] !== 'ok') throw new CoaxError('CATALOG_DAMAGED', 'The file catalog.db is damaged');
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #transaction<Result>(begin: string, act: () => Result): Result {
    this.exec(begin);
    try {
      const result = act();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      } catch {
        // The first error says more.
      }
      throw error;
    }
  }

  #cached<Kind>(cache: Map<string, Kind>, text: string, wrap: (statement: StatementSync) => Kind): Kind {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const made = wrap(guarded(() => this.#database.prepare(text)));
    // Statements over programme tables name a table that goes away with the next guide.
    const oldest = cache.size >= maxStatements ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(text, made);
    return made;
  }
}
