import { join } from 'node:path';
import { z } from 'zod';

export const publishedNames = ['playlist.m3u', 'movies.m3u', 'guide.xml', 'guide.xml.gz', 'lineup.json'] as const;
export type PublishedName = (typeof publishedNames)[number];

export interface PublishedFile {
  readonly path: string;
  readonly size: number;
  /** Quoted, and made from the content: the same bytes have the same ETag. */
  readonly etag: string;
  readonly contentType: string;
  /** Unix milliseconds. */
  readonly modifiedAt: number;
}

/** All files of an output, made from one state of lineup and guide (design D2). */
export type Generation = Readonly<Record<PublishedName, PublishedFile>>;

const entry = z.object({ size: z.int().min(0), etag: z.string(), contentType: z.string(), modifiedAt: z.number() });
const schema = z.object({ files: z.record(z.enum(publishedNames), entry) });

export type PublishedIndex = z.input<typeof schema>;

/** Decodes `index.json` of a generation; null when it is not whole. */
export function decodeIndex(text: string, folder: string): Generation | null {
  try {
    const { files } = schema.parse(JSON.parse(text));
    return Object.fromEntries(
      publishedNames.map((name) => [name, { ...files[name], path: join(folder, name) }]),
    ) as unknown as Generation;
  } catch {
    return null;
  }
}
