import { CoaxError, toCoaxError } from '../../errors.ts';
import type { CodecFacts } from '../../model/codec-facts.ts';
import type { ChannelId, OutputId, ViewerKey } from '../../model/ids.ts';
import type { PlayableChannel } from '../../model/playable.ts';
import type { SessionView } from '../../model/session-view.ts';
import type { LiveConsumer, LiveRequest } from '../contract.ts';
import type { Hold } from '../hold.ts';
import { type HostViewer, hostViewer } from './host-viewer.ts';

/**
 * opening: the provider is asked; live; slate: its readers see why it can not be opened; idle: nothing is open, a reader opens it again;
 * ended: closed by the host, and still served to who reads it.
 */
export const hostStreamStates = ['opening', 'live', 'slate', 'idle', 'ended'] as const;
export type HostStreamState = (typeof hostStreamStates)[number];

/** What host streams need of the directory of relays. */
export interface LiveRelays {
  open(request: LiveRequest): Promise<LiveConsumer>;
  hold(request: LiveRequest): Promise<Hold>;
  viewOf(channel: PlayableChannel, output: OutputId): SessionView | null;
}

export interface HostStreamTimes {
  /** How long the channel stays open while nobody reads. */
  readonly holdMs: number;
  /** A stream that nobody reads for this long is forgotten. */
  readonly forgetMs: number;
}

export interface HostStreamRequest {
  readonly channelId: ChannelId;
  /** The channel as it can be played now; null once it is gone. */
  readonly channel: () => PlayableChannel | null;
  /** What is known of the channel from earlier. */
  readonly knownFacts: () => CodecFacts | null;
  readonly outputId: OutputId;
  readonly label: string;
  /** The user behind the device, where the host tells. */
  readonly user?: string;
  readonly purpose: 'live' | 'recording';
}

/** A stream as the host's API lists it, read from the live objects (design C6). */
export interface HostStreamView {
  readonly id: string;
  readonly channelId: ChannelId;
  readonly state: HostStreamState;
  /** Why it is not live, in a sentence. */
  readonly reason?: string;
  readonly readers: number;
  /** Unix milliseconds. */
  readonly openedAt: number;
  /** When it was read last; now while it is, null when it never was. */
  readonly lastReaderAt: number | null;
  readonly facts: CodecFacts | null;
  /** Bits per second over the last seconds. */
  readonly bitRate?: number;
}

/** A hold that is kept or on its way. */
interface Keeping {
  readonly abort: AbortController;
  hold: Hold | null;
}

/**
 * A channel that a host has opened. It is there before its first reader, between readers, and until the host closes it; what it holds at
 * the provider is let go when nobody reads it for a while, and opened again for the next reader.
 */
export class HostStream {
  readonly id: string;
  readonly channelId: ChannelId;
  readonly openedAt = Date.now();
  readonly #request: HostStreamRequest;
  readonly #relays: LiveRelays;
  readonly #times: HostStreamTimes;
  readonly #changed: () => void;
  readonly #forget: (stream: HostStream) => void;
  readonly #readers = new Set<HostViewer>();
  /** Tells this stream's readers apart from those of every other one. */
  readonly #ownKey: ViewerKey;
  /** The device that opened it; its own key for a recording. */
  readonly deviceKey: ViewerKey;
  #key: ViewerKey;
  #labels: readonly string[] = [];
  #keeping: Keeping | null = null;
  #held: HostViewer;
  #failure: CoaxError | null = null;
  #lastReaderAt: number | null = null;
  #ended = false;
  #holdTimer: NodeJS.Timeout | undefined;
  #forgetTimer: NodeJS.Timeout | undefined;

  constructor(
    id: string,
    keys: { readonly own: ViewerKey; readonly viewer: ViewerKey },
    request: HostStreamRequest,
    parts: {
      readonly relays: LiveRelays;
      readonly times: HostStreamTimes;
      /** It is not kept open any more. */
      readonly changed: () => void;
      readonly forget: (stream: HostStream) => void;
    },
  ) {
    this.id = id;
    this.channelId = request.channelId;
    this.#ownKey = keys.own;
    this.deviceKey = keys.viewer;
    this.#key = keys.viewer;
    this.#request = request;
    this.#relays = parts.relays;
    this.#times = parts.times;
    this.#changed = parts.changed;
    this.#forget = parts.forget;
    this.#held = hostViewer(keys.viewer, this.#label, request.user);
  }

  /** Begins to open the channel, in the background. */
  start(): void {
    this.#keep();
    this.#unread();
  }

  /** Set by the host: who watches. */
  set labels(labels: readonly string[]) {
    this.#labels = labels;
  }

  get facts(): CodecFacts | null {
    return this.#session()?.facts ?? this.#request.knownFacts();
  }

  /** True while the channel is open or opened: facts may still come. */
  get isKept(): boolean {
    return this.#keeping !== null;
  }

  /** Its device goes on to another channel as `key`: what it holds may be taken for that. Its next reader is a stranger to that one. */
  replaceBy(key: ViewerKey): void {
    for (const viewer of [...this.#readers, this.#held]) viewer.key = key;
    this.#key = this.#ownKey;
  }

  /** Its device has come back to it: what it holds and its next reader are that device's again. */
  resume(): void {
    this.#key = this.deviceKey;
    if (this.#readers.size === 0) this.#held.key = this.deviceKey;
  }

  /**
   * One more reader; resolves when there is media for it. Rejects as `Relays.open` does, and with NOT_FOUND when the host has closed the
   * stream. The reader leaves with the signal, in the same turn.
   */
  async read(signal: AbortSignal): Promise<LiveConsumer> {
    const channel = this.#request.channel();
    if (this.#ended || channel === null) throw new CoaxError('NOT_FOUND', 'There is no such stream');
    // Only the first reader is for certain the device that opened it: others share, and their channel must not be taken from them.
    const viewer = hostViewer(this.#readers.size === 0 ? this.#key : this.#ownKey, this.#label, this.#request.user);
    this.#readers.add(viewer);
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#forgetTimer);
    signal.addEventListener('abort', () => this.#left(viewer), { once: true });
    this.#keep();
    this.#keeping?.hold?.noteRead();
    const { outputId, purpose } = this.#request;
    try {
      const consumer = await this.#relays.open({ channel, viewer, outputId, signal, purpose, slates: true });
      if (!signal.aborted) this.#keep();
      return consumer;
    } catch (error) {
      this.#left(viewer);
      throw error;
    }
  }

  /** The host is done with it. Who reads is served on; with the last of them it is forgotten. */
  end(): void {
    this.#ended = true;
    this.#letGo();
    if (this.#readers.size === 0) this.#vanish();
  }

  view(): HostStreamView {
    const session = this.#session();
    const state = this.#state(session);
    const reason = session?.reason ?? (state === 'live' ? undefined : this.#failure?.message);
    return {
      id: this.id,
      channelId: this.channelId,
      state,
      ...(reason === undefined ? {} : { reason }),
      readers: this.#readers.size,
      openedAt: this.openedAt,
      lastReaderAt: this.#readers.size > 0 ? Date.now() : this.#lastReaderAt,
      facts: session?.facts ?? this.#request.knownFacts(),
      ...(session === null ? {} : { bitRate: session.bitRate }),
    };
  }

  readonly #label = (): string => (this.#labels.length > 0 ? this.#labels.join(', ') : this.#request.label);

  /** The relay that serves it; null while it holds nothing and is not read. */
  #session(): SessionView | null {
    if (this.#keeping === null && this.#readers.size === 0) return null;
    const channel = this.#request.channel();
    return channel === null ? null : this.#relays.viewOf(channel, this.#request.outputId);
  }

  #state(session: SessionView | null): HostStreamState {
    if (this.#ended) return 'ended';
    if (session === null) return this.#keeping === null && this.#readers.size === 0 ? 'idle' : 'opening';
    if (session.state === 'slate') return 'slate';
    return ['reserving', 'connecting', 'starting'].includes(session.state) ? 'opening' : 'live';
  }

  #keep(): void {
    const channel = this.#request.channel();
    if (this.#keeping !== null || this.#ended || channel === null) return;
    const keeping: Keeping = { abort: new AbortController(), hold: null };
    this.#keeping = keeping;
    this.#failure = null;
    this.#held = hostViewer(this.#key, this.#label, this.#request.user);
    const { outputId, purpose } = this.#request;
    const slates = channel.streams.length > 0;
    void this.#relays
      .hold({ channel, viewer: this.#held, outputId, signal: keeping.abort.signal, purpose, slates })
      .then((hold) => {
        keeping.hold = hold;
        if (this.#lastReaderAt !== null || this.#readers.size > 0) hold.noteRead();
        return hold.ended;
      })
      .catch(toCoaxError)
      .then((error) => {
        if (this.#keeping !== keeping) return;
        this.#keeping = null;
        this.#failure = error.code === 'CANCELLED' ? null : error;
        this.#changed();
      });
  }

  #letGo(): void {
    const keeping = this.#keeping;
    this.#keeping = null;
    keeping?.abort.abort();
  }

  #left(viewer: HostViewer): void {
    // A hold that gave up waiting comes back where the channel was opened later, behind a slate.
    if (this.#readers.size === 1 && this.#readers.has(viewer) && this.#state(this.#session()) === 'live') this.#keep();
    if (!this.#readers.delete(viewer)) return;
    this.#lastReaderAt = Date.now();
    if (this.#readers.size > 0) return;
    if (this.#ended) this.#vanish();
    else this.#unread();
  }

  /** Nobody reads: the clocks run. */
  #unread(): void {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#forgetTimer);
    this.#holdTimer = setTimeout(() => this.#letGo(), this.#times.holdMs);
    this.#forgetTimer = setTimeout(() => this.end(), this.#times.forgetMs);
  }

  #vanish(): void {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#forgetTimer);
    this.#forget(this);
  }
}
