import { bumpCounter } from './counters.ts';
import type { Database } from './database.ts';
import { dropOrphanTables } from './feed-tables.ts';
import { int, text } from './row.ts';

/** Removes all that the catalogue holds of these sources. */
export function removeSources(database: Database, sourceIds: readonly string[]): void {
  const list = JSON.stringify(sourceIds);
  const feeds = database.write(() => {
    const rows = database.sql('SELECT id FROM feed WHERE source_id IN (SELECT value FROM json_each(?))').all(list);
    let changed = 0;
    for (const table of ['feed', 'channel', 'title', 'source_part', 'source_login'] as const)
      changed += database.sql(`DELETE FROM ${table} WHERE source_id IN (SELECT value FROM json_each(?))`).run(list);
    if (changed > 0) bumpCounter(database, 'lineup');
    if (rows.length > 0) bumpCounter(database, 'guide');
    return rows.map((row) => int(row, 'id'));
  });
  for (const feed of feeds) dropOrphanTables(database, feed);
}

/** At start, while no refresh runs: removes sources that are not configured any more, and tables that a killed refresh left. */
export function sweep(database: Database, configured: readonly string[]): void {
  const known = ['channel', 'title', 'feed', 'source_part']
    .flatMap((table) => database.sql(`SELECT DISTINCT source_id FROM ${table}`).all())
    .map((row) => text(row, 'source_id'));
  const kept = new Set(configured);
  const removed = [...new Set(known)].filter((id) => !kept.has(id));
  if (removed.length > 0) removeSources(database, removed);
  dropOrphanTables(database);
}
