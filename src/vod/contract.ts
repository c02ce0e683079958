import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AccountId, OutputId, SourceId } from '../model/ids.ts';
import type { UpstreamRequest } from '../model/upstream-request.ts';
import type { Viewer } from '../model/viewer.ts';

/** A movie, an episode or a piece of an archive, as a VOD session needs it. */
export interface PlayableFile {
  /** Movie or episode id. */
  readonly itemId: string;
  readonly title: string;
  readonly ext: string;
  readonly contentType: string;
  readonly sourceId: SourceId;
  readonly accounts: readonly AccountId[];
  /** The size known from earlier playback, in bytes; answers HEAD without the provider. */
  readonly knownSize?: number;
  request(account: AccountId): UpstreamRequest;
}

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
