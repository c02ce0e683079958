import { CoaxError } from '../errors.ts';
import type { ChannelId, StreamId } from '../model/ids.ts';
import { streamOf } from './channel-row.ts';
import type { CatalogStream } from './contract.ts';
import { bumpCounter } from './counters.ts';
import type { Database } from './database.ts';
import { text } from './row.ts';

const columns =
  "s.id, s.channel_id, s.source_id, s.locator, s.codecs, c.request, json_extract(c.provider, '$.catchup') AS catchup";

/**
 * The streams of channels, in order of preference: those of its list where there is one, else its own. Streams that are not there now (their
 * source was removed, or the provider has dropped them) are left out, and come back with their source; a channel that would have none
 * keeps its own.
 */
export function streamsOf(database: Database, channels: readonly string[]): Map<string, CatalogStream[]> {
  const wanted = JSON.stringify(channels);
  const listed = database
    .sql(
      `SELECT l.channel_id AS listed_in, ${columns}
       FROM channel_stream l JOIN stream s ON s.id = l.stream_id JOIN channel c ON c.id = s.channel_id AND c.gone_at IS NULL
       WHERE l.channel_id IN (SELECT value FROM json_each(?)) ORDER BY l.channel_id, l.position`,
    )
    .all(wanted);
  const own = database
    .sql(
      `SELECT s.channel_id AS listed_in, ${columns} FROM stream s JOIN channel c ON c.id = s.channel_id
       WHERE s.channel_id IN (SELECT value FROM json_each(?)) ORDER BY s.channel_id, s.position`,
    )
    .all(wanted);
  const streams = Map.groupBy(listed, (row) => text(row, 'listed_in'));
  for (const [channel, rows] of Map.groupBy(own, (row) => text(row, 'listed_in')))
    if (!streams.has(channel)) streams.set(channel, rows);
  return new Map([...streams].map(([channel, rows]) => [channel, rows.map((row) => streamOf(row))]));
}

/** The ids of a channel's list as they were given; null where it has none. Also those that are not there now. */
export function listedStreams(database: Database, id: string): StreamId[] | null {
  const rows = database.sql('SELECT stream_id FROM channel_stream WHERE channel_id = ? ORDER BY position').all(id);
  return rows.length === 0 ? null : rows.map((row) => text(row, 'stream_id') as StreamId);
}

/**
 * Gives a channel a list of streams, in order of preference; an empty one takes it away again. In a transaction of the caller. BAD_REQUEST for
 * streams that do not exist, or come twice.
 */
export function listStreams(database: Database, id: ChannelId, streams: readonly StreamId[]): void {
  const known = database.sql('SELECT 1 AS n FROM stream WHERE id = ?');
  const before = listedStreams(database, id) ?? [];
  const unknown = streams.filter((stream) => !before.includes(stream) && known.get(stream) === undefined);
  if (unknown.length > 0)
    throw new CoaxError('BAD_REQUEST', `There is no stream ${unknown.join(', ')}`, { details: { unknown } });
  if (new Set(streams).size < streams.length) throw new CoaxError('BAD_REQUEST', 'A stream is named twice');
  if (JSON.stringify(before) === JSON.stringify(streams)) return;
  restoreStreams(database, id, streams);
  bumpCounter(database, 'lineup');
}

/** Writes a list as it is; for an import, before its streams are there. */
export function restoreStreams(database: Database, id: string, streams: readonly string[]): void {
  database.sql('DELETE FROM channel_stream WHERE channel_id = ?').run(id);
  const insert = database.sql('INSERT INTO channel_stream (channel_id, position, stream_id) VALUES (?, ?, ?)');
  for (const [position, stream] of streams.entries()) insert.run(id, position, stream);
}
