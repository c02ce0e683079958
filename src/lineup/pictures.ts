import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { Log } from '../log/log.ts';
import { guardedLookup, isAllowedHost } from './address-guard.ts';
import { HostPauses } from './host-pauses.ts';
import { fetchImage } from './image-fetch.ts';
import { imageTypeOf } from './image-type.ts';
import { isPictureName, pictureName } from './picture-name.ts';
import { type PictureList, readPictureList } from './picture-wishes.ts';
import { belongsTo, hostsOfSources } from './provider-hosts.ts';

const mostAtOnce = 2;
const mostBytes = 2_000_000;
const mostPictures = 20_000;
const mostTotalBytes = 1_073_741_824;
/** Between two pictures of one lane. */
const pauseMs = 50;
/** A picture that nobody wishes for any more is kept this long, as guides come back to them. */
const unwishedMs = 3 * 86_400_000;
/** Hosts read their guide anew when they are told of pictures: no more often than this. */
const tellEveryMs = 3 * 3_600_000;
const toldFileName = 'told';

export interface Picture {
  readonly bytes: Buffer;
  readonly contentType: string;
}

export interface PicturesOptions {
  readonly folder: string;
  readonly config: () => Config;
  readonly log: Log;
  readonly fetch?: typeof fetchImage;
}

/**
 * Pictures of programmes, gathered ahead and held on disk, so that a media server that fetches them in bulk never asks a provider, nor
 * anyone else. Two at a time, only what a guide wishes for, never from a provider's own hosts.
 */
export class Pictures {
  readonly #options: PicturesOptions;
  /** By name: the size, and when it was fetched. */
  readonly #held = new Map<string, { readonly size: number; readonly at: number }>();
  /** By output: what its guide wishes for. */
  readonly #wishes = new Map<string, PictureList>();
  readonly #pauses = new HostPauses();
  readonly #stopping = new AbortController();
  #totalBytes = 0;
  #untold = 0;
  #toldAt = 0;
  #run: Promise<void> | null = null;
  #again = false;
  #loaded: Promise<void> | null = null;

  constructor(options: PicturesOptions) {
    this.#options = options;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** Moves when so much was gathered that guides are worth making anew; stays over a restart. */
  get revision(): number {
    return this.#toldAt;
  }

  /** Null when it is not held. */
  async get(name: string): Promise<Picture | null> {
    if (!isPictureName(name)) return null;
    const bytes = await readFile(join(this.folder, name)).catch(() => null);
    const contentType = bytes === null ? null : imageTypeOf(bytes);
    return bytes === null || contentType === null ? null : { bytes, contentType };
  }

  /** Reads the revision; before the first guide is made. */
  async start(): Promise<void> {
    this.#toldAt = Number(await readFile(join(this.folder, toldFileName), 'utf8').catch(() => '0')) || 0;
  }

  /** Gathers what the guide in this folder wishes for, in the background; instead of what this output wished for before. */
  async gather(outputId: string, guideFolder: string): Promise<void> {
    if (this.#options.config().settings.guide.pictures === 'off') return;
    this.#wishes.set(outputId, await readPictureList(guideFolder));
    this.#again = true;
    this.#run ??= this.#gatherAll().finally(() => {
      this.#run = null;
    });
    return this.#run;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#run?.catch(() => {});
  }

  /** What is held: thousands of files, so not before it is needed. */
  async #load(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.folder);
    for (const name of names) {
      // oxlint-disable-next-line no-await-in-loop -- thousands of files: one after the other
      const found = isPictureName(name) ? await stat(join(this.folder, name)).catch(() => null) : null;
      if (found === null) continue;
      this.#held.set(name, { size: found.size, at: found.mtimeMs });
      this.#totalBytes += found.size;
    }
  }

  async #gatherAll(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      this.#loaded ??= this.#load();
      await this.#loaded;
      while (this.#again && !signal.aborted) {
        this.#again = false;
        if (!this.#hasRoom()) await this.#prune();
        const wanted = this.#wanted();
        let at = 0;
        const lane = async (): Promise<void> => {
          for (; at < wanted.length && !signal.aborted && !this.#again && this.#hasRoom(); ) {
            const address = wanted[at] ?? '';
            at++;
            if (await this.#take(address)) await pause(pauseMs, undefined, { signal });
          }
        };
        await Promise.all(Array.from({ length: mostAtOnce }, lane));
      }
      if (!signal.aborted) await this.#prune();
      await this.#tell();
    } catch (error) {
      if (!signal.aborted) this.#options.log.warn('pictures of programmes could not be gathered', { error });
    }
  }

  #hasRoom(): boolean {
    return this.#held.size < mostPictures && this.#totalBytes < mostTotalBytes;
  }

  /** Every address once; those of all outputs take turns, so that the soonest of each come first. */
  #wanted(): string[] {
    const lists = [...this.#wishes.values()].map(({ addresses }) => addresses);
    const longest = Math.max(0, ...lists.map(({ length }) => length));
    const wanted = new Set<string>();
    for (let at = 0; at < longest; at++)
      for (const list of lists) {
        const address = list[at];
        if (address !== undefined && !this.#held.has(pictureName(address))) wanted.add(address);
      }
    return [...wanted];
  }

  /** True when somebody was asked. */
  async #take(address: string): Promise<boolean> {
    const url = URL.parse(address);
    if (url === null || this.#pauses.has(address) || this.#pauses.has(url.host)) return false;
    const name = pictureName(address);
    try {
      const bytes = await this.#fetch(address);
      const contentType = imageTypeOf(bytes);
      if (contentType === null || contentType === 'image/svg+xml') throw new Error('not a picture');
      const path = join(this.folder, name);
      await writeFile(`${path}.tmp`, bytes, { mode: 0o600 });
      await rename(`${path}.tmp`, path);
      this.#held.set(name, { size: bytes.length, at: Date.now() });
      this.#totalBytes += bytes.length;
      this.#untold += 1;
      this.#pauses.worked(url.host);
    } catch (error) {
      if (this.#stopping.signal.aborted) return true;
      this.#pauses.failed(address, url.host, isOfAddress(error));
      this.#options.log.debug('a picture of a programme can not be had', { host: url.host, error });
    }
    return true;
  }

  #fetch(address: string): Promise<Buffer> {
    const nobody = new Set<string>();
    const providers = new Set([
      ...hostsOfSources(this.#options.config().sources),
      ...[...this.#wishes.values()].flatMap(({ hosts }) => hosts),
    ]);
    const admit = (url: URL): void => {
      if (!/^https?:$/.test(url.protocol) || !isAllowedHost(url.hostname, nobody))
        throw new Error('not a public address');
      if (belongsTo(providers, url.hostname)) throw new Error("a provider's own host");
    };
    const fetch = this.#options.fetch ?? fetchImage;
    return fetch(address, { admit, lookup: guardedLookup(nobody), mostBytes, signal: this.#stopping.signal });
  }

  async #prune(): Promise<void> {
    const lists = [...this.#wishes.values()];
    const wished = new Set(lists.flatMap(({ addresses, named }) => [...addresses.map(pictureName), ...named]));
    const before = Date.now() - unwishedMs;
    const gone = [...this.#held].filter(([name, { at }]) => !wished.has(name) && at < before);
    for (const [name, { size }] of gone) {
      this.#held.delete(name);
      this.#totalBytes -= size;
      // oxlint-disable-next-line no-await-in-loop -- in the background, one after the other
      await rm(join(this.folder, name), { force: true });
    }
  }

  async #tell(): Promise<void> {
    const now = Date.now();
    if (this.#untold === 0 || this.#stopping.signal.aborted) return;
    // A clock that was set back must not keep pictures from hosts.
    if (this.#toldAt <= now && now - this.#toldAt < tellEveryMs) return;
    this.#options.log.info('pictures of programmes gathered', { fresh: this.#untold, held: this.#held.size });
    this.#untold = 0;
    this.#toldAt = now;
    await writeFile(join(this.folder, toldFileName), String(now), { mode: 0o600 });
  }
}

/** Whether the failure says something of this address only, not of its host. */
function isOfAddress(error: unknown): boolean {
  const status = (error as { response?: { status?: number } }).response?.status;
  return (
    (status !== undefined && [400, 401, 403, 404, 410].includes(status)) ||
    /not a (?:picture|public)|own host|maxContentLength/.test(String(error))
  );
}
