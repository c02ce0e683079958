import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { OutputId } from '../model/ids.ts';
import type { PlayableFile } from '../model/playable.ts';
import type { Viewer } from '../model/viewer.ts';

export type { PlayableFile } from '../model/playable.ts';

export interface FileRequest {
  readonly file: PlayableFile;
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
}

export interface FileServer {
  /** Answers a GET: head, body, end. Resolves when the response is over; rejects with CoaxError only while nothing was sent. */
  serve(request: FileRequest, response: ServerResponse): Promise<void>;
}
