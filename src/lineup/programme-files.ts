import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, OutputConfig } from '../config/schema.ts';
import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import { inTurn, type Making } from './in-turn.ts';
import { type ProgrammeGeneration, readProgrammeGeneration } from './programme-index.ts';
import { hostsOfSources } from './provider-hosts.ts';
import { PublishThread } from './publish-thread.ts';

export type { ProgrammeGeneration } from './programme-index.ts';

export interface ProgrammeFilesOptions {
  readonly folder: string;
  readonly catalogPath: string;
  readonly config: () => Config;
  readonly secrets: () => readonly string[];
  readonly generation: () => { readonly lineup: number; readonly guide: number };
  /** Where pictures are held, and a number that moves when it is worth telling hosts of more of them. */
  readonly pictures: { readonly folder: string; readonly revision: number; start(): Promise<void> };
  readonly workerUrl: URL;
  /** `Publisher.open`: while it is not 0, files for players are made, which go first. */
  readonly playersFirst?: SharedArrayBuffer;
  readonly log: Log;
}

const daySec = 86_400;
const hourSec = 3_600;
/** A host asks for what is on now and a little before; the day's key holds for a day. */
const pastSec = 6 * hourSec;
const pictureAheadSec = 36 * hourSec;
/** A reader waits this long for the newest guide while an older one is there. */
const patienceMs = 5_000;
const lookEveryMs = 10_000;
/** Small changes wait for this many times what the last guide took, unless somebody asks for it. */
const restShare = 4;
const longestRestMs = 600_000;
const failureRestMs = 60_000;

interface Shelf extends Making<ProgrammeGeneration> {
  key: string;
  generation: ProgrammeGeneration | null;
  /** `performance.now()` before which nobody but a reader has the guide made anew. */
  restUntil: number;
}

/**
 * The guides of outputs as media servers read them. One is made when a host asks for the first time; from then on, and after a restart, it
 * is kept fresh ahead of its readers. A thread of its own makes them, so that players' files never wait for it.
 */
export class ProgrammeFiles {
  readonly #options: ProgrammeFilesOptions;
  readonly #thread: PublishThread;
  readonly #shelves = new Map<string, Shelf>();
  readonly #listeners = new Set<(output: OutputConfig, generation: ProgrammeGeneration) => void>();
  #timer: NodeJS.Timeout | undefined;
  #takenUp: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: ProgrammeFilesOptions) {
    this.#options = options;
    this.#thread = new PublishThread(options.workerUrl, 'programmes');
  }

  /** Takes up what an earlier run has made, and begins to keep it fresh. */
  async start(): Promise<void> {
    // The revision of pictures is part of a guide's key.
    this.#takenUp = this.#options.pictures
      .start()
      .then(() => Promise.all(this.#options.config().outputs.map((output) => this.#takeUp(output))));
    await this.#takenUp;
    if (this.#closed) return;
    this.#timer = setInterval(() => this.#look(false), lookEveryMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#thread.close();
  }

  /** Told of each guide that was made or taken up. */
  onPublished(listener: (output: OutputConfig, generation: ProgrammeGeneration) => void): void {
    this.#listeners.add(listener);
  }

  /** Moves when, and only when, the content does. From memory; before the first guide it says what one would be made from. */
  revision(output: OutputConfig): string {
    return this.#shelves.get(output.id)?.generation?.revision ?? `unmade-${this.#keyOf(output)}`;
  }

  /** The newest guide; an older one when the newest takes long and there is one. */
  async current(output: OutputConfig): Promise<ProgrammeGeneration> {
    await this.#takenUp;
    const shelf = this.#shelves.get(output.id) ?? { key: '', generation: null, running: null, restUntil: 0 };
    this.#shelves.set(output.id, shelf);
    const key = this.#keyOf(output);
    const old = shelf.generation;
    if (old !== null && shelf.key === key) return old;
    const fresh = this.#publish(output, shelf, key);
    if (old === null) return fresh;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<ProgrammeGeneration>((resolve) => {
      timer = setTimeout(() => resolve(shelf.generation ?? old), patienceMs);
    });
    return Promise.race([fresh.catch(() => old), patience]).finally(() => clearTimeout(timer));
  }

  /** After a refresh of a source: makes what is in use and stale anew, ahead of its readers. */
  refresh(): void {
    this.#look(true);
  }

  /** Many small changes, as of an admin at work, are taken together. */
  #look(atOnce: boolean): void {
    const { outputs } = this.#options.config();
    for (const [id, shelf] of this.#shelves) {
      const output = outputs.find((one) => one.id === id);
      if (output === undefined) this.#forget(id);
      else if (shelf.running === null && (atOnce || performance.now() >= shelf.restUntil)) {
        const key = this.#keyOf(output);
        if (shelf.key !== key) this.#publish(output, shelf, key).catch(() => {});
      }
    }
  }

  #place(outputId: string): string {
    return join(this.#options.folder, outputId.replace(/[^\w-]/g, '_'), 'host');
  }

  #forget(id: string): void {
    this.#shelves.delete(id);
    rm(this.#place(id), { recursive: true, force: true }).catch(() => {});
  }

  async #takeUp(output: OutputConfig): Promise<void> {
    const place = this.#place(output.id);
    const names = await readdir(place).catch(() => []);
    const found = await Promise.all(
      names.map(async (key) => ({ key, generation: await readProgrammeGeneration(join(place, key)) })),
    );
    const whole = found.filter((one) => one.generation !== null && !one.key.endsWith('.tmp'));
    const newest = whole.sort((a, b) => (b.generation?.file.modifiedAt ?? 0) - (a.generation?.file.modifiedAt ?? 0))[0];
    if (newest?.generation == null) return;
    const { key, generation } = newest;
    this.#shelves.set(output.id, { key, generation, running: null, restUntil: 0 });
    this.#tell(output, generation);
  }

  /** Changes when the content may: lineup, guide, the output, the sources in use, the day, the pictures held. */
  #keyOf(output: OutputConfig): string {
    const { sources, settings } = this.#options.config();
    const { lineup, guide } = this.#options.generation();
    const enabled = sources.filter((source) => source.enabled);
    const facts = [
      lineup,
      guide,
      output,
      enabled.map(({ id }) => id),
      Math.floor(Date.now() / 1000 / daySec),
      settings.ingest.guidePastDays,
      settings.ingest.guideFutureDays,
      settings.guide.pictures,
      this.#options.pictures.revision,
    ];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
  }

  #publish(output: OutputConfig, shelf: Shelf, key: string): Promise<ProgrammeGeneration> {
    return inTurn(shelf, key, () => this.#make(output, shelf, key));
  }

  async #make(output: OutputConfig, shelf: Shelf, key: string): Promise<ProgrammeGeneration> {
    const begun = performance.now();
    let restMs = 0;
    const place = this.#place(output.id);
    const folder = join(place, key);
    try {
      await mkdir(place, { recursive: true, mode: 0o700 });
      await this.#thread.make(this.#orderOf(output, folder, shelf.generation?.folder ?? null));
      const generation = await readProgrammeGeneration(folder);
      if (generation === null) throw new CoaxError('INTERNAL', 'The guide could not be published');
      shelf.generation = generation;
      shelf.key = key;
      const { channels, programmes, revision } = generation;
      const ms = Math.round(performance.now() - begun);
      this.#options.log.info('guide published for media servers', {
        output: output.id,
        revision,
        channels,
        programmes,
        ms,
      });
      await this.#tidy(place, key);
      this.#tell(output, generation);
      return generation;
    } catch (error) {
      if (!this.#closed)
        this.#options.log.warn('the guide for media servers could not be published', { output: output.id, error });
      restMs = failureRestMs;
      throw error;
    } finally {
      const now = performance.now();
      shelf.restUntil = now + Math.max(restMs, Math.min(longestRestMs, (now - begun) * restShare));
    }
  }

  #orderOf(output: OutputConfig, folder: string, previous: string | null) {
    const { sources, settings, outputs } = this.#options.config();
    const now = Math.floor(Date.now() / 1000);
    const today = Math.floor(now / daySec) * daySec;
    const { guidePastDays, guideFutureDays } = settings.ingest;
    const asConfigured = outputs.find(({ id }) => id === output.id) ?? output;
    return {
      kind: 'programmes' as const,
      folder,
      previous,
      playersFirst: this.#options.playersFirst ?? null,
      catalogPath: this.#options.catalogPath,
      output: asConfigured,
      sourceIds: sources.filter(({ enabled }) => enabled).map(({ id }) => id),
      fromUnix: today - Math.min(pastSec, Math.round(guidePastDays * daySec)),
      toUnix: today + Math.round(guideFutureDays * daySec),
      secrets: this.#options.secrets(),
      pictures:
        settings.guide.pictures === 'off'
          ? null
          : {
              folder: this.#options.pictures.folder,
              path: `/o/${asConfigured.token}/picture`,
              sinceUnix: now,
              untilUnix: now + pictureAheadSec,
              providerHosts: [...hostsOfSources(sources)],
            },
    };
  }

  #tell(output: OutputConfig, generation: ProgrammeGeneration): void {
    for (const listener of this.#listeners) listener(output, generation);
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
