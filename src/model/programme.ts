import type { GuideId } from './ids.ts';

/** One channel of a guide. */
export interface GuideChannel {
  readonly id: GuideId;
  readonly names: readonly string[];
  readonly icon?: string;
  readonly number?: string;
  readonly url?: string;
}

/** Who takes part, in the order of the children of `credits` in xmltv.dtd. */
export const creditKinds = [
  'director',
  'actor',
  'writer',
  'adapter',
  'producer',
  'composer',
  'editor',
  'presenter',
  'commentator',
  'guest',
] as const;

export interface Credit {
  readonly kind: (typeof creditKinds)[number];
  readonly name: string;
  readonly role?: string;
}

/** One broadcast. Times are Unix seconds; `stopUnix` is always after `startUnix`. */
export interface Programme {
  readonly guideId: GuideId;
  readonly startUnix: number;
  readonly stopUnix: number;
  readonly title: string;
  readonly subtitle?: string;
  readonly description?: string;
  readonly categories?: readonly string[];
  readonly keywords?: readonly string[];
  /** Counted from 1. */
  readonly season?: number;
  /** Counted from 1. */
  readonly episode?: number;
  readonly episodeTotal?: number;
  readonly part?: number;
  /** `episode-num system="onscreen"`, as it stands. */
  readonly onscreen?: string;
  readonly ddProgId?: string;
  /** Other ids by system: `imdb.com`, `thetvdb.com`, `themoviedb.org`. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly icon?: string;
  readonly year?: number;
  /** First broadcast, `YYYY-MM-DD`. */
  readonly airDate?: string;
  readonly rating?: { readonly system?: string; readonly value: string };
  /** As written: `7.5/10`. */
  readonly starRating?: string;
  readonly credits?: readonly Credit[];
  readonly language?: string;
  readonly country?: string;
  /** What the provider calls it in its archive (`catchup-id`). */
  readonly catchupId?: string;
  readonly isNew?: boolean;
  readonly isPremiere?: boolean;
  readonly isRepeat?: boolean;
  readonly isLive?: boolean;
}
