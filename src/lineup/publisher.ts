import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, OutputConfig } from '../config/schema.ts';
import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { inTurn, type Making } from './in-turn.ts';
import { PublishThread } from './publish-thread.ts';
import { type Generation, decodeIndex } from './published-index.ts';

export type { Generation, PublishedFile, PublishedName } from './published-index.ts';

export interface PublisherOptions {
  readonly folder: string;
  readonly catalogPath: string;
  readonly config: () => Config;
  readonly secrets: () => readonly string[];
  readonly generation: () => { readonly lineup: number; readonly guide: number };
  readonly workerUrl: URL;
  readonly log: Log;
}

const daySec = 86_400;
/** A reader waits this long for the newest generation while an older one is there. */
const patienceMs = 2_500;
const mostBases = 16;

interface Shelf extends Making<Generation> {
  readonly output: OutputConfig;
  readonly base: string;
  key: string;
  generation: Generation | null;
  usedAt: number;
}

/**
 * Publishes outputs as files. A generation is written aside by a worker thread and renamed into place as a whole, so a reader sees the
 * old one or the new one, and a playing stream is not disturbed. Addresses in the files depend on how a client reaches Coax, so there is
 * a generation for each such base.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #thread: PublishThread;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#thread = new PublishThread(options.workerUrl, 'publish');
  }

  /** Holds a number (Int32) that is not 0 while files are made, for threads that let them go first. */
  get open(): SharedArrayBuffer {
    return this.#thread.open;
  }

  /** The newest generation; an older one when the newest takes long and there is one. */
  async current(output: OutputConfig, base: string): Promise<Generation> {
    const shelf = this.#shelf(output, base);
    const key = this.#keyOf(output);
    if (shelf.generation !== null && shelf.key === key) return shelf.generation;
    const fresh = this.#publish(shelf, key);
    if (shelf.generation === null) return fresh;
    const old = shelf.generation;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<Generation>((resolve) => {
      timer = setTimeout(() => resolve(old), patienceMs);
    });
    return Promise.race([fresh.catch(() => old), patience]).finally(() => clearTimeout(timer));
  }

  /** Makes what is stale and in use anew, ahead of its readers. */
  refresh(): void {
    for (const shelf of this.#shelves.values()) {
      const output = this.#options.config().outputs.find(({ id }) => id === shelf.output.id);
      if (output === undefined || output.token !== shelf.output.token)
        this.#shelves.delete(`${shelf.output.id} ${shelf.base}`);
      else if (shelf.key !== this.#keyOf(output)) this.#publish(shelf, this.#keyOf(output)).catch(() => {});
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #shelf(output: OutputConfig, base: string): Shelf {
    const name = `${output.id} ${base}`;
    const shelf = this.#shelves.get(name) ?? { output, base, key: '', generation: null, running: null, usedAt: 0 };
    shelf.usedAt = Date.now();
    this.#shelves.set(name, shelf);
    if (this.#shelves.size > mostBases) {
      const [oldest] = [...this.#shelves]
        .filter(([, { running }]) => running === null)
        .sort(([, a], [, b]) => a.usedAt - b.usedAt);
      if (oldest !== undefined) this.#shelves.delete(oldest[0]);
    }
    return shelf;
  }

  /** Changes when, and only when, the files would: lineup, guide, the output, the sources in use, the day. */
  #keyOf(output: OutputConfig): string {
    const config = this.#options.config();
    const { lineup, guide } = this.#options.generation();
    const sources = config.sources.filter(({ enabled }) => enabled).map(({ id }) => id);
    const day = Math.floor(Date.now() / 1000 / daySec);
    const { guidePastDays, guideFutureDays } = config.settings.ingest;
    return createHash('sha256')
      .update(JSON.stringify([lineup, guide, output, sources, day, guidePastDays, guideFutureDays]))
      .digest('hex')
      .slice(0, 24);
  }

  #publish(shelf: Shelf, key: string): Promise<Generation> {
    return inTurn(shelf, key, () => this.#make(shelf, key));
  }

  async #make(shelf: Shelf, key: string): Promise<Generation> {
    const { folder: root, config } = this.#options;
    const place = join(
      root,
      shelf.output.id.replace(/[^\w-]/g, '_'),
      createHash('sha256').update(shelf.base).digest('hex').slice(0, 16),
    );
    const folder = join(place, key);
    const there = await readGeneration(folder);
    const generation = there ?? (await this.#render(shelf, place, folder));
    shelf.generation = generation;
    shelf.key = key;
    const { sources } = config();
    this.#options.log.debug('output published', {
      output: shelf.output.id,
      key,
      sources: sources.length,
      reused: there !== null,
    });
    await this.#tidy(place, key);
    return generation;
  }

  async #render(shelf: Shelf, place: string, folder: string): Promise<Generation> {
    const config = this.#options.config();
    const today = Math.floor(Date.now() / 1000 / daySec) * daySec;
    await mkdir(place, { recursive: true, mode: 0o700 });
    await this.#thread.make({
      kind: 'files',
      folder,
      catalogPath: this.#options.catalogPath,
      output: config.outputs.find(({ id }) => id === shelf.output.id) ?? shelf.output,
      base: shelf.base,
      sourceIds: config.sources.filter(({ enabled }) => enabled).map(({ id }) => id),
      fromUnix: today - Math.round(config.settings.ingest.guidePastDays * daySec),
      toUnix: today + Math.round(config.settings.ingest.guideFutureDays * daySec),
      secrets: this.#options.secrets(),
    });
    const generation = await readGeneration(folder);
    if (generation === null) throw new CoaxError('INTERNAL', 'The output could not be published');
    return generation;
  }

  /** Older generations go; one that is being sent stays readable until it is closed. */
  async #tidy(place: string, key: string): Promise<void> {
    const names = await readdir(place).catch(() => []);
    await Promise.all(
      names
        .filter((name) => name !== key)
        .map((name) => rm(join(place, name), { recursive: true, force: true }).catch(() => {})),
    );
  }
}

/** Reads the index of a generation; null when there is none, or not a whole one. */
async function readGeneration(folder: string): Promise<Generation | null> {
  const text = await readFile(join(folder, 'index.json'), 'utf8').catch(() => null);
  return text === null ? null : decodeIndex(text, folder);
}
