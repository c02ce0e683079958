import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PublishedFile } from './published-index.ts';

export const programmesName = 'programmes.ndjson';
export const packedName = 'programmes.ndjson.gz';
/** Where the line of each channel lies in the file. */
export const channelsFileName = 'channels.json';

const schema = z.object({
  revision: z.string().min(1),
  channels: z.int(),
  programmes: z.int(),
  size: z.int(),
  packedSize: z.int(),
  modifiedAt: z.number(),
});

export type ProgrammeIndex = z.infer<typeof schema>;

/** The guide of an output for media servers, whole. */
export interface ProgrammeGeneration {
  /** A hash of the content: the same guide has the same revision. */
  readonly revision: string;
  readonly folder: string;
  readonly channels: number;
  readonly programmes: number;
  /** Both have the revision, quoted, as their ETag. */
  readonly file: PublishedFile;
  readonly packed: PublishedFile;
}

/** Null when there is none, or not a whole one. */
export async function readProgrammeGeneration(folder: string): Promise<ProgrammeGeneration | null> {
  const text = await readFile(join(folder, 'index.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { revision, channels, programmes, size, packedSize, modifiedAt } = schema.parse(JSON.parse(text));
    const shared = { etag: `"${revision}"`, contentType: 'application/x-ndjson; charset=utf-8', modifiedAt };
    return {
      revision,
      folder,
      channels,
      programmes,
      file: { ...shared, path: join(folder, programmesName), size },
      packed: { ...shared, path: join(folder, packedName), size: packedSize },
    };
  } catch {
    return null;
  }
}
