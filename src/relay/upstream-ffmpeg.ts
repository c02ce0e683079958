import { CoaxError } from '../errors.ts';
import { allowedProtocols, concatList } from '../ffmpeg/concat-list.ts';
import { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { ffmpegError } from '../ffmpeg/ffmpeg-error.ts';
import type { FfmpegHome } from '../ffmpeg/ffmpeg-home.ts';
import type { FfmpegUpstreamRequest } from '../model/upstream-request.ts';
import { addressSecrets } from './address-secrets.ts';
import { noteInput } from './open-inputs.ts';
import { CapacityRefusal, type Upstream, type UpstreamOptions, type UpstreamSink } from './upstream.ts';

/** What the first bytes may take, in times of connecting: ffmpeg looks at the stream for a while. */
const patience = 1.5;

/**
 * Opens what only ffmpeg can read, as it is: nothing is decoded. The address goes to its stdin, so that no login stands in its arguments.
 * The lease's socket is the child: it ends with its last connection.
 */
export async function openFfmpegUpstream(
  request: FfmpegUpstreamRequest,
  options: UpstreamOptions,
  home: Pick<FfmpegHome, 'path'>,
): Promise<Upstream> {
  const { lease, signal, connectMs, stallMs = 10_000 } = options;
  const path = await home.path();
  if (signal.aborted) throw new CoaxError('CANCELLED');
  lease.connecting();
  const child = new FfmpegChild({ path, args: copyArgs(request) });
  lease.attach(child);
  noteInput(child);
  child.stdin.end(concatList(request, Math.max(connectMs, stallMs)));
  const upstream = new FfmpegUpstream(child, addressSecrets([request.url]));
  const late = Math.round(connectMs * patience);
  const timer = setTimeout(
    () => upstream.giveUp(new CoaxError('UPSTREAM_UNREACHABLE', `ffmpeg got no stream within ${late} ms`)),
    late,
  );
  const abort = (): void => upstream.giveUp(new CoaxError('CANCELLED'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await upstream.begun;
    return upstream;
  } catch (error) {
    upstream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** The arguments for a request: the same for all of one protocol. */
export function copyArgs({ protocol }: FfmpegUpstreamRequest): string[] {
  const input = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', allowedProtocols(protocol), '-i', 'pipe:0'];
  const streams = ['-map', '0:v:0?', '-map', '0:a?', '-map', '0:s?', '-c', 'copy', '-copy_unknown'];
  const output = ['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', '-f', 'mpegts', 'pipe:1'];
  return ['-hide_banner', '-nostats', '-v', 'error', '-fflags', '+genpts+nobuffer', ...input, ...streams, ...output];
}

/** See `openFfmpegUpstream`. */
class FfmpegUpstream implements Upstream {
  readonly closed: Promise<void>;
  /** Resolves at the first byte; rejects when there will be none. */
  readonly begun: Promise<void>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #child: FfmpegChild;
  readonly #secrets: readonly string[];
  #sink: UpstreamSink | null = null;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(child: FfmpegChild, secrets: readonly string[]) {
    this.#child = child;
    this.#secrets = secrets;
    this.begun = this.#begun.promise;
    this.begun.catch(() => {});
    this.closed = child.exited.then(() => {});
    child.stdout.once('readable', this.#readable);
    void child.ended.then(({ unstartable }) => {
      const error = unstartable ? new CoaxError('UPSTREAM_NO_FFMPEG', 'ffmpeg can not be started') : this.#reason();
      this.#begun.reject(error);
      this.#lose(error);
    });
  }

  start(sink: UpstreamSink): void {
    this.#sink = sink;
    this.#child.stdout.on('data', (chunk: Buffer) => this.#sink?.data(chunk));
    this.#child.stdout.resume();
    if (this.#child.stdout.closed)
      void this.#child.ended.then(() => this.#lose(new CoaxError('UPSTREAM_ENDED', 'The provider ended the stream')));
  }

  hold(ms: number): void {
    if (this.#sink === null) return;
    clearTimeout(this.#holdTimer);
    this.#child.stdout.pause();
    this.#holdTimer = setTimeout(() => this.#child.stdout.resume(), ms);
  }

  destroy(): void {
    this.#sink = null;
    clearTimeout(this.#holdTimer);
    this.#child.destroy();
    this.#begun.reject(new CoaxError('CANCELLED'));
  }

  giveUp(error: CoaxError): void {
    this.#begun.reject(error);
  }

  readonly #readable = (): void => {
    // At the end of what never began, too.
    if (this.#child.stdout.readableLength > 0) this.#begun.resolve();
  };

  #reason(): CoaxError {
    if (this.#sink !== null) return new CoaxError('UPSTREAM_ENDED', 'The provider ended the stream');
    const error = ffmpegError(this.#child.said, this.#secrets);
    return error.code === 'UPSTREAM_CAPACITY' ? new CapacityRefusal(error, 'refused') : error;
  }

  #lose(error: CoaxError): void {
    const sink = this.#sink;
    this.#sink = null;
    clearTimeout(this.#holdTimer);
    sink?.lost(error);
  }
}
