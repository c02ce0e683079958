import { z } from 'zod';
import { listedStreams, restoreStreams } from './channel-streams.ts';
import { bumpCounter } from './counters.ts';
import type { Database } from './database.ts';
import { jsonOrNull, text } from './row.ts';

const json = z.record(z.string(), z.unknown());

/**
 * A channel's identity and what the user made of it, as `coax export` writes it. Streams are not part of it: a refresh brings them. The list of
 * streams that it is played from is.
 */
export const archivedChannel = z.strictObject({
  id: z.string().min(1),
  sourceId: z.string().min(1),
  providerId: z.string(),
  provider: json,
  overrides: json,
  request: json.nullable().default(null),
  streams: z.array(z.string().min(1)).nullable().default(null),
});
export type ArchivedChannel = z.infer<typeof archivedChannel>;

/** Every channel, also those that vanished lately, in a stable order. */
export function* archivedChannels(database: Database): Generator<ArchivedChannel> {
  for (const row of database
    .sql(
      'SELECT id, source_id, provider_id, provider, overrides, request FROM channel ORDER BY source_id, position, id',
    )
    .each()) {
    yield {
      id: text(row, 'id'),
      sourceId: text(row, 'source_id'),
      providerId: text(row, 'provider_id'),
      provider: json.parse(JSON.parse(text(row, 'provider'))),
      overrides: json.parse(JSON.parse(text(row, 'overrides'))),
      request: json.nullable().parse(jsonOrNull(row, 'request')),
      streams: listedStreams(database, text(row, 'id')),
    };
  }
}

/**
 * Puts channels back as ones that vanished: the next refresh finds their entries in the provider's list, and they return with their ids
 * and overrides. Channels that are there already only get the overrides. Returns how many were taken.
 */
export function restoreChannels(database: Database, channels: readonly ArchivedChannel[], now: number): number {
  return database.write(() => {
    const insert = database.sql(
      `INSERT INTO channel (id, source_id, provider_id, provider, overrides, request, name_fold, number_sort, hidden, position, gone_at)
       VALUES (?, ?, ?, ?, ?, ?, '', 0, 0, ?, ?) ON CONFLICT (id) DO UPDATE SET overrides = excluded.overrides, request = excluded.request`,
    );
    // The import finds a stream to put the new address into; until then the channel is not seen.
    const stream = database.sql(
      `INSERT OR IGNORE INTO stream (id, channel_id, position, source_id, locator) VALUES (?, ?, 0, ?, ?)`,
    );
    const nowhere = JSON.stringify({ kind: 'url', url: '' });
    for (const [position, channel] of channels.entries()) {
      insert.run(
        channel.id,
        channel.sourceId,
        channel.providerId,
        JSON.stringify(channel.provider),
        JSON.stringify(channel.overrides),
        channel.request === null ? null : JSON.stringify(channel.request),
        position,
        now,
      );
      restoreStreams(database, channel.id, channel.streams ?? []);
      stream.run(`st${channel.id.slice(1)}`, channel.id, channel.sourceId, nowhere);
    }
    bumpCounter(database, 'lineup');
    return channels.length;
  });
}
