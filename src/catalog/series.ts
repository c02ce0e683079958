import type { EpisodeId, SeriesId, SourceId } from '../model/ids.ts';
import type { Episode, FileFacts, GroupCount, Page, PageQuery, Series, SeriesReads } from './contract.ts';
import type { Database } from './database.ts';
import { decodeCursor, encodeCursor, limitOf } from './page.ts';
import { int, text } from './row.ts';
import { episodeOf, seriesOf } from './title-row.ts';
import { Titles } from './titles.ts';
import type { WriteQueue } from './write-queue.ts';

const episodesFreshMs = 86_400_000;
const episodeColumns = 'id, series_id, source_id, season, number, provider, locator, file';

export class SeriesShelf implements SeriesReads {
  readonly #database: Database;
  readonly #queue: WriteQueue;
  readonly #titles: Titles;

  constructor(database: Database, queue: WriteQueue) {
    this.#database = database;
    this.#queue = queue;
    this.#titles = new Titles(database, 'series');
  }

  list(query: PageQuery): Page<Series> {
    return this.#titles.list(query, seriesOf);
  }

  get(id: SeriesId): Series | null {
    return this.#titles.get(id, seriesOf);
  }

  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[] {
    return this.#titles.groups(sourceIds);
  }

  episodes(id: SeriesId, query: Pick<PageQuery, 'limit' | 'cursor'>): Page<Episode> {
    const limit = limitOf(query);
    const after =
      query.cursor === undefined ? [-1, -1, ''] : decodeCursor(query.cursor, ['number', 'number', 'string']);
    return this.#database.read(() => {
      const counted = this.#database.sql('SELECT count(*) AS n FROM episode WHERE series_id = ?').get(id);
      const rows = this.#database
        .sql(
          `SELECT ${episodeColumns} FROM episode WHERE series_id = ? AND (season, number, id) > (?, ?, ?)
           ORDER BY season, number, id LIMIT ${limit + 1}`,
        )
        .all(id, ...after);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        items: shown.map(episodeOf),
        total: counted === undefined ? 0 : int(counted, 'n'),
        next: last === undefined ? null : encodeCursor([int(last, 'season'), int(last, 'number'), text(last, 'id')]),
      };
    });
  }

  episode(id: EpisodeId): Episode | null {
    const row = this.#database.sql(`SELECT ${episodeColumns} FROM episode WHERE id = ?`).get(id);
    return row === undefined ? null : episodeOf(row);
  }

  /** True when the episodes were never read, or its `last_modified` has moved since; without one, after a day. */
  needsEpisodes(series: Series, now: number): boolean {
    if (series.episodesReadAt === null) return true;
    if (series.modifiedUnix === null) return now - series.episodesReadAt > episodesFreshMs;
    const row = this.#database.sql('SELECT episodes_modified FROM title WHERE id = ?').get(series.id);
    return row?.['episodes_modified'] !== Math.trunc(series.modifiedUnix);
  }

  /** Queued; adds to what is known of the file. */
  saveFile(id: EpisodeId, facts: FileFacts): void {
    this.#queue
      .submit(() =>
        this.#database.sql('UPDATE episode SET file = json_patch(file, ?) WHERE id = ?').run(JSON.stringify(facts), id),
      )
      // Facts are learned anew with the next playback.
      .catch(() => {});
  }
}
