import { CoaxError } from '../errors.ts';
import type { PageQuery } from './contract.ts';
import type { SqlValue } from './database.ts';
import { fold } from './fold.ts';

const defaultLimit = 100;
const maxLimit = 1_000;
const maxWords = 10;

export function limitOf(query: Pick<PageQuery, 'limit'>): number {
  const limit = query.limit ?? defaultLimit;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new CoaxError('BAD_REQUEST', `limit has to be 1 to ${maxLimit}`);
  return limit;
}

/** A cursor is the sort key of the last item of a page, so that a page stays right when others come and go. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The sort key in a cursor; `shape` tells the type of each of its parts. BAD_REQUEST when it is none of ours. */
export function decodeCursor(cursor: string, shape: readonly ('string' | 'number')[]): readonly SqlValue[] {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    key = null;
  }
  if (!Array.isArray(key) || key.length !== shape.length || !shape.every((type, index) => typeof key[index] === type))
    throw new CoaxError('BAD_REQUEST', 'cursor is none that Coax has handed out');
  return key as SqlValue[];
}

/** Conditions of a query with the values they bind. Only constants of the program become SQL text. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly values: SqlValue[] = [];

  add(sql: string, ...values: SqlValue[]): this {
    this.#parts.push(sql);
    this.values.push(...values);
    return this;
  }

  /** Every word of `q` occurs in `column`, which holds folded names. */
  search(column: string, q: string | undefined): this {
    for (const word of fold(q ?? '')
      .split(' ')
      .filter((part) => part !== '')
      .slice(0, maxWords))
      this.add(`instr(${column}, ?) > 0`, word);
    return this;
  }

  sources(column: string, ids: readonly string[] | undefined): this {
    return ids === undefined ? this : this.add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(ids));
  }

  get sql(): string {
    return this.#parts.length === 0 ? '1' : this.#parts.join(' AND ');
  }
}
