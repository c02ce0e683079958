import type { EpisodeItem, SeriesItem } from '../../model/items.ts';
import type { SeriesPart } from './entry-items.ts';

/** Collects the series of a playlist, whose episodes stand anywhere in it; the episodes too where they are wanted. */
export class SeriesShelf {
  readonly #withEpisodes: boolean;
  readonly #series = new Map<string, SeriesItem>();
  readonly #episodes = new Map<string, EpisodeItem[]>();

  constructor(withEpisodes: boolean) {
    this.#withEpisodes = withEpisodes;
  }

  add({ series, episode }: SeriesPart): void {
    const id = series.providerId;
    const known = this.#series.get(id);
    if (known === undefined) this.#series.set(id, series);
    else {
      const groups = series.groups.filter((group) => !known.groups.includes(group));
      if (groups.length > 0) this.#series.set(id, { ...known, groups: [...known.groups, ...groups] });
    }
    if (!this.#withEpisodes) return;
    const list = this.#episodes.get(id);
    if (list === undefined) this.#episodes.set(id, [episode]);
    else list.push(episode);
  }

  series(): readonly SeriesItem[] {
    return [...this.#series.values()];
  }

  episodes(): Iterable<readonly [string, readonly EpisodeItem[]]> {
    return this.#episodes;
  }
}
