import type { Socket } from 'node:net';
import { sentAway } from '../accounts/seats.ts';
import { CoaxError } from '../errors.ts';
import type { OutputId, SessionId } from '../model/ids.ts';
import type { Viewer } from '../model/viewer.ts';
import type { SendQueueOf } from '../net/send-queues.ts';
import { Uptake } from '../net/uptake.ts';
import type { ConsumerView, LiveConsumer, LivePurpose, LiveRequest, RingReader } from './contract.ts';
import type { Farewells } from './farewells.ts';
import { resumePoint, type StartPoint, startPoint } from './join.ts';
import type { Ring } from './ring.ts';

/** A consumer that has to skip this often within `skipWindowMs` is dropped: it gets nothing it could play. */
const mostSkips = 4;
const skipWindowMs = 60_000;
/** Probes of a silent connection start after this time; the kernel then finds a peer that is gone. */
const keepAliveMs = 15_000;
/** The end of its slate comes first, and is a clean one. */
const graceMs = 1_000;
/** Where the kernel can not be asked what a player took, a slow one may look like a deaf one for this many times as long. */
const blindFactor = 3;

/** What a consumer needs of its relay. Called synchronously. */
export interface ConsumerHome {
  readonly sessionId: SessionId;
  readonly ring: Ring;
  readonly farewells: Farewells;
  readonly backlogMs: number;
  readonly clientBufferBytes: number;
  readonly writeProgressMs: number;
  readonly sendQueueOf: SendQueueOf;
  /** When its time of slates is over, by the monotonic clock. */
  slateUntilMs(consumer: Consumer): number;
  /** The consumer has left, of itself or because it was dropped; `error` says why in the second case. */
  consumerLeft(consumer: Consumer, error: CoaxError | null): void;
  consumerStarted(consumer: Consumer, start: StartPoint): void;
  consumerSkipped(consumer: Consumer): void;
  consumerWrote(bytes: number): void;
}

/** One reader of a relay: a cursor in the ring and the socket it is written to. */
export class Consumer implements LiveConsumer {
  readonly id: string;
  readonly viewer: Viewer;
  readonly outputId: OutputId | undefined;
  readonly purpose: LivePurpose;
  /** It is shown why there is nothing to see, instead of an error. */
  readonly wantsSlates: boolean;
  readonly since = Date.now();
  readonly openedMs = performance.now();
  /** Resolves when there is media to give; rejects when there will be none. */
  readonly ready: Promise<void>;
  readonly #home: ConsumerHome;
  readonly #signal: AbortSignal;
  readonly #resolveReady: () => void;
  readonly #rejectReady: (error: CoaxError) => void;
  #socket: Socket | null = null;
  #reader: RingReader | null = null;
  #left = false;
  #onLeft: (() => void) | null = null;
  #placed = false;
  #started = false;
  #seq = 0;
  #offset = 0;
  #bytes = 0;
  #skips = 0;
  #recentSkips: number[] = [];
  #flushed = 0;
  readonly #uptake: Uptake;

  constructor(
    id: string,
    home: ConsumerHome,
    who: Pick<LiveRequest, 'viewer' | 'outputId' | 'signal' | 'slates' | 'purpose'>,
  ) {
    this.id = id;
    this.#home = home;
    this.viewer = who.viewer;
    this.outputId = who.outputId;
    this.purpose = who.purpose ?? 'live';
    this.wantsSlates = who.slates === true;
    this.#signal = who.signal;
    this.#uptake = new Uptake(home.sendQueueOf, 0);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    this.ready = promise;
    this.#resolveReady = resolve;
    this.#rejectReady = reject;
    this.#signal.addEventListener('abort', this.#abort);
  }

  get relayId(): SessionId {
    return this.#home.sessionId;
  }

  get ring(): Ring {
    return this.#home.ring;
  }

  /** Nobody seems to be there any more for whom it reads. */
  get isSilent(): boolean {
    return this.#reader?.isSilent?.() === true;
  }

  get left(): boolean {
    return this.#left;
  }

  /** How long it waits for a connection, by the monotonic clock, where everybody is given `waitMs`. */
  waitsUntilMs(waitMs: number): number {
    return this.wantsSlates ? this.#home.slateUntilMs(this) + graceMs : this.openedMs + waitMs;
  }

  /** There is media: lets `Relays.open` resolve. */
  announce(): void {
    this.#resolveReady();
  }

  pipe(socket: Socket): void {
    if (this.#left || this.#socket !== null) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.on('close', this.#leave);
    socket.on('error', this.#leave);
    socket.on('end', this.#leave);
    socket.on('drain', this.#pump);
    if (socket.destroyed || socket.writableEnded) {
      this.leave();
      return;
    }
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    socket.setTimeout(0);
    this.#uptake.took(performance.now());
    this.pump();
  }

  read(reader: RingReader): void {
    if (this.#left || this.#socket !== null) {
      reader.ended(new CoaxError('CANCELLED'));
      return;
    }
    this.#reader = reader;
    const start = startPoint(this.ring, performance.now(), this.#home.backlogMs, this.wantsSlates);
    if (start === null || this.#started) return;
    this.#started = true;
    this.#home.consumerStarted(this, start);
  }

  took(bytes: number): void {
    if (this.#left) return;
    this.#bytes += bytes;
    this.#home.consumerWrote(bytes);
  }

  onLeft(listener: () => void): void {
    if (this.#left) listener();
    else this.#onLeft = listener;
  }

  leave(): void {
    this.#depart(null);
  }

  /** Ends it with an error: a waiting `open` rejects, the socket is destroyed at once. */
  drop(error: CoaxError): void {
    this.#depart(error);
  }

  /**
   * The stream is over: what is queued is sent, then FIN. With `flush` the rest of the ring goes out before that. The relay is not told:
   * it is the one who says so.
   */
  finish(error: CoaxError, patienceMs: number, flush: boolean): void {
    if (this.#left) return;
    if (flush && this.#placed) this.#write(Number.POSITIVE_INFINITY);
    const reader = this.#reader;
    if (flush) reader?.grown();
    const socket = this.#detach();
    this.#rejectReady(error);
    reader?.ended(error);
    if (socket !== null) this.#home.farewells.end(socket, patienceMs);
  }

  /** Writes what is new in the ring, as much as the socket may hold. Never throws, waits or copies. */
  pump(): void {
    if (this.#reader !== null) {
      this.#reader.grown();
      return;
    }
    const socket = this.#socket;
    if (socket === null) return;
    if (socket.destroyed || socket.writableEnded) {
      this.leave();
      return;
    }
    if (socket.writableLength >= this.#home.clientBufferBytes) return;
    const enters = !this.#placed;
    // Tables and backlog in one write.
    if (enters) socket.cork();
    if (enters) this.#start();
    else if (this.#seq < this.#home.ring.firstSeq) this.#skip();
    if (this.#placed) this.#write(this.#home.clientBufferBytes);
    if (enters) socket.uncork();
  }

  /**
   * Drops the consumer when bytes wait for it and it took none for `writeProgressMs`. The kernel tells that within an eighth of that time,
   * whether the player reads slowly and stays, or never reads, or is gone without a word. Where it can not be asked, only writes tell.
   */
  checkProgress(nowMs: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    const uptake = this.#uptake;
    const { writeProgressMs } = this.#home;
    const handed = () => this.#bytes - socket.writableLength;
    const flushed = handed();
    if (uptake.sight !== 'clear' && (socket.writableLength === 0 || flushed > this.#flushed)) uptake.took(nowMs);
    this.#flushed = flushed;
    const silentMs = Math.round(uptake.silentMs(nowMs));
    if (silentMs >= writeProgressMs * (uptake.sight === 'none' ? blindFactor : 1))
      this.drop(new CoaxError('SLOW_CONSUMER', `The player read nothing for ${silentMs} ms`));
    else if (nowMs - uptake.lookedMs >= writeProgressMs / 8) void uptake.look(socket, handed);
  }

  view(nowMs: number): ConsumerView {
    const arrivedMs = this.#placed
      ? this.#home.ring.arrivedMs(Math.max(this.#seq, this.#home.ring.firstSeq))
      : undefined;
    return {
      id: this.id,
      viewer: this.viewer,
      ...(this.outputId === undefined ? {} : { outputId: this.outputId }),
      since: this.since,
      bytes: this.#bytes,
      lagMs: arrivedMs === undefined ? 0 : Math.round(nowMs - arrivedMs),
      skips: this.#skips,
    };
  }

  #start(): void {
    const start = startPoint(this.#home.ring, performance.now(), this.#home.backlogMs, this.wantsSlates);
    if (start === null) return;
    this.#place(start);
    if (this.#started) return;
    this.#started = true;
    this.#home.consumerStarted(this, start);
  }

  #skip(): void {
    const nowMs = performance.now();
    this.#skips++;
    this.#recentSkips = this.#recentSkips.filter((atMs) => nowMs - atMs < skipWindowMs);
    this.#recentSkips.push(nowMs);
    this.#home.consumerSkipped(this);
    if (this.#recentSkips.length > mostSkips) {
      this.drop(new CoaxError('SLOW_CONSUMER', `The player fell behind ${this.#recentSkips.length} times in a minute`));
      return;
    }
    const point = resumePoint(this.#home.ring, this.wantsSlates);
    this.#placed = false;
    if (point !== null) this.#place(point);
  }

  #place(start: StartPoint): void {
    this.#placed = true;
    this.#seq = start.seq;
    this.#offset = start.offset;
    this.#send(start.tables);
  }

  #write(limit: number): void {
    const { ring } = this.#home;
    const socket = this.#socket;
    let data = ring.data(this.#seq);
    if (socket === null || data === undefined) return;
    const several = ring.nextSeq - this.#seq > 1;
    if (several) socket.cork();
    do {
      this.#send(this.#offset === 0 ? data : data.subarray(this.#offset));
      this.#offset = 0;
      this.#seq++;
      data = ring.data(this.#seq);
    } while (data !== undefined && socket.writableLength < limit);
    if (several) socket.uncork();
  }

  #send(data: Buffer): void {
    this.#bytes += data.length;
    this.#home.consumerWrote(data.length);
    this.#socket?.write(data);
  }

  readonly #pump = (): void => this.pump();
  readonly #leave = (): void => this.leave();
  readonly #abort = (): void => this.#depart(sentAway(this.#signal));

  #depart(error: CoaxError | null): void {
    if (this.#left) return;
    const reader = this.#reader;
    const socket = this.#detach();
    this.#rejectReady(error ?? new CoaxError('CANCELLED'));
    socket?.destroy();
    if (error !== null) reader?.ended(error);
    this.#home.consumerLeft(this, error);
  }

  #detach(): Socket | null {
    this.#left = true;
    this.#signal.removeEventListener('abort', this.#abort);
    const socket = this.#socket;
    this.#socket = null;
    this.#reader = null;
    socket?.off('close', this.#leave);
    socket?.off('end', this.#leave);
    socket?.off('drain', this.#pump);
    // The listener of 'error' stays: a socket that dies later must not bring the process down.
    this.#onLeft?.();
    return socket;
  }
}
