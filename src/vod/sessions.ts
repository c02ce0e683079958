import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Leases } from '../accounts/lease.ts';
import type { Seats } from '../accounts/seats.ts';
import { CoaxError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { SessionId } from '../model/ids.ts';
import type { SessionView } from '../model/session-view.ts';
import { type SendQueueOf, sendQueues } from '../net/send-queues.ts';
import { answerHeaders, planAnswer } from './answer-head.ts';
import { BlockCache } from './block-cache.ts';
import { contentTypeOf } from './content-type.ts';
import type { FileOpener, FileRequest, FileServer, PlayableFile } from './contract.ts';
import type { FileFacts } from './file-facts.ts';
import { KnownFiles } from './known-files.ts';
import { createRangeOpener } from './open-range.ts';
import { Reader } from './reader.ts';
import type { SessionSettings } from './session-deps.ts';
import { VodSession } from './session.ts';
import type { RangeOpener } from './upstream-range.ts';

export interface VodSettings extends SessionSettings {
  readonly cacheBytes: number;
}

/** What playback taught about a file. */
export interface LearnedFile {
  readonly size: number;
  readonly contentType: string;
}

export interface VodSessionsOptions {
  readonly leases: Leases;
  /** Limits of users and outputs; none when absent. */
  readonly seats?: Pick<Seats, 'take'>;
  /** How ranges are opened; by HTTP and from the built-in movie when absent. */
  readonly open?: RangeOpener;
  /** Read anew for each session; `cacheBytes` only at the start. */
  readonly settings: () => VodSettings;
  readonly log: Log;
  /** What a client's kernel queue holds; that of this machine when absent. */
  readonly sendQueueOf?: SendQueueOf;
  /** Called when a size differs from the file's `knownSize`, so that the catalogue can keep it. */
  readonly onLearned?: (itemId: string, learned: LearnedFile) => void;
}

export interface HeadAnswer {
  readonly status: 200;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** All VOD sessions: finds the one a request belongs to, and makes and forgets them. */
export class VodSessions implements FileServer {
  readonly #options: VodSessionsOptions;
  readonly #cache: BlockCache;
  readonly #files: KnownFiles;
  readonly #sessions = new Map<SessionId, VodSession>();
  #readers = 0;
  #disposed = false;

  constructor(options: VodSessionsOptions) {
    this.#options = options;
    this.#cache = new BlockCache({ maxBytes: options.settings().cacheBytes });
    this.#files = new KnownFiles(this.#cache);
  }

  async serve(request: FileRequest, response: ServerResponse): Promise<void> {
    if (this.#disposed) throw new CoaxError('SHUTTING_DOWN');
    this.#readers += 1;
    const { settings, seats, sendQueueOf = sendQueues.of } = this.#options;
    const { viewer, outputId, file, signal } = request;
    // A playback's requests share a seat; between two of them it is nobody's.
    const seat = seats?.take({ viewer, outputId, subject: file.itemId, purpose: file.purpose ?? 'vod', signal });
    const seated = seat === undefined ? request : { ...request, signal: seat.signal };
    try {
      const id = `reader-${this.#readers}`;
      const reader = new Reader({ id, request: seated, response, pauseMs: settings().pauseMs, sendQueueOf });
      this.#sessionOf(request).add(reader);
      await reader.done;
    } finally {
      seat?.leave();
    }
  }

  /** Answers HEAD from what is known; never touches a provider. A `Range` means nothing to HEAD (RFC 9110 14.2). */
  head(file: PlayableFile): HeadAnswer {
    const known = this.#files.trusted(file.itemId);
    const size = known?.size ?? file.knownSize ?? null;
    const ranges = known?.ranges ?? true;
    const headers = answerHeaders({
      itemId: file.itemId,
      contentType: contentTypeOf(file.contentType, file.ext, known?.contentType ?? undefined),
      size,
      ranges,
      plan: planAnswer(null, { size, ranges }),
    });
    return { status: 200, headers };
  }

  /** What runs now, read from the sessions themselves. */
  snapshot(): SessionView[] {
    return [...this.#sessions.values()].map((session) => session.view());
  }

  /** Ends a session and all its responses. False when there is none of this id. */
  stop(id: SessionId): boolean {
    const session = this.#sessions.get(id);
    session?.stop();
    return session !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const sessions = [...this.#sessions.values()];
    for (const session of sessions) session.stop();
    await Promise.all(sessions.map((session) => session.closed()));
  }

  /** The viewer's session of this file; of several, one whose player has no open request. */
  #sessionOf({ viewer, file, open }: FileRequest): VodSession {
    const own = [...this.#sessions.values()].filter(
      (session) => session.viewer.key === viewer.key && session.file.itemId === file.itemId,
    );
    const found = own.find((session) => session.readerCount === 0) ?? own[0];
    if (found) return found;
    const session = this.#create(viewer, file, open);
    this.#options.log.info('playback began', {
      session: session.sessionId,
      item: file.itemId,
      viewer: viewer.label,
    });
    return session;
  }

  #create(viewer: FileRequest['viewer'], file: PlayableFile, opener?: FileOpener): VodSession {
    const id = `${file.purpose ?? 'vod'}-${randomUUID()}` as SessionId;
    const { leases, open = createRangeOpener(), settings, log } = this.#options;
    const session: VodSession = new VodSession({
      id,
      viewer,
      file,
      leases,
      open,
      ...(opener === undefined ? {} : { opener }),
      log,
      settings: settings(),
      files: this.#files,
      cache: this.#cache,
      learned: (facts) => this.#learned(file, facts),
      split: (reader) => this.#split(session, reader),
      ended: () => this.#sessions.delete(id),
    });
    this.#sessions.set(id, session);
    return session;
  }

  #split(session: VodSession, reader: Reader): boolean {
    const { viewer, file } = session;
    const own = this.#create(viewer, file, reader.request.open);
    const lease = this.#options.leases.tryAcquire({
      candidates: session.candidates,
      viewer,
      purpose: file.purpose ?? 'vod',
      holder: own,
    });
    if (lease === null) {
      own.stop();
      return false;
    }
    session.release(reader);
    own.adopt(reader, lease);
    return true;
  }

  #learned(file: PlayableFile, { size, contentType }: FileFacts): void {
    if (size === null || size === file.knownSize || file.purpose === 'catchup') return;
    const learned = { size, contentType: contentTypeOf(file.contentType, file.ext, contentType ?? undefined) };
    try {
      this.#options.onLearned?.(file.itemId, learned);
    } catch (error) {
      // A catalogue that can not keep it is no reason to stop a film.
      this.#options.log.warn('the size of a file could not be kept', { item: file.itemId, error });
    }
  }
}
