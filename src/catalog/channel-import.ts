import type { Catchup, LiveItem } from '../model/items.ts';
import { effectiveFields, type StoredLive, sortColumns } from './channel-row.ts';
import { writeGroups } from './channels.ts';
import type { ChannelOverrides } from './contract.ts';
import { bumpCounter } from './counters.ts';
import type { Database } from './database.ts';
import type { KnownItem, PublishedPart } from './import.ts';
import { goneForMs } from './import.ts';
import { int, json, text } from './row.ts';
import { stableId } from './stable-id.ts';

/** Every channel of a source, those that vanished too, in the order of the last list. */
export function knownChannels(database: Database, sourceId: string): KnownItem[] {
  const known: KnownItem[] = [];
  const rows = database
    .sql('SELECT id, provider_id, provider, gone_at FROM channel WHERE source_id = ? ORDER BY position, id')
    .each(sourceId);
  for (const row of rows) {
    const item = json(row, 'provider') as StoredLive;
    known.push({
      id: text(row, 'id'),
      key: text(row, 'provider_id'),
      name: item.name,
      guideId: item.guideId ?? '',
      group: item.groups[0] ?? '',
      gone: row['gone_at'] !== null,
    });
  }
  return known;
}

/** The channels of a source as the guide is looked up for them: with the overrides of the user. */
export function* guidedChannels(
  database: Database,
  sourceId: string,
): Generator<{
  readonly providerId: string;
  readonly name: string;
  readonly guideId: string | null;
  readonly guideName: string | null;
  readonly catchup: Catchup | null;
}> {
  const rows = database
    .sql('SELECT provider_id, provider, overrides FROM channel WHERE source_id = ? AND gone_at IS NULL')
    .each(sourceId);
  for (const row of rows) {
    const item = json(row, 'provider') as StoredLive;
    const { name, guideId } = effectiveFields(item, json(row, 'overrides') as ChannelOverrides);
    const { guideName = null, catchup = null } = item;
    yield { providerId: text(row, 'provider_id'), name, guideId, guideName, catchup };
  }
}

/** How many channels of a source are in use. */
export function countChannels(database: Database, sourceId: string): number {
  const row = database.sql('SELECT count(*) AS n FROM channel WHERE source_id = ? AND gone_at IS NULL').get(sourceId);
  return row === undefined ? 0 : int(row, 'n');
}

/**
 * Makes `items` the channels of a source, in one transaction of the caller. An item comes with the id it is known by, or null when it
 * is new. Only what differs is written.
 */
export class ChannelImport {
  readonly #database: Database;
  readonly #sourceId: string;
  readonly #seen = new Set<string>();
  #position = 0;
  #changed = 0;

  constructor(database: Database, sourceId: string) {
    this.#database = database;
    this.#sourceId = sourceId;
  }

  put(id: string | null, item: LiveItem): void {
    const { providerId, locator, ...stored } = item;
    const provider = JSON.stringify(stored);
    const place = JSON.stringify(locator);
    const position = this.#position++;
    if (id === null) {
      this.#seen.add(this.#insert(providerId, stored, provider, place, position));
      return;
    }
    this.#seen.add(id);
    const row = this.#database
      .sql(
        `SELECT c.provider_id, c.provider, c.overrides, c.position, c.gone_at, s.locator
         FROM channel c LEFT JOIN stream s ON s.channel_id = c.id AND s.position = 0 WHERE c.id = ?`,
      )
      .get(id);
    if (row === undefined) return;
    if (row['provider'] !== provider || row['gone_at'] !== null) {
      const fields = effectiveFields(stored, json(row, 'overrides') as ChannelOverrides);
      this.#database
        .sql('UPDATE channel SET provider = ?, name_fold = ?, number_sort = ?, hidden = ?, gone_at = NULL WHERE id = ?')
        .run(provider, ...sortColumns(fields), id);
      writeGroups(this.#database, id, fields.groups);
      this.#changed++;
    }
    if (row['provider_id'] !== providerId || row['position'] !== position)
      this.#database.sql('UPDATE channel SET provider_id = ?, position = ? WHERE id = ?').run(providerId, position, id);
    if (row['locator'] !== place)
      this.#database.sql('UPDATE stream SET locator = ? WHERE channel_id = ? AND position = 0').run(place, id);
  }

  /** Hides the channels that did not come, and removes those that have been hidden for long. */
  finish(now: number): PublishedPart {
    const rows = this.#database
      .sql('SELECT id FROM channel WHERE source_id = ? AND gone_at IS NULL')
      .all(this.#sourceId);
    const vanished = rows.map((row) => text(row, 'id')).filter((id) => !this.#seen.has(id));
    for (const id of vanished) this.#database.sql('UPDATE channel SET gone_at = ? WHERE id = ?').run(now, id);
    this.#database.sql('DELETE FROM channel WHERE source_id = ? AND gone_at < ?').run(this.#sourceId, now - goneForMs);
    const changed = this.#changed + vanished.length;
    if (changed > 0) bumpCounter(this.#database, 'lineup');
    return { count: this.#position, changed };
  }

  #insert(providerId: string, stored: StoredLive, provider: string, locator: string, position: number): string {
    const taken = this.#database.sql('SELECT 1 FROM channel WHERE id = ?');
    const id = stableId(
      'c',
      [this.#sourceId, 'live', providerId, stored.name],
      (made) => taken.get(made) !== undefined,
    );
    const fields = effectiveFields(stored, {});
    this.#database
      .sql(
        `INSERT INTO channel (id, source_id, provider_id, provider, name_fold, number_sort, hidden, position)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, this.#sourceId, providerId, provider, ...sortColumns(fields), position);
    for (const name of new Set(fields.groups))
      this.#database.sql('INSERT INTO channel_group VALUES (?, ?)').run(name, id);
    this.#database
      .sql('INSERT INTO stream (id, channel_id, position, source_id, locator) VALUES (?, ?, 0, ?, ?)')
      .run(`st${id.slice(1)}`, id, this.#sourceId, locator);
    this.#changed++;
    return id;
  }
}
