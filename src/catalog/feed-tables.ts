import type { Database } from './database.ts';
import { text } from './row.ts';

/**
 * Each generation of a feed has tables of its own, filled before anyone looks at them. The pointer in `feed.generation` makes them
 * visible. Their names are made of two numbers and nothing else.
 */
export interface FeedTables {
  readonly channels: string;
  readonly programmes: string;
}

export function feedTables(feedId: number, generation: number): FeedTables {
  const suffix = `${Math.trunc(feedId)}_${Math.trunc(generation)}`;
  return { channels: `guide_channel_${suffix}`, programmes: `programme_${suffix}` };
}

export function createFeedTables(database: Database, tables: FeedTables): void {
  database.exec(
    `CREATE TABLE ${tables.channels} (num INTEGER PRIMARY KEY, id TEXT NOT NULL, names TEXT NOT NULL) STRICT`,
  );
  // The key keeps a channel's programmes together and refuses a second programme of the same start.
  database.exec(
    `CREATE TABLE ${tables.programmes} (
       channel INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, title TEXT NOT NULL, detail TEXT,
       PRIMARY KEY (channel, start)) STRICT, WITHOUT ROWID`,
  );
}

/** Drops tables of feeds that no pointer leads to: what a killed refresh, a removed feed or the last generation left behind. */
export function dropOrphanTables(database: Database, feedId?: number): number {
  const live = new Set(
    database
      .sql('SELECT id, generation FROM feed')
      .all()
      .flatMap((row) => Object.values(feedTables(Number(row['id']), Number(row['generation'])))),
  );
  const orphans = database
    .sql(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
    .all()
    .map((row) => text(row, 'name'))
    .filter((name) => {
      const match = /^(?:guide_channel|programme)_(\d+)_\d+$/.exec(name);
      return match !== null && (feedId === undefined || match[1] === String(feedId)) && !live.has(name);
    });
  for (const name of orphans) database.write(() => database.exec(`DROP TABLE ${name}`));
  return orphans.length;
}
