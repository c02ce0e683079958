import type { EpisodeItem, LiveItem, MovieItem, Reject, SeriesItem } from '../../src/model/items.ts';
import type { GuideChannel, Programme } from '../../src/model/programme.ts';
import type { CatalogSink, GuideSink, ReadContext } from '../../src/sources/contract.ts';

/** Keeps all that a reader hands over. */
export class Collected implements CatalogSink {
  readonly channels: LiveItem[] = [];
  readonly films: MovieItem[] = [];
  readonly shows: SeriesItem[] = [];
  readonly episodesOf = new Map<string, EpisodeItem[]>();
  readonly rejects: Reject[] = [];

  live(items: readonly LiveItem[]): void {
    this.channels.push(...items);
  }
  movies(items: readonly MovieItem[]): void {
    this.films.push(...items);
  }
  series(items: readonly SeriesItem[]): void {
    this.shows.push(...items);
  }
  episodes(id: string, items: readonly EpisodeItem[]): void {
    this.episodesOf.set(id, [...(this.episodesOf.get(id) ?? []), ...items]);
  }
  reject(reject: Reject): void {
    this.rejects.push(reject);
  }
}

/** Keeps a guide. */
export class CollectedGuide implements GuideSink {
  readonly guideChannels: GuideChannel[] = [];
  readonly guideProgrammes: Programme[] = [];
  readonly rejects: Reject[] = [];

  channels(channels: readonly GuideChannel[]): void {
    this.guideChannels.push(...channels);
  }
  programmes(programmes: readonly Programme[]): void {
    this.guideProgrammes.push(...programmes);
  }
  reject(reject: Reject): void {
    this.rejects.push(reject);
  }
}

/** A context that is never aborted unless `signal` is; `stages` collects what progress was told. */
export function contextOf(signal = new AbortController().signal): ReadContext & { readonly stages: string[] } {
  const stages: string[] = [];
  return { signal, stages, progress: (stage, done, total) => void stages.push(`${stage} ${done}/${total ?? '?'}`) };
}
