import type { ServerResponse } from 'node:http';
import { sentAway } from '../accounts/seats.ts';
import { CoaxError } from '../errors.ts';
import type { ConsumerView } from '../model/session-view.ts';
import type { SendQueueOf } from '../net/send-queues.ts';
import { answerHeaders, effectiveRange, planAnswer } from './answer-head.ts';
import type { BlockCache } from './block-cache.ts';
import { contentTypeOf } from './content-type.ts';
import type { FileRequest } from './contract.ts';
import type { FileFacts } from './file-facts.ts';
import { parseRange, type RangeSpec } from './range.ts';
import { RateMeter } from './rate-meter.ts';
import { ResponseWriter } from './response-writer.ts';
import type { Ask } from './upstream-range.ts';

/** The session a reader belongs to; all are called synchronously. */
export interface ReaderHost {
  /** The client took bytes: the reader may want more. */
  readerDrained(reader: Reader): void;
  /** The client took nothing for the pause time; what was read ahead is forgotten. */
  readerPaused(reader: Reader): void;
  /** The response is over, in whichever way. */
  readerGone(reader: Reader): void;
}

export interface ReaderOptions {
  readonly id: string;
  readonly request: FileRequest;
  readonly response: ServerResponse;
  /** A client that takes no byte for this long counts as paused. */
  readonly pauseMs: number;
  readonly sendQueueOf: SendQueueOf;
}

/** What is read ahead of a client: some seconds of what it takes, within bounds. */
const readAheadSec = 2;
const leastAheadBytes = 1_048_576;
const mostAheadBytes = 4_194_304;
/** Bytes after which earlier failures are forgiven. */
const progressBytes = 65_536;

/** One response of a session: what it has got, what it wants next, and how its client reads. */
export class Reader {
  readonly id: string;
  readonly request: FileRequest;
  readonly since = Date.now();
  readonly startedAt = performance.now();
  /** Settles when the response is over; rejects only while nothing was sent. */
  readonly done: Promise<void>;
  /** The highest goes first; set by the session. */
  priority = 0;
  failures = 0;
  refusals = 0;
  /** Not before this `performance.now()` reading does it ask again. */
  retryAt = 0;
  /** It was set aside for another and took bytes again afterwards: its client really reads. */
  resumed = false;
  /** Since when it waits while another is served, as a `performance.now()` reading; null when it is served. */
  parkedAt: number | null = null;
  /** Called when the queue has room again; set by the one who reads for it. */
  onRoom: (() => void) | null = null;
  readonly #writer: ResponseWriter;
  /** What the client takes. */
  readonly #taken = new RateMeter();
  readonly #range: RangeSpec | null;
  readonly #ifRange: string | undefined;
  readonly #pauseMs: number;
  readonly #sendQueueOf: SendQueueOf;
  /** What the kernel held for the client when it was last asked, since the last drain. */
  #held: number | null = null;
  /** When the kernel was seen to hold something else. */
  #takenAt = 0;
  readonly #resolve: () => void;
  readonly #reject: (error: CoaxError) => void;
  #host: ReaderHost | null = null;
  #facts: FileFacts | null = null;
  #head: { readonly status: number; readonly headers: Record<string, string> } | null = null;
  #position = 0;
  #end: number | null = null;
  #complete = false;
  #paused = false;
  #sinceFailure = 0;
  #pauseTimer: NodeJS.Timeout | undefined;

  constructor({ id, request, response, pauseMs, sendQueueOf }: ReaderOptions) {
    this.id = id;
    this.request = request;
    this.#pauseMs = pauseMs;
    this.#sendQueueOf = sendQueueOf;
    this.#range = parseRange(request.headers.range);
    this.#ifRange = request.headers['if-range']?.toString();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#writer = new ResponseWriter(response, { drained: () => this.#drained(), closed: () => this.#over() });
  }

  /** Starts to watch the client on behalf of `host`. */
  start(host: ReaderHost): void {
    this.#host = host;
    const { signal } = this.request;
    const leave = () => {
      const why = sentAway(signal);
      if (why === null) this.#writer.destroy();
      else this.fail(why);
    };
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    void this.done.catch(() => {}).finally(() => signal.removeEventListener('abort', leave));
    this.#writer.start();
  }

  /** Hands the reader to another session. */
  moveTo(host: ReaderHost): void {
    this.#host = host;
  }

  get over(): boolean {
    return this.#writer.over;
  }

  /** Everything it needs of the provider is there. */
  get complete(): boolean {
    return this.#complete;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get headSent(): boolean {
    return this.#writer.headSent;
  }

  /** The next byte it needs. */
  get position(): number {
    return this.#position;
  }

  /** One past the last byte it needs; null while that is not known. */
  get end(): number | null {
    return this.#end;
  }

  /** The file its answer is about, once decided. */
  get facts(): FileFacts | null {
    return this.#facts;
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  get sentBytes(): number {
    return this.#writer.sentBytes;
  }

  /** True when the provider should be asked for bytes. */
  get wants(): boolean {
    return !this.over && !this.#complete && !this.#paused && this.queuedBytes < this.#lowWater;
  }

  /** True when no more should be read ahead. */
  get full(): boolean {
    return this.queuedBytes >= this.#aheadBytes;
  }

  /** A client that reads slowly gets little memory, a fast one few pauses of its provider. */
  get #aheadBytes(): number {
    const wished = (this.#taken.bitRate() / 8) * readAheadSec;
    return Math.min(mostAheadBytes, Math.max(leastAheadBytes, wished));
  }

  /** Below this the provider is asked for more. */
  get #lowWater(): number {
    return this.#aheadBytes / 2;
  }

  /** What to ask the provider for. `expectedSize` is what is believed of the file while the answer is not decided. */
  ask(expectedSize: number | null): Ask {
    const { itemId } = this.request.file;
    if (this.#facts)
      return { kind: 'span', from: this.#position, to: this.#end === this.#facts.size ? null : this.#end };
    const range = effectiveRange(this.#range, this.#ifRange, itemId, expectedSize);
    if (range === null) return { kind: 'span', from: 0, to: null };
    if (range.kind === 'from')
      return { kind: 'span', from: range.start, to: range.last === null ? null : range.last + 1 };
    // An empty suffix is never satisfiable, and only the size is wanted for the 416.
    if (range.length === 0) return { kind: 'span', from: 0, to: 1 };
    if (expectedSize === null) return { kind: 'suffix', length: range.length };
    return { kind: 'span', from: Math.max(0, expectedSize - range.length), to: null };
  }

  /**
   * Decides the answer by what the file is, once. Throws UPSTREAM_BAD_CONTENT when it was decided for another version of the file: bytes
   * of two files are never mixed.
   */
  settle(facts: FileFacts): void {
    if (this.#facts) {
      if (this.#facts.version === facts.version) return;
      if (this.headSent || this.sentBytes > 0)
        throw new CoaxError('UPSTREAM_BAD_CONTENT', 'The file at the provider has changed since the answer began');
    }
    const { file } = this.request;
    const plan = planAnswer(effectiveRange(this.#range, this.#ifRange, file.itemId, facts.size), facts);
    const contentType = contentTypeOf(file.contentType, file.ext, facts.contentType ?? undefined);
    const headers = answerHeaders({
      itemId: file.itemId,
      contentType,
      size: facts.size,
      ranges: facts.ranges,
      plan,
    });
    this.#facts = facts;
    this.#head = { status: plan.status, headers };
    if (plan.status === 416) return this.finish();
    this.#position = plan.start;
    this.#end = plan.end;
    if (this.#position === this.#end) this.finish();
  }

  /** Takes what the cache holds from where it stands. */
  fill(cache: BlockCache): void {
    if (!this.#facts || this.#complete || this.#facts.size === null || this.#end === null) return;
    if (this.#facts.volatile === true) return;
    for (const piece of cache.read(this.#facts.version, this.#position, this.#end)) this.accept(piece);
  }

  /** Takes the bytes at `position`. The buffer is not copied. */
  accept(chunk: Uint8Array): void {
    if (this.over || this.#complete || chunk.length === 0) return;
    const piece = this.#end === null ? chunk : chunk.subarray(0, this.#end - this.#position);
    this.#position += piece.length;
    this.#sinceFailure += piece.length;
    if (this.#sinceFailure >= progressBytes) this.failures = 0;
    this.#writeHead();
    this.#writer.push(piece);
    if (this.#position === this.#end) this.finish();
    else if (this.#writer.blocked) this.#watchPause();
  }

  /** There is nothing more to come; the queue is still written. */
  finish(): void {
    if (this.over || this.#complete) return;
    this.#complete = true;
    clearTimeout(this.#pauseTimer);
    this.#writeHead();
    this.#writer.end();
  }

  /** Counts a failure and returns how many there were without progress between them. */
  failed(): number {
    this.#sinceFailure = 0;
    this.failures += 1;
    return this.failures;
  }

  /** Gives the response up: with an error while nothing was sent, else by cutting the connection. */
  fail(error: CoaxError): void {
    if (this.over) return;
    if (this.headSent) {
      this.#writer.destroy();
      return;
    }
    this.#reject(error);
    this.#writer.release();
  }

  view(): ConsumerView {
    const { viewer, outputId } = this.request;
    return { id: this.id, viewer, outputId, since: this.since, bytes: this.sentBytes, lagMs: 0, skips: 0 };
  }

  #writeHead(): void {
    if (this.#head) this.#writer.head(this.#head.status, this.#head.headers);
    this.#head = null;
  }

  #drained(): void {
    this.#paused = false;
    this.#held = null;
    if (this.#writer.blocked) this.#watchPause();
    this.#taken.add(this.sentBytes - this.#taken.total);
    if (this.queuedBytes < this.#lowWater) this.onRoom?.();
    this.#host?.readerDrained(this);
  }

  /** One timer for many drains: it looks at the clock when it fires. Half of the pause is for the kernel to tell what is taken. */
  #watchPause(ms = this.#pauseMs / 2): void {
    this.#pauseTimer ??= setTimeout(() => {
      // A busy process runs its late timers before it writes: one more turn tells.
      setImmediate(() => void this.#checkPause());
    }, ms);
  }

  async #checkPause(): Promise<void> {
    const halfMs = this.#pauseMs / 2;
    if (this.#mayPause && this.#pauseInMs <= halfMs) await this.#askKernel();
    this.#pauseTimer = undefined;
    if (!this.#mayPause) return;
    const leftMs = this.#pauseInMs;
    if (leftMs > 0) return this.#watchPause(Math.ceil(leftMs > halfMs ? leftMs - halfMs : leftMs));
    this.#paused = true;
    this.#position -= this.#writer.dropQueue();
    this.#host?.readerPaused(this);
  }

  async #askKernel(): Promise<void> {
    const { socket, progressAt } = this.#writer;
    const held = socket === null ? null : await this.#sendQueueOf(socket);
    if (typeof held !== 'number' || progressAt !== this.#writer.progressAt) return;
    if (this.#held !== null && held !== this.#held) this.#takenAt = performance.now();
    this.#held = held;
  }

  get #mayPause(): boolean {
    return !this.over && !this.#complete && !this.#paused && this.#writer.blocked;
  }

  get #pauseInMs(): number {
    return Math.max(this.#writer.progressAt, this.#takenAt) + this.#pauseMs - performance.now();
  }

  #over(): void {
    clearTimeout(this.#pauseTimer);
    this.onRoom = null;
    this.#resolve();
    this.#host?.readerGone(this);
  }
}
