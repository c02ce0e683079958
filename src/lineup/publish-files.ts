import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { PublishedIndex } from './published-index.ts';
import type { PublishedName } from './published-index.ts';

const contentTypes: Readonly<Record<PublishedName, string>> = {
  'playlist.m3u': 'audio/x-mpegurl; charset=utf-8',
  'movies.m3u': 'audio/x-mpegurl; charset=utf-8',
  'guide.xml': 'application/xml; charset=utf-8',
  'guide.xml.gz': 'application/gzip',
  'lineup.json': 'application/json; charset=utf-8',
};

const pieceBytes = 65_536;

/** Joins small texts into pieces worth a write. */
async function* joined(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < pieceBytes) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

async function describeFile(folder: string, name: PublishedName): Promise<PublishedIndex['files'][PublishedName]> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash);
  const { size, mtimeMs } = await stat(join(folder, name));
  return {
    size,
    etag: `"${hash.digest('base64url').slice(0, 27)}"`,
    contentType: contentTypes[name],
    modifiedAt: Math.floor(mtimeMs),
  };
}

/**
 * Writes the files of a generation aside and moves the folder into place when it is whole: a crash leaves a folder that nobody reads.
 * The texts are taken one file after the other.
 */
export async function publishFiles(
  folder: string,
  texts: Readonly<Record<Exclude<PublishedName, 'guide.xml.gz'>, AsyncIterable<string> | Iterable<string>>>,
): Promise<void> {
  const aside = `${folder}.tmp`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(texts)) {
    // oxlint-disable-next-line no-await-in-loop -- one file at a time keeps memory flat
    await pipeline(Readable.from(joined(text)), createWriteStream(join(aside, name), { mode: 0o600 }));
  }
  await pipeline(
    createReadStream(join(aside, 'guide.xml')),
    createGzip({ level: 6 }),
    createWriteStream(join(aside, 'guide.xml.gz'), { mode: 0o600 }),
  );
  const names = Object.keys(contentTypes) as PublishedName[];
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await describeFile(aside, name)] as const)),
  );
  await writeFile(join(aside, 'index.json'), JSON.stringify({ files }), { mode: 0o600 });
  await rm(folder, { recursive: true, force: true });
  await rename(aside, folder);
}
