import type { EpisodeItem } from '../model/items.ts';
import type { Database } from './database.ts';
import type { KnownItem } from './import.ts';
import { int, text } from './row.ts';
import { stableId } from './stable-id.ts';

/** How an episode is named when it is compared: by its place in the series. */
export function episodeName(season: number, episode: number): string {
  return `s${season}e${episode}`;
}

export function knownEpisodes(database: Database, seriesId: string): KnownItem[] {
  return database
    .sql('SELECT id, provider_id, season, number FROM episode WHERE series_id = ? ORDER BY season, number, id')
    .all(seriesId)
    .map((row) => ({
      id: text(row, 'id'),
      key: text(row, 'provider_id'),
      name: episodeName(int(row, 'season'), int(row, 'number')),
      guideId: '',
      group: '',
      gone: false,
    }));
}

/** Makes `items` the episodes of a series, in one transaction of the caller. `ids` are those the items are known by, or null. */
export function publishEpisodes(
  database: Database,
  series: { readonly id: string; readonly sourceId: string; readonly modifiedUnix: number | null },
  items: readonly EpisodeItem[],
  ids: readonly (string | null)[],
  now: number,
): void {
  const taken = database.sql('SELECT 1 FROM episode WHERE id = ?');
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const { providerId, locator, season, episode, ...stored } = item;
    const id =
      ids[index] ??
      stableId('e', [series.id, providerId, episodeName(season, episode)], (made) => taken.get(made) !== undefined);
    seen.add(id);
    database
      .sql(
        `INSERT INTO episode (id, series_id, source_id, season, number, provider_id, provider, locator)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET season = excluded.season, number = excluded.number,
           provider_id = excluded.provider_id, provider = excluded.provider, locator = excluded.locator`,
      )
      .run(
        id,
        series.id,
        series.sourceId,
        Math.trunc(season) || 0,
        Math.trunc(episode) || 0,
        providerId,
        JSON.stringify(stored),
        JSON.stringify(locator),
      );
  }
  for (const known of knownEpisodes(database, series.id))
    if (!seen.has(known.id)) database.sql('DELETE FROM episode WHERE id = ?').run(known.id);
  database
    .sql('UPDATE title SET episodes_read_at = ?, episodes_modified = ? WHERE id = ?')
    .run(now, series.modifiedUnix === null ? null : Math.trunc(series.modifiedUnix), series.id);
}
