import type { CatalogReads, Channel, ChannelQuery, Episode, Movie, Series } from '../catalog/contract.ts';
import type { Config, OutputConfig } from '../config/schema.ts';
import type { ChannelId, EpisodeId, MovieId, OutputId, SeriesId, SourceId } from '../model/ids.ts';
import type { Beside, PlayableArchive, PlayableChannel, PlayableFile } from '../model/playable.ts';
import type { StreamResolver } from '../sources/contract.ts';
import { withOverride } from '../sources/with-proxy.ts';
import { type ArchiveTime, playableArchive } from './playable-archive.ts';
import { playableFile } from './playable-file.ts';

/** What the lineup stands on. `resolverOf` is undefined for a source that is off or gone. */
export interface LineupDeps {
  readonly catalog: CatalogReads;
  readonly config: () => Config;
  readonly resolverOf: (source: SourceId) => StreamResolver | undefined;
}

/** Which channels an output shows: those of enabled sources, in its groups, and not hidden. */
export function channelQueryOf(config: Config, output: OutputConfig): ChannelQuery {
  return {
    sourceIds: config.sources.filter(({ enabled }) => enabled).map(({ id }) => id as SourceId),
    groups: output.groups,
    hidden: 'without',
    limit: 1000,
  };
}

/** An output without groups shows everything. */
export function isInGroups(output: OutputConfig, item: { readonly groups: readonly string[] }): boolean {
  return output.groups.length === 0 || item.groups.some((group) => output.groups.includes(group));
}

/** Every item of a paged list; `list` gets what to add to its query for the next page. */
export function* walkPages<Item>(
  list: (at: { readonly cursor?: string }) => { readonly items: readonly Item[]; readonly next: string | null },
): Generator<Item> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = list(cursor === undefined ? {} : { cursor });
    yield* page.items;
    cursor = page.next;
  }
}

/** The published channels, movies and episodes, and how each is played. */
export class Lineup {
  readonly #deps: LineupDeps;

  constructor(deps: LineupDeps) {
    this.#deps = deps;
  }

  /** The channel, if this output shows it. */
  channel(output: OutputConfig, id: ChannelId): Channel | null {
    const channel = this.#deps.catalog.channels.get(id);
    return channel !== null && !channel.hidden && this.#isShown(output, channel) ? channel : null;
  }

  /** The channel that comes first in this output. */
  first(output: OutputConfig): Channel | null {
    return (
      this.#deps.catalog.channels.list({ ...channelQueryOf(this.#deps.config(), output), limit: 1 }).items[0] ?? null
    );
  }

  /** The channels on each side of this one as players zap through the output, nearest first. */
  neighbours(outputId: OutputId, id: ChannelId, count: number): Beside<PlayableChannel> {
    const config = this.#deps.config();
    const output = config.outputs.find((one) => one.id === outputId);
    if (output === undefined) return { before: [], after: [] };
    const query = channelQueryOf(config, output);
    const { before, after } = this.#deps.catalog.channels.neighbours(query, id, count);
    const playable = (channels: readonly Channel[]) => channels.map((channel) => this.playableChannel(channel));
    return { before: playable(before), after: playable(after) };
  }

  /** The movie, if this output shows it: one with groups shows only their titles. */
  movie(output: OutputConfig, id: MovieId): Movie | null {
    const movie = this.#deps.catalog.movies.get(id);
    return movie !== null && this.#isShown(output, movie) ? movie : null;
  }

  series(output: OutputConfig, id: SeriesId): Series | null {
    const series = this.#deps.catalog.series.get(id);
    return series !== null && this.#isShown(output, series) ? series : null;
  }

  /** An episode is shown where its series is. */
  episode(output: OutputConfig, id: EpisodeId): Episode | null {
    const episode = this.#deps.catalog.series.episode(id);
    return episode !== null && this.series(output, episode.seriesId) !== null ? episode : null;
  }

  playableChannel(channel: Channel): PlayableChannel {
    const hasOthers = new Set(channel.streams.map(({ sourceId }) => sourceId)).size > 1;
    return {
      channelId: channel.id,
      name: channel.name,
      streams: channel.streams.flatMap(({ id, sourceId, locator, request }) => {
        const resolver = this.#deps.resolverOf(sourceId);
        if (resolver === undefined) return [];
        const accounts = resolver.accounts.map((account) => account.id);
        return [
          {
            streamId: id,
            sourceId,
            accounts,
            request: (account) => {
              const asked = withOverride(resolver.resolve(locator, account), request);
              return hasOthers && asked.kind === 'http' ? { ...asked, hasOthers } : asked;
            },
          },
        ];
      }),
    };
  }

  /** A time of the channel's archive. Throws NOT_YET_ON, or NO_ARCHIVE where none reaches back so far. */
  playableArchive(channel: Channel, time: ArchiveTime): PlayableArchive {
    return playableArchive(channel, time, this.#deps.resolverOf);
  }

  /** The file with the accounts of all sources that have the same film. Null when no source of it is on. */
  playableFile(item: Movie | Episode): PlayableFile | null {
    const akin = 'seriesId' in item ? [] : this.#deps.catalog.movies.akin(item);
    return playableFile(
      item,
      akin.filter(({ sourceId }) => this.#isEnabled(sourceId)),
      this.#deps.resolverOf,
    );
  }

  /** How many streams can play at once: the sum of the limits; `unlimited` stands for an account without one. */
  tunerCount(unlimited = 10): number {
    const { sources } = this.#deps.config();
    const limits = sources
      .filter(({ enabled }) => enabled)
      .flatMap(({ id }) => this.#deps.resolverOf(id as SourceId)?.accounts ?? []);
    return Math.max(
      1,
      limits.reduce((sum, { limit }) => sum + (limit ?? unlimited), 0),
    );
  }

  #isShown(output: OutputConfig, item: { readonly sourceId: SourceId; readonly groups: readonly string[] }): boolean {
    return this.#isEnabled(item.sourceId) && isInGroups(output, item);
  }

  #isEnabled(id: SourceId): boolean {
    return this.#deps.config().sources.some((source) => source.id === id && source.enabled);
  }
}
