import { CoaxError, type ErrorCode, toCoaxError } from '../../errors.ts';
import type { ChannelId, OutputId } from '../../model/ids.ts';
import type { LiveConsumer, LiveRequest, PlayableChannel } from '../contract.ts';
import { abortable } from '../../delay.ts';
import type { HlsChannel, HlsSettings } from './hls-channel.ts';
import type { Segment } from './segment.ts';

/** One that was made, or that has only looked at a playlist, may come back within this time. */
const dormantMs = 60_000;
/** A player asks for its first segment at once: who does not was a probe, and holds no connection any longer. */
const probeMs = 3_000;
/** A player asks for something at least once in a target duration. */
const silentTargets = 1.5;
/** Errors after which the channel is not opened again, however often the player asks. */
const final: ReadonlySet<ErrorCode> = new Set([
  'TAKEN_OVER',
  'STREAM_STOPPED',
  'SLOW_CONSUMER',
  'SESSION_ENDED',
  'SHUTTING_DOWN',
  'NOT_FOUND',
]);

export interface HlsRequest extends Omit<LiveRequest, 'signal' | 'channel'> {
  readonly channelId: ChannelId;
  readonly outputId: OutputId;
  /** The output's token: revoking it ends the session. */
  readonly token: string;
}

export interface HlsSessionParts {
  readonly open: (request: LiveRequest) => Promise<LiveConsumer>;
  readonly channel: HlsChannel;
  readonly settings: HlsSettings;
}

/**
 * One player's play session. It is a consumer of the relay from its first media playlist on, until it has asked for nothing for a few
 * target durations; a player that has only looked gives its place back earlier, and may come again.
 */
export class HlsSession {
  /** The secret in its addresses. */
  readonly id: string;
  readonly request: HlsRequest;
  readonly #parts: HlsSessionParts;
  #consumer: LiveConsumer | null = null;
  #joining: { readonly abort: AbortController; readonly done: Promise<void> } | null = null;
  /** Why it is over. */
  #ended: CoaxError | null = null;
  /** Why its channel could not be opened last; told to the next who asks. */
  #failure: CoaxError | null = null;
  #askedMs = performance.now();
  /** Requests that are being answered. */
  #busy = 0;
  /** It has got a playlist; it has asked for a segment. */
  #served = false;
  #plays = false;
  /** Where its playlist begins. */
  #from = 0;
  /** The version of the playlist it got last. */
  #given = -1;
  /** Requests that wait; called when its place is gone. */
  readonly #waiting = new Set<() => void>();

  constructor(id: string, request: HlsRequest, parts: HlsSessionParts) {
    this.id = id;
    this.request = request;
    this.#parts = parts;
  }

  /** Why it is over; null while it is not. */
  get ended(): CoaxError | null {
    return this.#ended;
  }

  get channel(): HlsChannel {
    return this.#parts.channel;
  }

  /** It reads a relay, or is about to. */
  get isJoined(): boolean {
    return this.#consumer !== null || this.#joining !== null;
  }

  /**
   * The media playlist as it is now; the first time, once there is enough to begin with. Rejects with STREAM_STARTING when that takes too
   * long, with what `Relays.open` says, and with CANCELLED when the client has gone.
   */
  async playlist(channel: PlayableChannel, gone: AbortSignal): Promise<Buffer> {
    using _ = this.#asked();
    this.#throwIfOver();
    if (!this.isJoined) this.#join(channel);
    if (!this.#served) {
      try {
        await this.#start(gone);
      } catch (error) {
        // Nobody waits for it any more.
        if (gone.aborted && this.#busy === 1) this.#leave();
        throw error;
      }
    }
    const { channel: media } = this.#parts;
    if (this.#served && this.#given === media.version) await this.#news(gone);
    this.#throwIfOver();
    if (!this.#served) this.#from = this.#begin;
    this.#served = true;
    this.#given = media.version;
    return media.playlist(this.#from);
  }

  /** A segment of it; null when there is none with this number. */
  segment(sequence: number): Segment | null {
    this.#throwIfOver();
    this.#askedMs = performance.now();
    const segment = this.#parts.channel.segment(sequence);
    if (segment === undefined) return null;
    this.#plays = true;
    return segment;
  }

  /** A segment is being sent: the session lives meanwhile. */
  sending(): Disposable {
    return this.#asked();
  }

  took(bytes: number): void {
    this.#consumer?.took(bytes);
  }

  /** Ends what has been silent for too long. */
  sweep(nowMs: number): void {
    if (this.#busy > 0 || this.#ended !== null) return;
    const { settings, channel } = this.#parts;
    const silentMs = nowMs - this.#askedMs;
    const idleMs = settings.idleTargets * channel.mostSeconds * 1_000;
    if (this.#plays) {
      if (silentMs >= idleMs)
        this.end(new CoaxError('SESSION_ENDED', `The player asked for nothing for ${Math.round(silentMs)} ms`));
    } else if (silentMs >= dormantMs) this.end(new CoaxError('SESSION_ENDED', 'Nothing was played'));
    else if (silentMs >= Math.min(probeMs, idleMs) && this.isJoined) this.#leave();
  }

  /** It has asked for nothing for longer than a player that plays would: its connection may be taken for somebody who waits for one. */
  get #isSilent(): boolean {
    const silentMs = performance.now() - this.#askedMs;
    return this.#busy === 0 && silentMs > silentTargets * this.#parts.channel.mostSeconds * 1_000;
  }

  /** It is over for good; only the first call counts. */
  end(reason: CoaxError): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#leave();
    this.#wake();
  }

  #throwIfOver(): void {
    if (this.#ended !== null) throw this.#ended;
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null && !this.isJoined) throw failure;
  }

  #asked(): Disposable {
    this.#busy++;
    this.#askedMs = performance.now();
    return {
      [Symbol.dispose]: () => {
        this.#busy--;
        this.#askedMs = performance.now();
      },
    };
  }

  #join(channel: PlayableChannel): void {
    const abort = new AbortController();
    const { viewer, outputId, slates, purpose } = this.request;
    const done = this.#parts
      .open({
        channel,
        viewer,
        outputId,
        signal: abort.signal,
        ...(slates === undefined ? {} : { slates }),
        ...(purpose === undefined ? {} : { purpose }),
      })
      .then((consumer) => this.#joined(consumer, abort.signal))
      .finally(() => {
        if (this.#joining?.abort === abort) this.#joining = null;
      });
    this.#joining = { abort, done };
    done.catch((error: unknown) => {
      const failure = toCoaxError(error);
      if (!abort.signal.aborted) this.#lost(failure, true);
    });
  }

  #joined(consumer: LiveConsumer, signal: AbortSignal): void {
    if (signal.aborted) {
      consumer.leave();
      return;
    }
    const { channel } = this.#parts;
    const { ring } = consumer;
    this.#consumer = consumer;
    channel.attach(ring);
    consumer.read({
      grown: () => channel.pump(ring),
      isSilent: () => this.#isSilent,
      ended: (error) => {
        this.#consumer = null;
        channel.detach(ring, true);
        // Who plays already goes on with the next relay.
        this.#lost(error, !this.#served);
      },
    });
  }

  #lost(error: CoaxError, tell: boolean): void {
    if (final.has(error.code)) this.end(error);
    else if (tell) this.#failure = error.code === 'CANCELLED' ? new CoaxError('STREAM_STARTING') : error;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next segment, or when its place is gone. */
  async #next(over: AbortSignal): Promise<void> {
    // One promise for each wait: a race with one that lives as long as the session would grow with every request.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    void this.#parts.channel.changed.then(resolve);
    try {
      await abortable(promise, over);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  #leave(): void {
    this.#joining?.abort.abort();
    this.#joining = null;
    const consumer = this.#consumer;
    this.#consumer = null;
    if (consumer === null) return;
    this.#parts.channel.detach(consumer.ring, false);
    consumer.leave();
  }

  /**
   * The player has this playlist already: it is answered when there is a new one. Without that it would come back half a target duration
   * later, and a player that began with two segments runs dry meanwhile.
   */
  async #news(gone: AbortSignal): Promise<void> {
    const { channel } = this.#parts;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), channel.mostSeconds * 500);
    const over = AbortSignal.any([gone, late.signal]);
    try {
      await this.#next(over);
    } catch {
      // Nothing new in time: it gets what there is.
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when there is enough to begin with. */
  async #start(gone: AbortSignal): Promise<void> {
    const { settings, channel } = this.#parts;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), settings.holdMs);
    const over = AbortSignal.any([gone, late.signal]);
    try {
      if (this.#joining !== null) await abortable(this.#joining.done, over);
      while (!channel.isReady(this.#begin)) {
        this.#throwIfOver();
        // oxlint-disable-next-line no-await-in-loop -- one segment after the other
        await this.#next(over);
      }
    } catch (error) {
      // It is told now; the next request tries again.
      this.#failure = null;
      if (gone.aborted) throw new CoaxError('CANCELLED');
      if (late.signal.aborted) throw new CoaxError('STREAM_STARTING');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Where the playlist of one who comes now begins. */
  get #begin(): number {
    return this.#parts.channel.firstFor(this.request.slates === true);
  }
}
