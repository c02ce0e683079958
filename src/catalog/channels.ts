import type { CodecFacts } from '../model/codec-facts.ts';
import type { ChannelId, SourceId, StreamId } from '../model/ids.ts';
import type { RequestOverride } from '../model/upstream-request.ts';
import { channelOf, effectiveFields, type StoredLive, sortColumns } from './channel-row.ts';
import { listedStreams, listStreams, streamsOf } from './channel-streams.ts';
import type {
  Channel,
  ChannelOverrides,
  ChannelPatch,
  ChannelQuery,
  ChannelReads,
  ChannelWrites,
  GroupCount,
  Neighbours,
  Page,
  RequestPatch,
} from './contract.ts';
import { bumpCounter, readCounter } from './counters.ts';
import type { Database, Row } from './database.ts';
import { Conditions, decodeCursor, encodeCursor, limitOf } from './page.ts';
import { int, json, jsonOrNull, text } from './row.ts';
import type { WriteQueue } from './write-queue.ts';

const columns = 'id, source_id, provider, overrides, name_fold, number_sort';

/** Rewrites the groups of a channel; inside a transaction. */
export function writeGroups(database: Database, id: string, groups: readonly string[]): void {
  database.sql('DELETE FROM channel_group WHERE channel_id = ?').run(id);
  for (const name of groups) database.sql('INSERT OR IGNORE INTO channel_group VALUES (?, ?)').run(name, id);
}

/** Which channels a query asks for, wherever its page begins. */
function shownBy(query: ChannelQuery): Conditions {
  const where = new Conditions().add('gone_at IS NULL');
  if (query.hidden !== 'with') where.add('hidden = ?', query.hidden === 'only' ? 1 : 0);
  where.sources('source_id', query.sourceIds).search('name_fold', query.q);
  for (const groups of [query.groups ?? [], query.group === undefined ? [] : [query.group]])
    if (groups.length > 0)
      where.add(
        'id IN (SELECT channel_id FROM channel_group WHERE name IN (SELECT value FROM json_each(?)))',
        JSON.stringify(groups),
      );
  return where;
}

/** The channels that the sources have now; those that vanished are kept for a while, but are not seen here. */
export class Channels implements ChannelReads, ChannelWrites {
  readonly #database: Database;
  readonly #queue: WriteQueue;
  #groups: { readonly key: string; readonly counts: readonly GroupCount[] } | undefined;

  constructor(database: Database, queue: WriteQueue) {
    this.#database = database;
    this.#queue = queue;
  }

  list(query: ChannelQuery): Page<Channel> {
    const limit = limitOf(query);
    const where = shownBy(query);
    return this.#database.read(() => {
      const counted = this.#database.sql(`SELECT count(*) AS n FROM channel WHERE ${where.sql}`).get(...where.values);
      if (query.cursor !== undefined)
        where.add(
          '(number_sort, name_fold, id) > (?, ?, ?)',
          ...decodeCursor(query.cursor, ['number', 'string', 'string']),
        );
      const rows = this.#database
        .sql(`SELECT ${columns} FROM channel WHERE ${where.sql} ORDER BY number_sort, name_fold, id LIMIT ${limit + 1}`)
        .all(...where.values);
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return {
        items: this.#withStreams(shown),
        total: counted === undefined ? 0 : int(counted, 'n'),
        next:
          last === undefined
            ? null
            : encodeCursor([int(last, 'number_sort'), text(last, 'name_fold'), text(last, 'id')]),
      };
    });
  }

  neighbours(query: ChannelQuery, id: ChannelId, count: number): Neighbours {
    return this.#database.read(() => {
      const own = this.#database.sql(`SELECT ${columns} FROM channel WHERE id = ? AND gone_at IS NULL`).get(id);
      if (own === undefined) return { before: [], after: [] };
      const place = [int(own, 'number_sort'), text(own, 'name_fold'), text(own, 'id')];
      const beside = (sign: '<' | '>', order: string): readonly Channel[] => {
        const where = shownBy(query).add(`(number_sort, name_fold, id) ${sign} (?, ?, ?)`, ...place);
        const rows = this.#database.sql(`SELECT ${columns} FROM channel WHERE ${where.sql} ${order} LIMIT ?`);
        return this.#withStreams(rows.all(...where.values, count));
      };
      return {
        before: beside('<', 'ORDER BY number_sort DESC, name_fold DESC, id DESC'),
        after: beside('>', 'ORDER BY number_sort, name_fold, id'),
      };
    });
  }

  get(id: ChannelId): Channel | null {
    return this.#database.read(() => {
      const row = this.#database.sql(`SELECT ${columns} FROM channel WHERE id = ? AND gone_at IS NULL`).get(id);
      return row === undefined ? null : (this.#withStreams([row])[0] ?? null);
    });
  }

  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[] {
    // Counting walks over every channel, and the answer only changes with the lineup.
    const key = `${readCounter(this.#database, 'lineup')} ${JSON.stringify(sourceIds)}`;
    if (this.#groups?.key !== key) this.#groups = { key, counts: this.#countGroups(sourceIds) };
    return this.#groups.counts;
  }

  async patch(id: ChannelId, patch: ChannelPatch): Promise<Channel | null> {
    await this.#queue.submit(() => this.#applyPatch(id, patch));
    return this.get(id);
  }

  async setRequest(id: ChannelId, patch: RequestPatch | null): Promise<Channel | null> {
    await this.#queue.submit(() => this.#applyRequest(id, patch));
    return this.get(id);
  }

  async setStreams(id: ChannelId, streams: readonly StreamId[]): Promise<Channel | null> {
    if (this.get(id) === null) return null;
    await this.#queue.submit(() => listStreams(this.#database, id, streams));
    return this.get(id);
  }

  listedStreams(id: ChannelId): readonly StreamId[] | null {
    return listedStreams(this.#database, id);
  }

  /** Every override there is; for whoever has to know what must not be seen. */
  requests(): RequestOverride[] {
    const rows = this.#database.sql('SELECT request FROM channel WHERE request IS NOT NULL').all();
    return rows.map((row) => json(row, 'request') as RequestOverride);
  }

  saveCodecs(stream: StreamId, facts: CodecFacts): void {
    this.#queue
      .submit(() => this.#database.sql('UPDATE stream SET codecs = ? WHERE id = ?').run(JSON.stringify(facts), stream))
      // Facts are learned anew with the next playback.
      .catch(() => {});
  }

  #countGroups(sourceIds: readonly SourceId[] | undefined): readonly GroupCount[] {
    const where = new Conditions().add('gone_at IS NULL').add('hidden = 0').sources('source_id', sourceIds);
    return this.#database
      .sql(
        `SELECT g.name AS name, count(*) AS n FROM channel_group g JOIN channel c ON c.id = g.channel_id
         WHERE ${where.sql} GROUP BY g.name ORDER BY g.name`,
      )
      .all(...where.values)
      .map((row) => ({ name: text(row, 'name'), count: int(row, 'n') }));
  }

  #applyPatch(id: ChannelId, patch: ChannelPatch): void {
    const row = this.#database.sql('SELECT provider, overrides FROM channel WHERE id = ? AND gone_at IS NULL').get(id);
    if (row === undefined) return;
    const before = json(row, 'overrides') as ChannelOverrides;
    const merged = Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null && value !== undefined);
    const overrides = Object.fromEntries(merged) as ChannelOverrides;
    const stored = JSON.stringify(overrides);
    if (stored === JSON.stringify(before)) return;
    const fields = effectiveFields(json(row, 'provider') as StoredLive, overrides);
    this.#database
      .sql('UPDATE channel SET overrides = ?, name_fold = ?, number_sort = ?, hidden = ? WHERE id = ?')
      .run(stored, ...sortColumns(fields), id);
    writeGroups(this.#database, id, fields.groups);
    bumpCounter(this.#database, 'lineup');
  }

  #applyRequest(id: ChannelId, patch: RequestPatch | null): void {
    const row = this.#database.sql('SELECT request FROM channel WHERE id = ? AND gone_at IS NULL').get(id);
    if (row === undefined) return;
    const before = patch === null ? {} : (jsonOrNull(row, 'request') as RequestOverride | null);
    const merged = Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null && value !== undefined);
    const stored = merged.length === 0 ? null : JSON.stringify(Object.fromEntries(merged));
    this.#database.sql('UPDATE channel SET request = ? WHERE id = ?').run(stored, id);
  }

  #withStreams(rows: readonly Row[]): Channel[] {
    const streams = streamsOf(
      this.#database,
      rows.map((row) => text(row, 'id')),
    );
    return rows.map((row) => channelOf(row, streams.get(text(row, 'id')) ?? []));
  }
}
