import type { Account } from '../model/account.ts';
import type { ArchiveWay, ArchiveWindow } from '../model/archive.ts';
import type { AccountId } from '../model/ids.ts';
import type { Catchup, EpisodeItem, LiveItem, MovieItem, Reject, SeriesItem, StreamLocator } from '../model/items.ts';
import type { GuideChannel, Programme } from '../model/programme.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';

/** What a provider says of one login. Shown to the admin; holds no secrets. */
export interface LoginReport {
  readonly ok: boolean;
  /** In plain words: "The login works", "The provider refuses this login (auth 0)". */
  readonly message: string;
  /** An error code of errors.ts when not ok. */
  readonly code?: string;
  readonly status?: string;
  readonly expiresUnix?: number;
  readonly maxConnections?: number;
  /** Connections the provider counts now, ours included. */
  readonly activeConnections?: number;
  readonly formats?: readonly string[];
  /** IANA name, or `UTC+02:00` where the panel only tells an offset. */
  readonly timeZone?: string;
  readonly trial?: boolean;
}

/** A reader hands items over in batches; `await` is its back-pressure. */
export interface CatalogSink {
  live(items: readonly LiveItem[]): void | Promise<void>;
  movies(items: readonly MovieItem[]): void | Promise<void>;
  series(items: readonly SeriesItem[]): void | Promise<void>;
  /**
   * Episodes that stand in the list itself (M3U), by the `providerId` of their series, each once and in several calls for one series;
   * given after the series. A sink without it asks `SourceReader.episodes`, which reads the whole playlist again.
   */
  episodes?(seriesProviderId: string, items: readonly EpisodeItem[]): void | Promise<void>;
  reject(reject: Reject): void;
}

/** What a guide's sink can use. A reader may leave out other programmes before it has built them; channels are always wanted. */
export interface GuideInterest {
  readonly fromUnix: number;
  readonly toUnix: number;
  wanted(guideId: string): boolean;
}

export interface GuideSink {
  readonly interest?: GuideInterest;
  channels(channels: readonly GuideChannel[]): void | Promise<void>;
  programmes(programmes: readonly Programme[]): void | Promise<void>;
  reject(reject: Reject): void;
}

export interface ReadContext {
  readonly signal: AbortSignal;
  /** What the logins said when they were asked last, in the order of the accounts, for a read that need not ask again. */
  readonly logins?: readonly LoginReport[];
  /** `total` is absent while it is not known. */
  progress(stage: string, done: number, total?: number): void;
}

/** Which parts were read completely. Only a complete part may replace what is in the catalogue (design D1). */
export interface CatalogSummary {
  readonly live: 'complete' | 'absent' | 'failed';
  readonly movies: 'complete' | 'absent' | 'failed';
  readonly series: 'complete' | 'absent' | 'failed';
  /** Why a part failed: codes and sentences, without secrets. */
  readonly problems: readonly {
    readonly part: 'live' | 'movies' | 'series';
    readonly code: string;
    readonly message: string;
  }[];
  /** Guide URLs the playlist names (`x-tvg-url`). They may hold tokens. */
  readonly guideUrls?: readonly string[];
}

/**
 * Reads a provider. Runs in the ingest worker; `test` and `episodes` also in the main thread, where they stay small.
 * Every method throws CoaxError with a SOURCE_* code.
 */
export interface SourceReader {
  /** Logs in with each account. The order is that of the source's accounts. */
  test(signal: AbortSignal): Promise<readonly LoginReport[]>;
  /**
   * For a refresh, which reads the lists anyway: asks for the logins and for no list. Null when only the lists can tell. Where it is
   * absent, `test` reads no list either.
   */
  logins?(signal: AbortSignal): Promise<readonly LoginReport[] | null>;
  readCatalog(sink: CatalogSink, context: ReadContext): Promise<CatalogSummary>;
  /** Resolves to false when the source has no guide of its own. `wanted`: guide ids of its channels, for the per-channel fallback. */
  readGuide(sink: GuideSink, context: ReadContext, wanted: readonly WantedGuide[]): Promise<boolean>;
  episodes(
    seriesProviderId: string,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly EpisodeItem[]; readonly rejects: readonly Reject[] }>;
}

/** A channel whose guide is wanted, for providers that give it one channel at a time. */
export interface WantedGuide {
  readonly providerId: string;
  readonly guideId: string;
}

/** Builds upstream requests. Pure, in the main thread, and knows the logins. */
export interface StreamResolver {
  readonly accounts: readonly Account[];
  resolve(locator: StreamLocator, account: AccountId): UpstreamRequest;
  /** The ways to ask for a piece of a stream's archive, best first; empty when none can be built. Absent for a source without archives. */
  archive?(locator: StreamLocator, catchup: Catchup, account: AccountId, window: ArchiveWindow): readonly ArchiveWay[];
}
