import { createHash } from 'node:crypto';
import type { GuideChannel, Programme } from '../model/programme.ts';
import { bumpCounter } from './counters.ts';
import type { Database, Row } from './database.ts';
import { createFeedTables, dropOrphanTables, type FeedTables, feedTables } from './feed-tables.ts';
import { int, json, text, textOrNull } from './row.ts';

/** Rows of one transaction: large enough to be quick, small enough that the write-ahead log stays at a few megabytes. */
const chunkRows = 8_000;
/** Guide channels of one transaction while past programmes are taken over. */
const historyChunk = 100;
/** A programme that lasts longer is an error of the guide; the reader of the table looks back no further. */
export const longestProgrammeSec = 172_800;

export interface FeedIdentity {
  readonly sourceId: string;
  /** `epg`, `own`, `playlist-0`: what the feed is to its source. */
  readonly name: string;
  /** Lower is preferred. */
  readonly priority: number;
}

export interface FeedImportOptions {
  readonly fromUnix: number;
  readonly toUnix: number;
  /** What began before this is kept from the generation in use, where the feed carries it no longer; nothing is when it is absent. */
  readonly nowUnix?: number;
  /** From when on past programmes of a guide channel are kept, where that is before `fromUnix`. */
  keepsFrom?(id: string, names: readonly string[]): number;
  /** Whether programmes of this guide channel are of use to a channel. */
  isWanted(id: string, names: readonly string[]): boolean;
  /** How many guide channels that nobody wants yet keep their programmes, so that choosing one shows its guide at once. */
  readonly spareChannels: number;
}

type PendingRow = readonly [channel: number, start: number, stop: number, title: string, detail: string | null];

/** The feed's row, made when it is new. */
export function ensureFeed(
  database: Database,
  feed: FeedIdentity,
): { readonly id: number; readonly programmes: number } {
  return database.write(() => {
    database
      .sql(
        `INSERT INTO feed (source_id, name, priority) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET priority = excluded.priority WHERE priority <> excluded.priority`,
      )
      .run(feed.sourceId, feed.name, feed.priority);
    const row = database
      .sql('SELECT id, programmes FROM feed WHERE source_id = ? AND name = ?')
      .get(feed.sourceId, feed.name);
    if (row === undefined) throw new Error('a feed that was just written is not there');
    return { id: int(row, 'id'), programmes: int(row, 'programmes') };
  });
}

/** Fills a new generation of a feed beside the one in use. `publish` or `discard` ends it; a killed one leaves tables that nobody sees. */
export class FeedImport {
  readonly #database: Database;
  readonly #feedId: number;
  readonly #generation: number;
  readonly #tables: FeedTables;
  readonly #options: FeedImportOptions;
  readonly #hash = createHash('sha256');
  readonly #numbers = new Map<string, number>();
  /** By guide channel number: whether its programmes are kept; undecided until the first comes. */
  readonly #kept: (boolean | undefined)[] = [];
  /** By guide channel number: from when on its programmes are kept. */
  readonly #froms: number[] = [];
  #spare: number;
  #pending: PendingRow[] = [];
  #programmes = 0;

  constructor(database: Database, feedId: number, options: FeedImportOptions) {
    this.#database = database;
    this.#feedId = feedId;
    this.#options = options;
    this.#spare = options.spareChannels;
    dropOrphanTables(database, feedId);
    const row = database.sql('SELECT generation FROM feed WHERE id = ?').get(feedId);
    this.#generation = (row === undefined ? 0 : int(row, 'generation')) + 1;
    this.#tables = feedTables(feedId, this.#generation);
    database.write(() => createFeedTables(database, this.#tables));
  }

  channels(channels: readonly GuideChannel[]): void {
    this.#database.write(() => {
      for (const { id, names } of channels) this.#addChannel(id, names);
    });
  }

  programmes(programmes: readonly Programme[]): void {
    const { toUnix } = this.#options;
    for (const programme of programmes) {
      const { guideId, startUnix, stopUnix, title, ...detail } = programme;
      // Written so that a time that is no number is left out as well.
      if (!(stopUnix > startUnix && startUnix < toUnix)) continue;
      if (!this.keeps(guideId)) continue;
      const number = this.#numbers.get(guideId) ?? 0;
      if (!(stopUnix > (this.#froms[number] ?? 0))) continue;
      const start = Math.trunc(startUnix);
      const stop = Math.trunc(Math.min(stopUnix, startUnix + longestProgrammeSec));
      const rest = JSON.stringify(detail);
      this.#pending.push([number, start, stop, title, rest === '{}' ? null : rest]);
      if (this.#pending.length >= chunkRows) this.#flush();
    }
  }

  /** Whether programmes of this guide channel are kept; decided when the first one comes. */
  keeps(id: string): boolean {
    const number = this.#numbers.get(id) ?? this.#addChannel(id, []);
    const known = this.#kept[number];
    if (known !== undefined) return known;
    const kept = this.#options.isWanted(id, []) || this.#spare-- > 0;
    this.#kept[number] = kept;
    return kept;
  }

  /** Writes what is left; how many programmes there are now, of all that could be used. */
  finish(): number {
    this.#flush();
    return this.#programmes;
  }

  /** Makes the new generation the one that is read. False when it says the same as the last one, which then stays. */
  publish(): boolean {
    const hash = this.#hash.copy().digest('base64url');
    const row = this.#database.sql('SELECT hash, generation FROM feed WHERE id = ?').get(this.#feedId);
    const changed = row === undefined || textOrNull(row, 'hash') !== hash;
    if (changed) {
      this.#keepHistory();
      this.#database.write(() => {
        this.#database
          .sql('UPDATE feed SET generation = ?, hash = ?, programmes = ? WHERE id = ?')
          .run(this.#generation, hash, this.#programmes, this.#feedId);
        bumpCounter(this.#database, 'guide');
      });
    }
    dropOrphanTables(this.#database, this.#feedId);
    return changed;
  }

  discard(): void {
    dropOrphanTables(this.#database, this.#feedId);
  }

  #addChannel(id: string, names: readonly string[]): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(id, number);
    this.#froms[number] = this.#fromOf(id, names);
    const stored = JSON.stringify(names);
    this.#hash.update(`${JSON.stringify(id)}${stored}\n`);
    if (this.#options.isWanted(id, names)) this.#kept[number] = true;
    this.#database.sql(`INSERT INTO ${this.#tables.channels} VALUES (?, ?, ?)`).run(number, id, stored);
    return number;
  }

  #fromOf(id: string, names: readonly string[]): number {
    const { fromUnix } = this.#options;
    return Math.min(fromUnix, this.#options.keepsFrom?.(id, names) ?? fromUnix);
  }

  /**
   * Takes over what is past and not in the feed any more: feeds carry a day of the past, archives a week (Dispatcharr#1707). It counts
   * neither for the number of programmes nor for whether the feed has changed.
   */
  #keepHistory(): void {
    const { nowUnix } = this.#options;
    const before = this.#database.sql('SELECT generation FROM feed WHERE id = ?').get(this.#feedId);
    const generation = before === undefined ? 0 : int(before, 'generation');
    if (nowUnix === undefined || generation === 0) return;
    const old = feedTables(this.#feedId, generation);
    const channels = this.#database.sql(`SELECT num, id, names FROM ${old.channels}`).all();
    for (let at = 0; at < channels.length; at += historyChunk)
      this.#database.write(() => {
        for (const row of channels.slice(at, at + historyChunk)) this.#keepHistoryOf(row, old, nowUnix);
      });
  }

  #keepHistoryOf(row: Row, old: FeedTables, nowUnix: number): void {
    const [id, names] = [text(row, 'id'), json(row, 'names') as string[]];
    const known = this.#numbers.get(id);
    if (known === undefined ? !this.#options.isWanted(id, names) : this.#kept[known] !== true) return;
    const from = known === undefined ? this.#fromOf(id, names) : (this.#froms[known] ?? nowUnix);
    const number = known ?? this.#numbers.size;
    const { programmes, channels } = this.#tables;
    const copied = this.#database
      .sql(
        `INSERT OR IGNORE INTO ${programmes} SELECT ?, start, stop, title, detail FROM ${old.programmes}
         WHERE channel = ? AND stop > ? AND start < min(?, coalesce((SELECT min(start) FROM ${programmes} WHERE channel = ?), ?))`,
      )
      .run(number, int(row, 'num'), from, nowUnix, number, nowUnix);
    if (known !== undefined || copied === 0) return;
    this.#numbers.set(id, number);
    this.#database.sql(`INSERT INTO ${channels} VALUES (?, ?, ?)`).run(number, id, text(row, 'names'));
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const rows = this.#pending;
    this.#pending = [];
    let hashed = '';
    this.#database.write(() => {
      const insert = this.#database.sql(`INSERT OR IGNORE INTO ${this.#tables.programmes} VALUES (?, ?, ?, ?, ?)`);
      for (const row of rows) {
        this.#programmes += insert.run(...row);
        hashed += `${row[0]} ${row[1]} ${row[2]} ${row[3]}\u0000${row[4]}\n`;
      }
    });
    this.#hash.update(hashed);
  }
}
