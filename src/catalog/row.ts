import type { Row } from './database.ts';

/** Readers of cells. The schema is STRICT, so a cell of the wrong kind is a fault of ours. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`Column ${column} is no text`);
  return value;
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] == null ? null : text(row, column);
}

export function int(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new TypeError(`Column ${column} is no number`);
  return value;
}

export function intOrNull(row: Row, column: string): number | null {
  return row[column] == null ? null : int(row, column);
}

/** JSON that Coax itself has written. */
export function json(row: Row, column: string): unknown {
  return JSON.parse(text(row, column));
}

export function jsonOrNull(row: Row, column: string): unknown {
  return row[column] == null ? null : json(row, column);
}
