import { CoaxError } from '../errors.ts';
import type { Database } from './database.ts';
import { int } from './row.ts';

/** Forward only: a released entry is never changed, the next one is added below. The version of a file is its `user_version`. */
const migrations: readonly string[] = [
  `
  CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counter VALUES ('lineup', 1), ('guide', 1);

  CREATE TABLE channel (
    id TEXT PRIMARY KEY,
    source_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    overrides TEXT NOT NULL DEFAULT '{}',
    name_fold TEXT NOT NULL,
    number_sort REAL NOT NULL,
    hidden INTEGER NOT NULL,
    position INTEGER NOT NULL,
    gone_at INTEGER
  ) STRICT;
  CREATE INDEX channel_order ON channel (number_sort, name_fold, id, hidden, gone_at, source_id);
  CREATE INDEX channel_source ON channel (source_id, position);
  CREATE TABLE channel_group (
    name TEXT NOT NULL,
    channel_id TEXT NOT NULL REFERENCES channel ON DELETE CASCADE,
    PRIMARY KEY (name, channel_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX channel_group_channel ON channel_group (channel_id);
  CREATE TABLE stream (
    id TEXT PRIMARY KEY,
    channel_id TEXT NOT NULL REFERENCES channel ON DELETE CASCADE,
    position INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    codecs TEXT
  ) STRICT;
  CREATE INDEX stream_channel ON stream (channel_id, position);

  CREATE TABLE title (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('movie', 'series')),
    source_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    locator TEXT,
    name_fold TEXT NOT NULL,
    file TEXT NOT NULL DEFAULT '{}',
    episodes_read_at INTEGER,
    episodes_modified INTEGER,
    position INTEGER NOT NULL,
    gone_at INTEGER
  ) STRICT;
  CREATE INDEX title_order ON title (kind, name_fold, id, gone_at, source_id);
  CREATE INDEX title_source ON title (source_id, kind, position);
  CREATE TABLE title_group (
    name TEXT NOT NULL,
    title_id TEXT NOT NULL REFERENCES title ON DELETE CASCADE,
    PRIMARY KEY (name, title_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX title_group_title ON title_group (title_id);
  CREATE TABLE episode (
    id TEXT PRIMARY KEY,
    series_id TEXT NOT NULL REFERENCES title ON DELETE CASCADE,
    source_id TEXT NOT NULL,
    season INTEGER NOT NULL,
    number INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    locator TEXT NOT NULL,
    file TEXT NOT NULL DEFAULT '{}'
  ) STRICT;
  CREATE INDEX episode_order ON episode (series_id, season, number, id);

  CREATE TABLE feed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id TEXT NOT NULL,
    name TEXT NOT NULL,
    priority INTEGER NOT NULL,
    generation INTEGER NOT NULL DEFAULT 0,
    hash TEXT,
    programmes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source_id, name)
  ) STRICT;

  CREATE TABLE source_part (
    source_id TEXT NOT NULL,
    part TEXT NOT NULL,
    last_success_at INTEGER,
    last_failure_at INTEGER,
    error TEXT,
    count INTEGER NOT NULL DEFAULT 0,
    rejects INTEGER NOT NULL DEFAULT 0,
    held TEXT,
    PRIMARY KEY (source_id, part)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE source_login (source_id TEXT PRIMARY KEY, reports TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE job (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
  CREATE INDEX job_ended ON job (ended_at);
  `,
  // A catalogue that is made anew must never have a generation of the one before: published files and media servers would keep the old content.
  `UPDATE counter SET value = value + CAST(unixepoch('subsec') * 1000 AS INTEGER);`,
  // What an admin wants the streams of a channel to be asked with. Beside the overrides, which are shown; this never is.
  `ALTER TABLE channel ADD COLUMN request TEXT;`,
  // Which streams a channel is played from, in order. Without references: the list outlives sources that are removed and come back.
  `CREATE TABLE channel_stream (
    channel_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    stream_id TEXT NOT NULL,
    PRIMARY KEY (channel_id, position)
  ) STRICT, WITHOUT ROWID;`,
  // The same film at another source is found by its number in TMDB.
  `CREATE INDEX title_tmdb ON title (json_extract(provider, '$.tmdbId'), kind)
     WHERE json_extract(provider, '$.tmdbId') IS NOT NULL;`,
];

export const latestVersion = migrations.length;

function versionOf(database: Database): number {
  const row = database.sql('PRAGMA user_version').get();
  return row === undefined ? 0 : int(row, 'user_version');
}

/** Brings a file up to date, each step in a transaction of its own. A file of a newer Coax is CATALOG_TOO_NEW. */
export function migrate(database: Database): void {
  const found = versionOf(database);
  if (found > latestVersion)
    throw new CoaxError(
      'CATALOG_TOO_NEW',
      `The file catalog.db has version ${found}, this Coax knows up to ${latestVersion}`,
    );
  for (const [index, script] of migrations.entries()) {
    if (index < found) continue;
    database.write(() => {
      // Another process or thread may have been faster.
      if (versionOf(database) > index) return;
      database.exec(script);
      database.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}
