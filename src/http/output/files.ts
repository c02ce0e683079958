import type { Request, Response } from 'express';
import type { Episode, Movie } from '../../catalog/contract.ts';
import type { OutputConfig } from '../../config/schema.ts';
import { CoaxError } from '../../errors.ts';
import type { EpisodeId, MovieId, OutputId } from '../../model/ids.ts';
import type { PlayableFile } from '../../model/playable.ts';
import type { Services } from '../services.ts';
import { viewerOf } from '../viewer.ts';
import { idAndExt, outputOf } from './context.ts';
import type { OpenResponses } from './open-responses.ts';
import { redirectFile } from './redirect.ts';

export type FileKind = 'movie' | 'episode';

function fileOf(kind: FileKind, request: Request, services: Services): { file: PlayableFile; output: OutputConfig } {
  const output = outputOf(request, services);
  const { id } = idAndExt(request.params['file']);
  const item: Movie | Episode | null =
    kind === 'movie' ? services.lineup.movie(output, id as MovieId) : services.lineup.episode(output, id as EpisodeId);
  const file = item === null ? null : services.lineup.playableFile(item);
  if (file === null) throw new CoaxError('NOT_FOUND', `There is no such ${kind}`);
  return { file, output };
}

/** HEAD: from what is known of the file; never asks the provider. */
export function headFile(kind: FileKind, request: Request, response: Response, services: Services): void {
  const { status, headers } = services.files.head(fileOf(kind, request, services).file);
  response.writeHead(status, { ...headers });
  response.end();
}

export async function getFile(
  kind: FileKind,
  request: Request,
  response: Response,
  services: Services,
  open: OpenResponses,
): Promise<void> {
  const { file, output } = fileOf(kind, request, services);
  const { token } = output;
  open.add(token, response);
  if (await redirectFile(request, response, { file, output }, services)) return;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.setHeader('Access-Control-Allow-Origin', '*');
  await services.files.serve(
    {
      file,
      outputId: output.id as OutputId,
      viewer: viewerOf(request, request.query, token),
      headers: request.headers,
      signal: gone.signal,
    },
    response,
  );
}
