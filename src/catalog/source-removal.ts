import { bumpCounter } from './counters.ts';
import type { Database } from './database.ts';
import { dropOrphanTables } from './feed-tables.ts';

/** Removes all that the catalogue holds of sources that are no more, and tables that a killed refresh left. */
export function removeOtherSources(database: Database, kept: readonly string[]): void {
  const list = JSON.stringify(kept);
  database.write(() => {
    let changed = 0;
    for (const table of ['channel', 'title', 'source_part', 'source_login'] as const)
      changed += database.sql(`DELETE FROM ${table} WHERE source_id NOT IN (SELECT value FROM json_each(?))`).run(list);
    const feeds = database.sql('DELETE FROM feed WHERE source_id NOT IN (SELECT value FROM json_each(?))').run(list);
    if (changed > 0) bumpCounter(database, 'lineup');
    if (feeds > 0) bumpCounter(database, 'guide');
  });
  dropOrphanTables(database);
}
