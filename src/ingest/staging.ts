import { rmSync } from 'node:fs';
import { Database } from '../catalog/database.ts';
import { int, json, text } from '../catalog/row.ts';
import type { EpisodeItem, LiveItem, MovieItem, SeriesItem } from '../model/items.ts';
import type { Identifiable } from './identity.ts';

export interface StagedItems {
  readonly live: LiveItem;
  readonly movies: MovieItem;
  readonly series: SeriesItem;
}
export type StagedPart = keyof StagedItems;

function isLive(item: LiveItem | MovieItem | SeriesItem): item is LiveItem {
  return 'name' in item;
}

function described(item: LiveItem | MovieItem | SeriesItem): readonly [key: string, name: string, guide: string] {
  return isLive(item)
    ? [item.providerId, item.name, item.guideId ?? '']
    : [item.providerId, item.title, item.tmdbId ?? ''];
}

/** What a refresh has read and not yet published, on disk, so that a long list costs no memory. Its file goes away with it. */
export class Staging {
  readonly #path: string;
  readonly #database: Database;

  /** Replaces a file that a killed refresh has left. */
  constructor(path: string) {
    rmSync(path, { force: true });
    this.#path = path;
    this.#database = Database.open(path, { busyTimeoutMs: 0, scratch: true });
    this.#database.exec(
      `CREATE TABLE item (part TEXT, seq INTEGER, key TEXT, name TEXT, guide TEXT, grp TEXT, document TEXT,
         PRIMARY KEY (part, seq)) STRICT, WITHOUT ROWID`,
    );
    this.#database.exec('CREATE TABLE episode (series TEXT, document TEXT) STRICT');
    this.#database.exec('CREATE INDEX episode_series ON episode (series)');
  }

  add<Part extends StagedPart>(part: Part, from: number, items: readonly StagedItems[Part][]): void {
    this.#database.write(() => {
      const insert = this.#database.sql('INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)');
      for (const [index, item] of items.entries())
        insert.run(part, from + index, ...described(item), item.groups[0] ?? '', JSON.stringify(item));
    });
  }

  /** What identities are compared by, in the order of the list. */
  identities(part: StagedPart): Identifiable[] {
    const found: Identifiable[] = [];
    for (const row of this.#database
      .sql('SELECT key, name, guide, grp FROM item WHERE part = ? ORDER BY seq')
      .each(part))
      found.push({
        key: text(row, 'key'),
        name: text(row, 'name'),
        guideId: text(row, 'guide'),
        group: text(row, 'grp'),
      });
    return found;
  }

  *items<Part extends StagedPart>(part: Part): Generator<readonly [index: number, item: StagedItems[Part]]> {
    for (const row of this.#database.sql('SELECT seq, document FROM item WHERE part = ? ORDER BY seq').each(part))
      yield [int(row, 'seq'), json(row, 'document') as StagedItems[Part]];
  }

  /** Episodes that stand in the list itself, by the provider's id of their series. */
  addEpisodes(series: string, items: readonly EpisodeItem[]): void {
    this.#database.write(() => {
      const insert = this.#database.sql('INSERT INTO episode VALUES (?, ?)');
      for (const item of items) insert.run(series, JSON.stringify(item));
    });
  }

  episodes(series: string): EpisodeItem[] {
    return this.#database
      .sql('SELECT document FROM episode WHERE series = ? ORDER BY rowid')
      .all(series)
      .map((row) => json(row, 'document') as EpisodeItem);
  }

  [Symbol.dispose](): void {
    this.#database.close();
    rmSync(this.#path, { force: true });
  }
}
