import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { CoaxError } from '../errors.ts';

/** One piece of input inflates to 16 MiB at most, so that a bomb is noticed before it fills the memory. */
const pieceBytes = 16 * 1024;

function asCoaxError(error: unknown): CoaxError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'Z_BUF_ERROR'
    ? new CoaxError('SOURCE_TRUNCATED', 'The gzip file ends too early', { cause: error })
    : new CoaxError('SOURCE_BAD_CONTENT', 'The gzip file is damaged', { cause: error });
}

/** Node's gunzip, one piece at a time: its state is known after each, which a pipe through it does not give. */
class Inflater {
  readonly #stream: Gunzip = createGunzip({ chunkSize: 256 * 1024 });
  readonly #over: Promise<void>;
  #ready: Buffer[] = [];
  #written: () => void = () => {};
  error: unknown;
  /** Nothing more comes out: the last member is complete and something else follows it, or an error ended it. */
  ended = false;

  constructor() {
    const stream = this.#stream;
    stream.on('data', (data: Buffer) => this.#ready.push(data));
    this.#over = new Promise((resolve) => {
      // After an error, or at trailing garbage, the callback of a write never comes.
      const over = (error?: unknown): void => {
        this.error ??= error;
        this.ended = true;
        this.#written();
        resolve();
      };
      stream.once('error', over);
      stream.once('end', () => over());
      stream.once('close', () => over());
    });
  }

  write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#written = resolve;
      this.#stream.write(piece, () => resolve());
    });
  }

  async finish(): Promise<void> {
    this.#stream.end();
    await this.#over;
  }

  take(): Buffer[] {
    const taken = this.#ready;
    this.#ready = [];
    return taken;
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }
}

/** Inflates gzip, also of several members. All that stands before a cut or a damage is given before the error is thrown. */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  using inflater = new Inflater();
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length && !inflater.ended; at += pieceBytes) {
      await inflater.write(chunk.subarray(at, at + pieceBytes));
      yield* inflater.take();
    }
    if (inflater.ended) break;
  }
  if (!inflater.ended) {
    // Let the stream hand over what it holds: an error at the end would throw it away.
    await nextTurn();
    yield* inflater.take();
    await inflater.finish();
  }
  yield* inflater.take();
  if (inflater.error !== undefined) throw asCoaxError(inflater.error);
}
