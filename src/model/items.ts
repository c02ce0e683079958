/** What a source reads from its provider, before Coax gives it an id. Optional fields are absent when the provider says nothing. */

/**
 * Where a stream is, as stored in the catalogue: enough to build its URL on any account of the source, and no login of an Xtream
 * source. A `url` of an M3U may well hold a token; it stays inside the catalogue.
 */
export type StreamLocator =
  | {
      readonly kind: 'xtream';
      readonly type: 'live' | 'movie' | 'series';
      readonly id: string;
      readonly ext: string;
      readonly direct?: string;
    }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** The proxy that the playlist names for this stream, with its login. */
      readonly proxy?: string;
    }
  | { readonly kind: 'demo'; readonly clip: string; readonly durationSec?: number };

export interface Catchup {
  readonly type: string;
  readonly days: number;
  readonly source?: string;
}

export interface LiveItem {
  /** The provider's own id: Xtream's stream id, or a key made from an M3U entry's URL without its secrets. Not unique, not stable. */
  readonly providerId: string;
  readonly name: string;
  readonly number?: string;
  readonly logo?: string;
  readonly groups: readonly string[];
  readonly guideId?: string;
  readonly guideName?: string;
  /** Minutes by which the guide of this channel is shifted (`tvg-shift`). */
  readonly guideShiftMin?: number;
  readonly adult?: boolean;
  readonly radio?: boolean;
  readonly catchup?: Catchup;
  readonly addedUnix?: number;
  readonly locator: StreamLocator;
  /** Attributes nobody asked for yet, kept so that an export loses nothing. */
  readonly extra?: Readonly<Record<string, string>>;
}

export interface MovieItem {
  readonly providerId: string;
  readonly title: string;
  /** Container extension without a dot: `mkv`, `mp4`. */
  readonly ext: string;
  readonly groups: readonly string[];
  readonly poster?: string;
  readonly backdrop?: string;
  readonly plot?: string;
  readonly year?: number;
  readonly rating?: number;
  readonly durationSec?: number;
  readonly tmdbId?: string;
  readonly adult?: boolean;
  readonly addedUnix?: number;
  readonly locator: StreamLocator;
}

export interface SeriesItem {
  readonly providerId: string;
  readonly title: string;
  readonly groups: readonly string[];
  readonly poster?: string;
  readonly backdrop?: string;
  readonly plot?: string;
  readonly year?: number;
  readonly rating?: number;
  readonly tmdbId?: string;
  /** The provider's `last_modified`, in Unix seconds: episodes are read again when it moves. */
  readonly modifiedUnix?: number;
}

export interface EpisodeItem {
  readonly providerId: string;
  readonly season: number;
  readonly episode: number;
  readonly title: string;
  readonly ext: string;
  readonly plot?: string;
  readonly poster?: string;
  readonly airDate?: string;
  readonly rating?: number;
  readonly durationSec?: number;
  readonly addedUnix?: number;
  readonly locator: StreamLocator;
}

/** An item that could not be used: where it was, and why, in words. Holds no secrets. */
export interface Reject {
  readonly what: 'channel' | 'movie' | 'series' | 'episode' | 'programme' | 'guide-channel' | 'line';
  /** Line number of a file, or index in a list; counted from 1. */
  readonly at: number;
  readonly reason: string;
  /** The start of the offending text, at most 120 characters, secrets removed. */
  readonly excerpt?: string;
}
