import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { OutputId } from '../model/ids.ts';
import type { PlayableArchive } from '../model/playable.ts';
import type { Viewer } from '../model/viewer.ts';
import type { FileServer } from '../vod/contract.ts';
import { KnownArchives } from './archive.ts';
import { KnownWays } from './known-ways.ts';
import { ArchivePlayback, type PlaybackDeps } from './playback.ts';

export interface CatchupOptions extends Omit<PlaybackDeps, 'archives' | 'ways'> {
  /** Serves what is opened here as it serves films: sessions, ranges, one connection for a viewer. */
  readonly files: FileServer;
}

export interface CatchupRequest {
  readonly archive: PlayableArchive;
  readonly startUnix: number;
  readonly endUnix: number;
  readonly catchupId?: string;
  readonly viewer: Viewer;
  readonly outputId: OutputId;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
}

/** Plays what was on: past programmes out of the archives of providers. */
export class Catchup {
  readonly #options: CatchupOptions;
  readonly #deps: PlaybackDeps;

  constructor(options: CatchupOptions) {
    this.#options = options;
    const { openList, health, edgeWaitMs } = options;
    this.#deps = {
      archives: new KnownArchives(),
      ways: new KnownWays(),
      openList,
      ...(health === undefined ? {} : { health }),
      ...(edgeWaitMs === undefined ? {} : { edgeWaitMs }),
    };
  }

  /** Answers a GET. Resolves when the response is over; rejects with CoaxError only while nothing was sent. */
  serve(request: CatchupRequest, response: ServerResponse): Promise<void> {
    const { archive, startUnix, endUnix, catchupId, ...rest } = request;
    const playback = new ArchivePlayback(
      {
        itemId: archive.file.itemId,
        rateKey: archive.rateKey,
        startUnix,
        endUnix,
        ways: (account, window) => archive.ways(account, window),
        ...(catchupId === undefined ? {} : { catchupId }),
      },
      this.#deps,
    );
    return this.#options.files.serve({ ...rest, file: archive.file, open: playback.open }, response);
  }

  /** What HEAD is told, from what is known: never asks a provider. A programme that is still on has no length and no ranges. */
  head({ archive, endUnix }: Pick<CatchupRequest, 'archive' | 'endUnix'>): Readonly<Record<string, string>> {
    const plan = this.#deps.archives.peek(archive.file.itemId);
    const isOver = endUnix * 1000 <= Date.now();
    const size = plan?.kind === 'line' ? plan.size : null;
    return {
      'content-type': 'video/mp2t',
      'cache-control': 'no-store',
      'accept-ranges': isOver ? 'bytes' : 'none',
      ...(size === null ? {} : { 'content-length': String(size) }),
    };
  }
}
