import { CoaxError } from '../errors.ts';
import type { FfmpegChild } from '../ffmpeg/ffmpeg-child.ts';
import { plainWords } from '../ffmpeg/ffmpeg-error.ts';
import type { Upstream, UpstreamSink } from '../relay/upstream.ts';
import type { Progress } from './progress.ts';
import type { RingPipe } from './ring-pipe.ts';

const lookMs = 500;
const longestQuote = 200;

export interface TranscodeRunOptions {
  readonly child: FfmpegChild;
  readonly pipe: RingPipe;
  readonly progress: Progress;
  /** How long the child may give nothing while it is given something. */
  readonly stallMs: number;
}

/** One run of ffmpeg as the upstream of a relay: what goes in by its pipe comes out changed, in the time of the relay that it reads. */
export class TranscodeRun implements Upstream {
  readonly closed: Promise<void>;
  /** Resolves at the first byte; rejects when there will be none. */
  readonly begun: Promise<void>;
  readonly child: FfmpegChild;
  readonly pipe: RingPipe;
  readonly progress: Progress;
  readonly #begun = Promise.withResolvers<void>();
  readonly #stallMs: number;
  readonly #timer: NodeJS.Timeout;
  #sink: UpstreamSink | null = null;
  #gaveMs = performance.now();
  /** Bytes it had been given when it gave something last. */
  #takenThen = 0;
  #failure: CoaxError | null = null;

  constructor({ child, pipe, progress, stallMs }: TranscodeRunOptions) {
    this.child = child;
    this.pipe = pipe;
    this.progress = progress;
    this.#stallMs = stallMs;
    this.begun = this.#begun.promise;
    this.begun.catch(() => {});
    this.closed = child.exited.then(() => {});
    child.stdout.once('readable', this.#readable);
    this.#timer = setInterval(() => this.#look(performance.now()), lookMs);
    void child.ended.then(({ code, unstartable }) => {
      if (unstartable) this.lose(new CoaxError('UPSTREAM_NO_FFMPEG', 'ffmpeg can not be started'));
      else this.lose(endError(code, child.said));
    });
  }

  start(sink: UpstreamSink): void {
    if (this.#failure !== null) {
      sink.lost(this.#failure);
      return;
    }
    this.#sink = sink;
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.#gaveMs = performance.now();
      this.#takenThen = this.pipe.bytes;
      this.#sink?.data(chunk);
    });
    this.child.stdout.resume();
  }

  destroy(): void {
    this.#sink = null;
    clearInterval(this.#timer);
    this.child.destroy();
    this.#begun.reject(new CoaxError('CANCELLED'));
  }

  /** It is over, for this reason. */
  lose(error: CoaxError): void {
    clearInterval(this.#timer);
    this.#failure ??= error;
    this.#begun.reject(error);
    const sink = this.#sink;
    this.#sink = null;
    sink?.lost(error);
  }

  readonly #readable = (): void => {
    // At the end of what never began, too.
    if (this.child.stdout.readableLength === 0) return;
    this.#gaveMs = performance.now();
    this.#begun.resolve();
  };

  /** A child that is given something and gives nothing hangs. One that is given nothing has nothing to give. */
  #look(nowMs: number): void {
    const isFed = this.pipe.bytes > this.#takenThen || this.pipe.isBlocked;
    const silentMs = nowMs - this.#gaveMs;
    if (!isFed) this.#gaveMs = nowMs;
    else if (silentMs >= this.#stallMs)
      this.lose(new CoaxError('UPSTREAM_TRANSCODE', `ffmpeg gave nothing for ${Math.round(silentMs)} ms`));
  }
}

/** Why a run ended, in ffmpeg's own last words. */
export function endError(code: number | null, said: string): CoaxError {
  const lines = plainWords(said)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== 'Conversion failed!');
  const quote = [...new Set(lines.slice(-2))].join('; ').slice(0, longestQuote);
  const how = code === null ? 'was ended by a signal' : `ended with code ${code}`;
  return new CoaxError('UPSTREAM_TRANSCODE', `ffmpeg ${how}${quote === '' ? '' : ` ("${quote}")`}`);
}
