import type { MovieItem, SeriesItem } from '../model/items.ts';
import type { Database } from './database.ts';
import { fold } from './fold.ts';
import type { KnownItem, PublishedPart } from './import.ts';
import { goneForMs } from './import.ts';
import { int, json, text } from './row.ts';
import { stableId } from './stable-id.ts';
import type { StoredSeries } from './title-row.ts';

export type TitleKind = 'movie' | 'series';

/** Every movie or series of a source, those that vanished too, in the order of the last list. */
export function knownTitles(database: Database, sourceId: string, kind: TitleKind): KnownItem[] {
  const known: KnownItem[] = [];
  const rows = database
    .sql('SELECT id, provider_id, provider, gone_at FROM title WHERE source_id = ? AND kind = ? ORDER BY position, id')
    .each(sourceId, kind);
  for (const row of rows) {
    const item = json(row, 'provider') as StoredSeries;
    known.push({
      id: text(row, 'id'),
      key: text(row, 'provider_id'),
      name: item.title,
      guideId: item.tmdbId ?? '',
      group: item.groups[0] ?? '',
      gone: row['gone_at'] !== null,
    });
  }
  return known;
}

export function countTitles(database: Database, sourceId: string, kind: TitleKind): number {
  const row = database
    .sql('SELECT count(*) AS n FROM title WHERE source_id = ? AND kind = ? AND gone_at IS NULL')
    .get(sourceId, kind);
  return row === undefined ? 0 : int(row, 'n');
}

/** Makes the items put in the movies or series of a source, in one transaction of the caller; see ChannelImport. */
export class TitleImport {
  readonly #database: Database;
  readonly #sourceId: string;
  readonly #kind: TitleKind;
  readonly #seen = new Set<string>();
  #position = 0;
  #changed = 0;

  constructor(database: Database, sourceId: string, kind: TitleKind) {
    this.#database = database;
    this.#sourceId = sourceId;
    this.#kind = kind;
  }

  /** Returns the id of the title. */
  put(known: string | null, item: MovieItem | SeriesItem): string {
    const { providerId, ...rest } = item;
    const { locator, ...stored } = { locator: undefined, ...rest };
    const provider = JSON.stringify(stored);
    const place = locator === undefined ? null : JSON.stringify(locator);
    const position = this.#position++;
    const id = known ?? this.#newId(providerId, stored.title);
    this.#seen.add(id);
    const row = this.#database
      .sql('SELECT provider_id, provider, locator, position, gone_at FROM title WHERE id = ?')
      .get(id);
    if (row === undefined)
      this.#database
        .sql(
          `INSERT INTO title (id, kind, source_id, provider_id, provider, locator, name_fold, position)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(id, this.#kind, this.#sourceId, providerId, provider, place, fold(stored.title), position);
    else if (
      row['provider'] !== provider ||
      row['gone_at'] !== null ||
      row['provider_id'] !== providerId ||
      row['locator'] !== place ||
      row['position'] !== position
    )
      this.#database
        .sql(
          `UPDATE title SET provider = ?, provider_id = ?, locator = ?, name_fold = ?, position = ?, gone_at = NULL
           WHERE id = ?`,
        )
        .run(provider, providerId, place, fold(stored.title), position, id);
    if (row === undefined || row['provider'] !== provider || row['gone_at'] !== null) {
      this.#changed++;
      this.#writeGroups(id, stored.groups);
    }
    return id;
  }

  finish(now: number): PublishedPart {
    const rows = this.#database
      .sql('SELECT id FROM title WHERE source_id = ? AND kind = ? AND gone_at IS NULL')
      .all(this.#sourceId, this.#kind);
    const vanished = rows.map((row) => text(row, 'id')).filter((id) => !this.#seen.has(id));
    for (const id of vanished) this.#database.sql('UPDATE title SET gone_at = ? WHERE id = ?').run(now, id);
    this.#database
      .sql('DELETE FROM title WHERE source_id = ? AND kind = ? AND gone_at < ?')
      .run(this.#sourceId, this.#kind, now - goneForMs);
    return { count: this.#position, changed: this.#changed + vanished.length };
  }

  #newId(providerId: string, title: string): string {
    const taken = this.#database.sql('SELECT 1 FROM title WHERE id = ?');
    const prefix = this.#kind === 'movie' ? 'm' : 's';
    return stableId(prefix, [this.#sourceId, this.#kind, providerId, title], (made) => taken.get(made) !== undefined);
  }

  #writeGroups(id: string, groups: readonly string[]): void {
    this.#database.sql('DELETE FROM title_group WHERE title_id = ?').run(id);
    for (const name of new Set(groups)) this.#database.sql('INSERT INTO title_group VALUES (?, ?)').run(name, id);
  }
}
