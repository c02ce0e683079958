import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AccountId, OutputId } from '../model/ids.ts';
import type { PlayableFile } from '../model/playable.ts';
import type { Viewer } from '../model/viewer.ts';
import type { OpenOptions, RangeAnswer } from './upstream-range.ts';

export type { PlayableFile } from '../model/playable.ts';

/** Opens ranges of one file on an account; for files that are not simply at an address. Rejects as a `RangeOpener` does. */
export type FileOpener = (account: AccountId, options: OpenOptions) => Promise<RangeAnswer>;

export interface FileRequest {
  readonly file: PlayableFile;
  /** By the file's `request` when absent; a session stays with the one of its first request. */
  readonly open?: FileOpener;
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
}

export interface FileServer {
  /** Answers a GET: head, body, end. Resolves when the response is over; rejects with CoaxError only while nothing was sent. */
  serve(request: FileRequest, response: ServerResponse): Promise<void>;
}
