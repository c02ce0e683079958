import type { MovieId, SourceId } from '../model/ids.ts';
import type { FileFacts, GroupCount, Movie, MovieReads, Page, PageQuery } from './contract.ts';
import type { Database } from './database.ts';
import { fold } from './fold.ts';
import { isSameMovie, plainTitle } from './same-title.ts';
import { movieOf } from './title-row.ts';
import { Titles } from './titles.ts';
import type { WriteQueue } from './write-queue.ts';

export class Movies implements MovieReads {
  readonly #database: Database;
  readonly #queue: WriteQueue;
  readonly #titles: Titles;

  constructor(database: Database, queue: WriteQueue) {
    this.#database = database;
    this.#queue = queue;
    this.#titles = new Titles(database, 'movie');
  }

  list(query: PageQuery): Page<Movie> {
    return this.#titles.list(query, movieOf);
  }

  get(id: MovieId): Movie | null {
    return this.#titles.get(id, movieOf);
  }

  akin(movie: Movie): readonly Movie[] {
    const { sourceId, tmdbId } = movie;
    const plainName = fold(plainTitle(movie.title));
    return this.#titles.akin({ sourceId, tmdbId, plainName }, movieOf).filter((other) => isSameMovie(movie, other));
  }

  groups(sourceIds?: readonly SourceId[]): readonly GroupCount[] {
    return this.#titles.groups(sourceIds);
  }

  /** Queued; adds to what is known of the file. */
  saveFile(id: MovieId, facts: FileFacts): void {
    this.#queue
      .submit(() =>
        this.#database.sql('UPDATE title SET file = json_patch(file, ?) WHERE id = ?').run(JSON.stringify(facts), id),
      )
      // Facts are learned anew with the next playback.
      .catch(() => {});
  }
}
