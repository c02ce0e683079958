import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { PublishedFile } from '../../lineup/publisher.ts';
import { isUnchanged } from '../etag.ts';

/** Sends one file of a published generation: ETag, 304, and the packed form to clients that take it. */
export async function sendPublished(
  request: Request,
  response: Response,
  file: PublishedFile,
  packed: PublishedFile | null,
): Promise<void> {
  const usePacked = packed !== null && request.acceptsEncodings('gzip') === 'gzip';
  const chosen = usePacked ? packed : file;
  response.setHeader('ETag', chosen.etag);
  response.setHeader('Cache-Control', 'no-cache');
  if (packed !== null) response.setHeader('Vary', 'Accept-Encoding');
  if (isUnchanged(request, chosen.etag)) {
    response.status(304).end();
    return;
  }
  response.setHeader('Content-Type', file.contentType);
  response.setHeader('Content-Length', chosen.size);
  response.setHeader('Last-Modified', new Date(chosen.modifiedAt).toUTCString());
  if (usePacked) response.setHeader('Content-Encoding', 'gzip');
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  // A client that goes away in the middle is no error of ours.
  await pipeline(createReadStream(chosen.path), response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
}
