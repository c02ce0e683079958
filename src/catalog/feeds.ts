import type { GuideId, SourceId } from '../model/ids.ts';
import type { Programme } from '../model/programme.ts';
import type { Cells, Database, Row } from './database.ts';
import { longestProgrammeSec } from './feed-import.ts';
import { feedTables } from './feed-tables.ts';
import { int, json, text } from './row.ts';

/** A feed as it is published now. Another generation means other content. */
export interface Feed {
  readonly id: number;
  readonly sourceId: SourceId;
  readonly generation: number;
}

export interface FeedChannel {
  /** Names the channel within this generation of the feed. */
  readonly number: number;
  readonly id: GuideId;
  readonly names: readonly string[];
}

function feedOf(row: Row): Feed {
  return {
    id: int(row, 'id'),
    sourceId: text(row, 'source_id') as SourceId,
    generation: int(row, 'generation'),
  };
}

function programmeOf(guideId: GuideId, [start, stop, title, detail]: Cells): Programme {
  const known = { guideId, startUnix: Number(start), stopUnix: Number(stop), title: String(title) };
  return typeof detail === 'string' ? { ...known, ...(JSON.parse(detail) as Partial<Programme>) } : known;
}

/** The published guides. What belongs together has to be read inside one `snapshot`, as a refresh may publish at any time. */
export class Feeds {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  snapshot<Result>(read: () => Result): Result {
    return this.#database.read(read);
  }

  /** Feeds of a source that have been read at least once, preferred ones first. */
  ofSource(sourceId: SourceId): readonly Feed[] {
    return this.#database
      .sql('SELECT id, source_id, generation FROM feed WHERE source_id = ? AND generation > 0 ORDER BY priority, id')
      .all(sourceId)
      .map(feedOf);
  }

  channels(feed: Feed): readonly FeedChannel[] {
    return this.#database
      .sql(`SELECT num, id, names FROM ${feedTables(feed.id, feed.generation).channels}`)
      .all()
      .map((row) => ({
        number: int(row, 'num'),
        id: text(row, 'id') as GuideId,
        names: json(row, 'names') as string[],
      }));
  }

  /** Programmes that touch the window, in order of start. */
  programmes(feed: Feed, channel: FeedChannel, fromUnix: number, toUnix: number): readonly Programme[] {
    return this.#database
      .cells(
        `SELECT start, stop, title, detail FROM ${feedTables(feed.id, feed.generation).programmes}
         WHERE channel = ? AND start < ? AND start > ? AND stop > ? ORDER BY start`,
      )
      .all(channel.number, toUnix, fromUnix - longestProgrammeSec, fromUnix)
      .map((cells) => programmeOf(channel.id, cells));
  }
}
