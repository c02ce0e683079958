import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { PublishedFile } from '../../lineup/publisher.ts';
import { isUnchanged } from '../etag.ts';

const address = /^(https?:\/\/\S*\/live\/[\w-]+)\.(?:ts|m3u8)$/gm;

/** The ending a client wants for the addresses of channels (`?format=m3u8` or `ts`); null where it leaves it to the output. */
export function wantedEnding(query: Readonly<Record<string, unknown>>): 'm3u8' | 'ts' | null {
  const { format } = query;
  return format === 'm3u8' || format === 'ts' ? format : null;
}

/** The published playlist with all channels in one form, whatever the output's is. */
export async function sendPlaylistAs(
  request: Request,
  response: Response,
  file: PublishedFile,
  ending: 'm3u8' | 'ts',
): Promise<void> {
  const etag = `${file.etag.slice(0, -1)}-${ending}"`;
  response.set({ ETag: etag, 'Cache-Control': 'no-cache' });
  if (isUnchanged(request, etag)) {
    response.status(304).end();
    return;
  }
  response.set('Content-Type', file.contentType);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  async function* changed(chunks: AsyncIterable<string>): AsyncGenerator<string> {
    let rest = '';
    for await (const chunk of chunks) {
      const text = rest + chunk;
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      yield text.slice(0, end).replace(address, `$1.${ending}`);
    }
    yield rest.replace(address, `$1.${ending}`);
  }
  // A client that goes away in the middle is no error of ours.
  await pipeline(createReadStream(file.path, 'utf8'), changed, response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
}
