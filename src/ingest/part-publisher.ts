import { ChannelImport, countChannels, knownChannels } from '../catalog/channel-import.ts';
import type { JobCounts } from '../catalog/contract.ts';
import type { Database } from '../catalog/database.ts';
import type { KnownItem } from '../catalog/import.ts';
import { publishEpisodes } from '../catalog/episode-import.ts';
import { SourceStates } from '../catalog/source-states.ts';
import { countTitles, knownTitles, TitleImport } from '../catalog/title-import.ts';
import { toCoaxError } from '../errors.ts';
import type { EpisodeItem, Reject, SeriesItem } from '../model/items.ts';
import type { SourceId } from '../model/ids.ts';
import type { CatalogSummary } from '../sources/contract.ts';
import { matchEpisodes } from './episode-identity.ts';
import { judge } from './guards.ts';
import { matchItems } from './identity.ts';
import type { Problem } from './outcome.ts';
import type { RejectLog } from './reject-log.ts';
import type { StagedPart, Staging } from './staging.ts';

const rejectOf = { live: 'channel', movies: 'movie', series: 'series' } as const satisfies Record<
  StagedPart,
  Reject['what']
>;

/** Puts what a refresh has staged in the place of what was there, each part in one transaction, if the guards let it. */
export class PartPublisher {
  readonly #database: Database;
  readonly #sourceId: SourceId;
  readonly #collapseShare: number;
  readonly #now: number;
  readonly #states: SourceStates;

  constructor(database: Database, sourceId: SourceId, collapseShare: number, now: number) {
    this.#database = database;
    this.#sourceId = sourceId;
    this.#collapseShare = collapseShare;
    this.#now = now;
    this.#states = new SourceStates(database);
  }

  /** Null when the part is as the provider says now, or the provider does not have it at all. */
  publish(
    part: StagedPart,
    summary: CatalogSummary,
    count: number,
    staging: Staging,
    rejects: RejectLog,
  ): Problem | null {
    const problem = summary.problems.find((one) => one.part === part);
    const verdict = judge({
      part,
      state: summary[part],
      ...(problem !== undefined && { problem }),
      before: this.#count(part),
      after: count,
      heldCount: this.#states.held(this.#sourceId, part)?.count ?? null,
      collapseShare: this.#collapseShare,
    });
    const rejected = rejects.count(rejectOf[part], ...(part === 'live' ? (['line'] as const) : []));
    if (verdict.kind === 'skip') return null;
    if (verdict.kind === 'keep') {
      const { code, message, hold } = verdict;
      this.#database.write(() =>
        this.#states.failed(this.#sourceId, part, this.#now, { code, message }, rejected, hold),
      );
      return { part, code, message };
    }
    const ids = this.#match(part, staging);
    this.#database.write(() => {
      const { count: now } = part === 'live' ? this.#putLive(staging, ids) : this.#putTitles(part, staging, ids);
      this.#states.succeeded(this.#sourceId, part, this.#now, now, rejected);
    });
    return null;
  }

  /** Says of each part that is in use, and of the channels in any case, that its refresh failed. */
  failAll(parts: readonly StagedPart[], error: unknown, rejects: RejectLog): void {
    const { code, message } = toCoaxError(error);
    this.#database.write(() => {
      for (const part of parts)
        if (part === 'live' || this.#count(part) > 0)
          this.#states.failed(
            this.#sourceId,
            part,
            this.#now,
            { code, message },
            rejects.count(rejectOf[part]),
            this.#states.held(this.#sourceId, part),
          );
    });
  }

  /** What is in use now. */
  counts(): JobCounts {
    return { channels: this.#count('live'), movies: this.#count('movies'), series: this.#count('series') };
  }

  #count(part: StagedPart): number {
    if (part === 'live') return countChannels(this.#database, this.#sourceId);
    return countTitles(this.#database, this.#sourceId, part === 'movies' ? 'movie' : 'series');
  }

  /** The known id of each staged item, or null for a new one. */
  #match(part: StagedPart, staging: Staging): readonly (string | null)[] {
    const known: readonly KnownItem[] =
      part === 'live'
        ? knownChannels(this.#database, this.#sourceId)
        : knownTitles(this.#database, this.#sourceId, part === 'movies' ? 'movie' : 'series');
    const found = matchItems(known, staging.identities(part), (index) => known[index]?.gone === true);
    return found.map((index) => (index === null ? null : (known[index]?.id ?? null)));
  }

  #putLive(staging: Staging, ids: readonly (string | null)[]) {
    const target = new ChannelImport(this.#database, this.#sourceId);
    for (const [index, item] of staging.items('live')) target.put(ids[index] ?? null, item);
    return target.finish(this.#now);
  }

  #putTitles(part: 'movies' | 'series', staging: Staging, ids: readonly (string | null)[]) {
    const target = new TitleImport(this.#database, this.#sourceId, part === 'movies' ? 'movie' : 'series');
    for (const [index, item] of staging.items(part)) {
      const id = target.put(ids[index] ?? null, item);
      if (part === 'series') this.#putEpisodes(id, item, staging.episodes(item.providerId));
    }
    return target.finish(this.#now);
  }

  #putEpisodes(id: string, series: SeriesItem, items: readonly EpisodeItem[]): void {
    if (items.length === 0) return;
    const place = { id, sourceId: this.#sourceId, modifiedUnix: series.modifiedUnix ?? null };
    publishEpisodes(this.#database, place, items, matchEpisodes(this.#database, id, items), this.#now);
  }
}
