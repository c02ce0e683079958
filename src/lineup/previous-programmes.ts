import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { KnownBroadcast } from '../guide/programme-identity.ts';
import { channelsFileName, programmesName } from './programme-index.ts';

const placesSchema = z.array(z.tuple([z.string(), z.int().min(0), z.int().min(1)]));
const lineSchema = z.object({
  channelId: z.string(),
  programmes: z.array(
    z.object({ id: z.string(), start: z.number(), title: z.string(), showId: z.string().exactOptional() }),
  ),
});

type Place = { readonly at: number; readonly length: number };

/** The programmes of the generation before, read channel by channel. One that can't be read has none: ids are then made anew. */
export class PreviousProgrammes {
  readonly #file: FileHandle | null;
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(file: FileHandle | null, places: ReadonlyMap<string, Place>) {
    this.#file = file;
    this.#places = places;
  }

  static async open(folder: string | null): Promise<PreviousProgrammes> {
    if (folder !== null) {
      try {
        const text = await readFile(join(folder, channelsFileName), 'utf8');
        const places = placesSchema.parse(JSON.parse(text)).map(([id, at, length]) => [id, { at, length }] as const);
        return new PreviousProgrammes(await open(join(folder, programmesName), 'r'), new Map(places));
      } catch {
        // Nothing to go by.
      }
    }
    return new PreviousProgrammes(null, new Map());
  }

  /** In order of start. */
  async of(channelId: string): Promise<readonly KnownBroadcast[]> {
    const place = this.#places.get(channelId);
    if (place === undefined || this.#file === null) return [];
    try {
      const bytes = Buffer.allocUnsafe(place.length);
      const { bytesRead } = await this.#file.read(bytes, 0, place.length, place.at);
      const line = lineSchema.parse(JSON.parse(bytes.toString('utf8', 0, bytesRead)));
      if (line.channelId !== channelId) return [];
      return line.programmes.map(({ id, start, title, showId }) => ({
        id,
        startUnix: start,
        title,
        ...(showId === undefined ? {} : { key: showId }),
      }));
    } catch {
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
