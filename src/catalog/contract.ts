import type { CodecFacts } from '../model/codec-facts.ts';
import type { ChannelId, EpisodeId, JobId, MovieId, SeriesId, SourceId, StreamId } from '../model/ids.ts';
import type { Catchup, Reject, StreamLocator } from '../model/items.ts';
import type { RequestOverride } from '../model/upstream-request.ts';

/** One page of a list. `next` is an opaque cursor, null on the last page; `total` counts all that match. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly next: string | null;
}

/** What every list takes. `limit` is 1 to 1000 (default 100); a cursor that is not ours is BAD_REQUEST. */
export interface PageQuery {
  /** Words that all have to occur in the name, whatever their case and accents. */
  readonly q?: string;
  readonly group?: string;
  /** Only of these sources; absent takes all. An empty list matches nothing. */
  readonly sourceIds?: readonly SourceId[];
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ChannelQuery extends PageQuery {
  /** Any of these groups; absent or empty takes all. */
  readonly groups?: readonly string[];
  /** Hidden channels are left out unless asked for. */
  readonly hidden?: 'without' | 'with' | 'only';
}

/** The fields of a channel that a provider sets and a user may override. */
export interface ChannelFields {
  readonly name: string;
  readonly number: string | null;
  readonly logo: string | null;
  readonly guideId: string | null;
  readonly guideShiftMin: number;
  readonly groups: readonly string[];
  readonly hidden: boolean;
}

/** `null` resets a field to what the provider says; an absent one stays. */
export type ChannelPatch = { readonly [Field in keyof ChannelFields]?: ChannelFields[Field] | null };
/** Only what the user has set. */
export type ChannelOverrides = { readonly [Field in keyof ChannelFields]?: NonNullable<ChannelFields[Field]> };

/** `null` takes a field back; an absent one stays. */
export type RequestPatch = { readonly [Field in keyof RequestOverride]?: RequestOverride[Field] | null };

export interface CatalogStream {
  readonly id: StreamId;
  /** The channel that stands for it in the list of its source; another channel may be played from it too. */
  readonly channelId: ChannelId;
  readonly sourceId: SourceId;
  /** Holds provider URLs of M3U sources: for the resolver only, never for an answer. */
  readonly locator: StreamLocator;
  readonly codecs: CodecFacts | null;
  /** Set by an admin at the channel the stream comes from. Holds secrets: for the resolver only. */
  readonly request?: RequestOverride;
  /** The archive that the provider keeps of it. Its `source` may hold secrets. */
  readonly catchup?: Catchup;
}

/** A channel as viewers see it (override, else provider), with both sides beside it. */
export interface Channel extends ChannelFields {
  readonly id: ChannelId;
  readonly sourceId: SourceId;
  readonly adult: boolean;
  readonly radio: boolean;
  readonly catchup: Catchup | null;
  /** What the provider says the guide calls the channel (`tvg-name`). */
  readonly guideName: string | null;
  /** In order of preference; at least one. */
  readonly streams: readonly CatalogStream[];
  readonly provider: ChannelFields;
  readonly overrides: ChannelOverrides;
}

export interface GroupCount {
  readonly name: string;
  readonly count: number;
}

/** What was learned of a file by playing it. */
export interface FileFacts {
  readonly sizeBytes?: number;
  readonly contentType?: string;
}

interface TitleFields {
  readonly sourceId: SourceId;
  readonly title: string;
  readonly groups: readonly string[];
  readonly poster: string | null;
  readonly backdrop: string | null;
  readonly plot: string | null;
  readonly year: number | null;
  readonly rating: number | null;
  readonly tmdbId: string | null;
}

export interface Movie extends TitleFields {
  readonly id: MovieId;
  readonly ext: string;
  readonly durationSec: number | null;
  readonly adult: boolean;
  readonly addedUnix: number | null;
  readonly locator: StreamLocator;
  readonly file: FileFacts;
}

export interface Series extends TitleFields {
  readonly id: SeriesId;
  readonly providerId: string;
  readonly modifiedUnix: number | null;
  /** When its episodes were read last, in Unix milliseconds; null when never. */
  readonly episodesReadAt: number | null;
}

export interface Episode {
  readonly id: EpisodeId;
  readonly seriesId: SeriesId;
  readonly sourceId: SourceId;
  readonly season: number;
  readonly episode: number;
  readonly title: string;
  readonly ext: string;
  readonly plot: string | null;
  readonly poster: string | null;
  readonly airDate: string | null;
  readonly rating: number | null;
  readonly durationSec: number | null;
  readonly addedUnix: number | null;
  readonly locator: StreamLocator;
  readonly file: FileFacts;
}

/** Reads are synchronous and small: one indexed query each. */
/** What lies beside a channel, nearest first. */
export interface Neighbours {
  readonly before: readonly Channel[];
  readonly after: readonly Channel[];
}

export interface ChannelReads {
  list(query: ChannelQuery): Page<Channel>;
  /** Up to `count` channels on each side of this one in the order of the list, nearest first. None when there is no such channel. */
  neighbours(query: ChannelQuery, id: ChannelId, count: number): Neighbours;
  get(id: ChannelId): Channel | null;
  /** The list of streams that was given to the channel, those that are not there now included; null where it has none. */
  listedStreams(id: ChannelId): readonly StreamId[] | null;
  /** Sorted by name; hidden channels do not count. */
  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[];
}

/** Writes of the main thread wait for the ingest worker's transactions without blocking the event loop. */
export interface ChannelWrites {
  /** The channel as it is afterwards, or null when there is none. */
  patch(id: ChannelId, patch: ChannelPatch): Promise<Channel | null>;
  /** What the channel's own streams are asked with; a field that is null goes back, null as a whole takes everything back. */
  setRequest(id: ChannelId, patch: RequestPatch | null): Promise<Channel | null>;
  /**
   * Gives the channel a list of streams to be played from, in order of preference; an empty one goes back to its own stream. The list
   * outlives refreshes and sources that are removed and come back. The channel as it is afterwards, or null when there is none; BAD_REQUEST
   * for streams that do not exist or come twice.
   */
  setStreams(id: ChannelId, streams: readonly StreamId[]): Promise<Channel | null>;
  /** Queued; facts of a stream that is gone are dropped. */
  saveCodecs(stream: StreamId, facts: CodecFacts): void;
}

export interface MovieReads {
  list(query: PageQuery): Page<Movie>;
  get(id: MovieId): Movie | null;
  /** The same film at other sources, as far as that is sure: the same number in TMDB, or the same name, year and length. */
  akin(movie: Movie): readonly Movie[];
  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[];
}

export interface SeriesReads {
  list(query: PageQuery): Page<Series>;
  get(id: SeriesId): Series | null;
  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[];
  /** In order of season and number. Those that were read; see `Refreshes.ensureEpisodes`. */
  episodes(id: SeriesId, query: Pick<PageQuery, 'limit' | 'cursor'>): Page<Episode>;
  episode(id: EpisodeId): Episode | null;
}

/** What the catalogue knows of a source. */
export interface SourceState {
  readonly sourceId: SourceId;
  readonly parts: readonly PartState[];
  /** The last login reports, as JSON-able objects; empty before the first. */
  readonly logins: readonly unknown[];
}

export const sourceParts = ['live', 'movies', 'series', 'guide'] as const;
export type SourcePart = (typeof sourceParts)[number];

export interface PartState {
  readonly part: SourcePart;
  /** Unix milliseconds. */
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
  /** Why the last attempt failed or was held back; null after a success. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Items in use: channels, movies, series, or programmes of the guide. */
  readonly count: number;
  /** Items of the last attempt that could not be used. */
  readonly rejects: number;
}

export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export interface JobProgress {
  readonly stage: string;
  readonly done: number;
  /** Null while it is not known. */
  readonly total: number | null;
}

export interface JobCounts {
  readonly channels?: number;
  readonly movies?: number;
  readonly series?: number;
  readonly programmes?: number;
}

/** What a refresh reads: everything, or the guide alone. */
export const refreshParts = ['all', 'guide'] as const;
export type RefreshParts = (typeof refreshParts)[number];

/** A unit of background work as the API shows it. Times are Unix milliseconds. */
export interface Job {
  readonly id: JobId;
  readonly kind: 'refresh';
  readonly parts: RefreshParts;
  readonly sourceId: SourceId;
  readonly state: JobState;
  readonly progress: JobProgress;
  /** The first 200, for people; `rejectCount` counts all. */
  readonly rejects: readonly Reject[];
  readonly rejectCount: number;
  /** Also set on a success of which a part was held back or failed. */
  readonly problems: readonly { readonly part: string; readonly code: string; readonly message: string }[];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly counts: JobCounts;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** The catalogue as the HTTP layer sees it. `Catalog.open(path)` in catalog.ts makes one. */
export interface CatalogReads {
  readonly channels: ChannelReads & ChannelWrites;
  readonly movies: MovieReads & { saveFile(id: MovieId, facts: FileFacts): void };
  readonly series: SeriesReads & { saveFile(id: EpisodeId, facts: FileFacts): void };
  sourceState(id: SourceId): SourceState;
  /** Moves when the content of lineup or guide changes, and only then; stays over a restart. For ETags and caches. */
  readonly generation: { readonly lineup: number; readonly guide: number };
}
