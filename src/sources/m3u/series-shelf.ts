import type { EpisodeItem, SeriesItem } from '../../model/items.ts';
import type { SeriesPart } from './entry-items.ts';

/** Collects the series of a playlist, whose episodes stand anywhere in it. Only the series are kept, not their episodes. */
export class SeriesShelf {
  readonly #series = new Map<string, SeriesItem>();
  #episodes = new Map<string, EpisodeItem[]>();
  #pending = 0;

  add({ series, episode }: SeriesPart): void {
    const known = this.#series.get(series.providerId);
    if (known === undefined) this.#series.set(series.providerId, series);
    else {
      const groups = series.groups.filter((group) => !known.groups.includes(group));
      if (groups.length > 0) this.#series.set(series.providerId, { ...known, groups: [...known.groups, ...groups] });
    }
    const list = this.#episodes.get(series.providerId) ?? [];
    list.push(episode);
    this.#episodes.set(series.providerId, list);
    this.#pending += 1;
  }

  get pending(): number {
    return this.#pending;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Takes the episodes that came since the last call, by series. */
  takeEpisodes(): ReadonlyMap<string, readonly EpisodeItem[]> {
    const taken = this.#episodes;
    this.#episodes = new Map();
    this.#pending = 0;
    return taken;
  }

  series(): readonly SeriesItem[] {
    return [...this.#series.values()];
  }
}
