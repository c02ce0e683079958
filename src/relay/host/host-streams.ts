import { createHash, randomBytes } from 'node:crypto';
import { CoaxError } from '../../errors.ts';
import type { CodecFacts } from '../../model/codec-facts.ts';
import type { ViewerKey } from '../../model/ids.ts';
import { HostStream, type HostStreamRequest, type HostStreamView, type LiveRelays } from './host-stream.ts';

/** A stream that nobody reads for this long was lost by its host. */
const forgetMs = 600_000;

export interface HostStreamsOptions {
  readonly relays: LiveRelays;
  /** How long a channel stays open while nobody reads it. */
  readonly holdMs: () => number;
}

export interface OpenHostStream extends Omit<HostStreamRequest, 'label' | 'user'> {
  /** The device that asks; absent for a recording. */
  readonly viewer?: { readonly key: string; readonly label: string; readonly user?: string };
  /** Streams of the same device that this one is watched instead of. */
  readonly replaces?: readonly string[];
}

const keyOf = (kind: 'device' | 'stream', name: string): ViewerKey =>
  createHash('sha256')
    .update(JSON.stringify(['host', kind, name]))
    .digest('base64url')
    .slice(0, 16) as ViewerKey;

/** The streams that hosts have open: each with its id, which is all a reader needs to know. */
export class HostStreams {
  readonly #options: HostStreamsOptions;
  readonly #streams = new Map<string, HostStream>();
  /** Called when facts have become known, or a stream is not kept open any more. */
  readonly #watchers = new Set<() => void>();
  #stopped = false;

  constructor(options: HostStreamsOptions) {
    this.#options = options;
  }

  /** Returns at once; the channel is opened in the background. The id is random (128 bits): whoever knows it may read. */
  open({ viewer, replaces = [], ...request }: OpenHostStream): HostStream {
    if (this.#stopped) throw new CoaxError('SHUTTING_DOWN');
    const id = randomBytes(16).toString('hex');
    const own = keyOf('stream', id);
    const key = viewer === undefined ? own : keyOf('device', viewer.key);
    const stream = new HostStream(
      id,
      { own, viewer: key },
      {
        ...request,
        label: viewer?.label ?? (request.purpose === 'recording' ? 'Recording' : 'Host'),
        ...(viewer?.user === undefined ? {} : { user: viewer.user }),
      },
      {
        relays: this.#options.relays,
        times: { holdMs: this.#options.holdMs(), forgetMs },
        changed: () => this.#tellWatchers(),
        forget: ({ id: gone }) => this.#streams.delete(gone),
      },
    );
    for (const replaced of new Set(replaces)) this.#streams.get(replaced)?.replaceBy(key);
    this.#streams.set(id, stream);
    stream.start();
    return stream;
  }

  get(id: string): HostStream | null {
    return this.#streams.get(id) ?? null;
  }

  get size(): number {
    return this.#streams.size;
  }

  list(): HostStreamView[] {
    return [...this.#streams.values()].map((stream) => stream.view());
  }

  /**
   * The device that opened this stream comes back to it, and leaves its other streams: their connection may be taken for it. False when it
   * is not open any more.
   */
  resume(id: string, replaces: readonly string[]): boolean {
    const stream = this.#streams.get(id);
    if (stream === undefined) return false;
    stream.resume();
    for (const replaced of new Set(replaces))
      if (replaced !== id) this.#streams.get(replaced)?.replaceBy(stream.deviceKey);
    return true;
  }

  /** Idempotent; an id that is not there is closed already. */
  close(id: string): void {
    this.#streams.get(id)?.end();
  }

  /** Tells what the facts of some running stream are known now. */
  noteFacts(): void {
    this.#tellWatchers();
  }

  /** Resolves with the facts of a stream as soon as they are known; with null after `atMostMs`, or when they will not come. */
  factsOf(stream: HostStream, atMostMs: number, signal: AbortSignal): Promise<CodecFacts | null> {
    return new Promise((resolve) => {
      const finish = (facts: CodecFacts | null): void => {
        this.#watchers.delete(look);
        clearTimeout(timer);
        signal.removeEventListener('abort', gone);
        resolve(facts);
      };
      const look = (): void => {
        const { facts } = stream;
        if (facts !== null || !stream.isKept) finish(facts);
      };
      const gone = (): void => finish(null);
      const timer = setTimeout(gone, atMostMs);
      this.#watchers.add(look);
      signal.addEventListener('abort', gone);
      look();
    });
  }

  /** Forgets everything and opens nothing more, when Coax stops. */
  stop(): void {
    this.#stopped = true;
    for (const stream of this.#streams.values()) stream.end();
  }

  #tellWatchers(): void {
    for (const look of this.#watchers) look();
  }
}
