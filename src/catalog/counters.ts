import type { Database } from './database.ts';
import { int } from './row.ts';

export type CounterName = 'lineup' | 'guide';

export function readCounter(database: Database, name: CounterName): number {
  const row = database.sql('SELECT value FROM counter WHERE name = ?').get(name);
  return row === undefined ? 0 : int(row, 'value');
}

/** Inside the transaction that changes the content. */
export function bumpCounter(database: Database, name: CounterName): void {
  database.sql('UPDATE counter SET value = value + 1 WHERE name = ?').run(name);
}
