import type { GroupCount, Page, PageQuery } from './contract.ts';
import type { Database, Row } from './database.ts';
import { Conditions, decodeCursor, encodeCursor, limitOf } from './page.ts';
import { int, text } from './row.ts';

const columns = 'id, source_id, provider_id, provider, locator, name_fold, file, episodes_read_at, episodes_modified';

/** Many films begin with the same word; more than these are not looked at. */
const mostAkin = 200;

/** Movies and series share a table, as they share nearly all of their fields and every query. */
export class Titles {
  readonly #database: Database;
  readonly #kind: 'movie' | 'series';

  constructor(database: Database, kind: 'movie' | 'series') {
    this.#database = database;
    this.#kind = kind;
  }

  list<Item>(query: PageQuery, make: (row: Row) => Item): Page<Item> {
    const limit = limitOf(query);
    const where = new Conditions()
      .add('kind = ?', this.#kind)
      .add('gone_at IS NULL')
      .sources('source_id', query.sourceIds)
      .search('name_fold', query.q);
    if (query.group !== undefined) where.add('id IN (SELECT title_id FROM title_group WHERE name = ?)', query.group);
    return this.#database.read(() => {
      const counted = this.#database.sql(`SELECT count(*) AS n FROM title WHERE ${where.sql}`).get(...where.values);
      if (query.cursor !== undefined)
        where.add('(name_fold, id) > (?, ?)', ...decodeCursor(query.cursor, ['string', 'string']));
      const rows = this.#database
        .sql(`SELECT ${columns} FROM title WHERE ${where.sql} ORDER BY name_fold, id LIMIT ${limit + 1}`)
        .all(...where.values);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        items: shown.map(make),
        total: counted === undefined ? 0 : int(counted, 'n'),
        next: last === undefined ? null : encodeCursor([text(last, 'name_fold'), text(last, 'id')]),
      };
    });
  }

  get<Item>(id: string, make: (row: Row) => Item): Item | null {
    const row = this.#database
      .sql(`SELECT ${columns} FROM title WHERE id = ? AND kind = ? AND gone_at IS NULL`)
      .get(id, this.#kind);
    return row === undefined ? null : make(row);
  }

  /** Titles of other sources that may be the same: by TMDB's number, or by how the name begins. */
  akin<Item>(
    row: { readonly sourceId: string; readonly tmdbId: string | null; readonly plainName: string },
    make: (row: Row) => Item,
  ): Item[] {
    const found = new Map<string, Item>();
    const where = 'kind = ? AND gone_at IS NULL AND source_id <> ?';
    const take = (rows: readonly Row[]): void => {
      for (const each of rows) found.set(text(each, 'id'), make(each));
    };
    if (row.tmdbId !== null)
      take(
        this.#database
          .sql(
            `SELECT ${columns} FROM title WHERE json_extract(provider, '$.tmdbId') = ? AND ${where} ORDER BY source_id, position LIMIT ${mostAkin}`,
          )
          .all(row.tmdbId, this.#kind, row.sourceId),
      );
    if (row.plainName !== '')
      take(
        this.#database
          .sql(
            `SELECT ${columns} FROM title WHERE ${where} AND name_fold >= ? AND name_fold < ? ORDER BY name_fold, source_id LIMIT ${mostAkin}`,
          )
          .all(this.#kind, row.sourceId, row.plainName, `${row.plainName}\u{10ffff}`),
      );
    return [...found.values()];
  }

  groups(sourceIds: readonly string[] | undefined): readonly GroupCount[] {
    const where = new Conditions().add('kind = ?', this.#kind).add('gone_at IS NULL').sources('source_id', sourceIds);
    return this.#database
      .sql(
        `SELECT g.name AS name, count(*) AS n FROM title_group g JOIN title t ON t.id = g.title_id
         WHERE ${where.sql} GROUP BY g.name ORDER BY g.name`,
      )
      .all(...where.values)
      .map((row) => ({ name: text(row, 'name'), count: int(row, 'n') }));
  }
}
