import { randomBytes } from 'node:crypto';
import { CoaxError } from '../../errors.ts';
import type { OutputId } from '../../model/ids.ts';
import type { LiveConsumer, LiveRequest } from '../contract.ts';
import { HlsChannel, type HlsSettings } from './hls-channel.ts';
import { type HlsRequest, HlsSession } from './hls-session.ts';
import { firstNumbers, type Numbers } from './timeline.ts';

const sweepMs = 500;
/** Sessions at once, those that were only made among them. */
const mostSessions = 10_000;
/** Why sessions ended is told for as long as this many more have. */
const mostEnded = 2_000;
/** Numbering of channels nobody plays is remembered for as many. */
const mostNumbers = 5_000;

export interface HlsSessionsOptions {
  readonly relays: { open(request: LiveRequest): Promise<LiveConsumer> };
  /** What tells apart how outputs get the same channel; all get it alike when absent. */
  readonly variantOf?: (output: OutputId) => string;
  /** Taken over by channels that nobody plays yet. */
  readonly settings: () => HlsSettings;
}

/** What is kept of a session that is over. */
type EndedSession = Pick<HlsSession, 'request' | 'ended'>;

/** The play sessions of HLS players, and the channels they play: one time line each, whatever the number of players. */
export class HlsSessions {
  readonly #options: HlsSessionsOptions;
  readonly #sessions = new Map<string, HlsSession>();
  /** Which channel and variant each session plays. */
  readonly #keys = new WeakMap<HlsSession, string>();
  /** By channel and variant. */
  readonly #channels = new Map<string, HlsChannel>();
  /** By channel and variant; kept after its last player has gone, so that no number comes twice. */
  readonly #numbers = new Map<string, Numbers>();
  readonly #ended = new Map<string, EndedSession>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: HlsSessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Bytes of segments in memory, over all channels. */
  get bytes(): number {
    return [...this.#channels.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A new session of a player that has only asked; it holds nothing at the provider yet. Its id is random (128 bits). */
  create(request: HlsRequest): HlsSession {
    if (this.#stopped) throw new CoaxError('SHUTTING_DOWN');
    if (this.#sessions.size >= mostSessions) this.#makeRoom();
    const settings = this.#options.settings();
    const id = randomBytes(16).toString('base64url');
    const key = this.#keyOf(request);
    const session = new HlsSession(id, request, {
      open: (live) => this.#options.relays.open(live),
      channel: this.#channelOf(key, settings),
      settings,
    });
    this.#sessions.set(id, session);
    this.#keys.set(session, key);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
    return session;
  }

  /** The session of this id for this channel and output token. Throws NOT_FOUND where there never was one, and why it ended where it did. */
  get(id: string, { channelId, token }: Pick<HlsRequest, 'channelId' | 'token'>): HlsSession {
    const session = this.#sessions.get(id) ?? this.#ended.get(id);
    if (session === undefined || session.request.channelId !== channelId || session.request.token !== token)
      throw new CoaxError('NOT_FOUND', 'There is no such play session');
    if (session instanceof HlsSession && session.ended === null) return session;
    throw session.ended ?? new CoaxError('SESSION_ENDED');
  }

  /** Ends the sessions of outputs whose token is not among these. */
  revoke(tokens: ReadonlySet<string>): void {
    for (const session of this.#sessions.values())
      if (!tokens.has(session.request.token)) session.end(new CoaxError('NOT_FOUND', 'This output is gone'));
    this.#sweep();
  }

  /** Ends everything, when Coax stops. */
  stop(): void {
    this.#stopped = true;
    for (const session of this.#sessions.values()) session.end(new CoaxError('SHUTTING_DOWN'));
    this.#sweep();
  }

  #keyOf({ channelId, outputId }: Pick<HlsRequest, 'channelId' | 'outputId'>): string {
    return `${channelId}/${this.#options.variantOf?.(outputId) ?? ''}`;
  }

  #channelOf(id: string, settings: HlsSettings): HlsChannel {
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    const { sequence } = firstNumbers(Date.now());
    const numbers = this.#numbers.get(id) ?? { sequence, discontinuities: 0 };
    numbers.sequence = Math.max(numbers.sequence, sequence);
    this.#numbers.delete(id);
    this.#numbers.set(id, numbers);
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > mostNumbers && oldest !== undefined) this.#numbers.delete(oldest);
    const channel = new HlsChannel(settings, numbers);
    this.#channels.set(id, channel);
    return channel;
  }

  #sweep(): void {
    const nowMs = performance.now();
    const played = new Set<string>();
    for (const session of this.#sessions.values()) {
      session.sweep(nowMs);
      if (session.ended === null) played.add(this.#keys.get(session) ?? '');
      else this.#forget(session);
    }
    for (const [id, channel] of this.#channels) {
      if (played.has(id)) channel.sweep(nowMs);
      else this.#channels.delete(id);
    }
    if (this.#sessions.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #forget({ id, request, ended }: HlsSession): void {
    this.#sessions.delete(id);
    this.#ended.set(id, { request, ended });
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Those that hold nothing and were made first make room. */
  #makeRoom(): void {
    const oldest = this.#sessions.values().find((session) => !session.isJoined);
    if (oldest === undefined) throw new CoaxError('TOO_MANY_REQUESTS', 'There are too many play sessions');
    oldest.end(new CoaxError('SESSION_ENDED', 'Too many play sessions were begun'));
    this.#forget(oldest);
  }
}
