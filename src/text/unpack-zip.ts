import { Unzip, UnzipInflate } from 'fflate';
import { CoaxError } from '../errors.ts';

const pieceBytes = 16 * 1024;
/** Files that come along with a list. */
const notAList =
  /(?:^|\/)(?:\.|__macosx\/|readme|license|licence)|\.(?:nfo|jpe?g|png|gif|webp|svg|ico|pdf|html?|url|exe|bat|sh|md|rtf|docx?|css|js|sfv|md5|sha\d*)$|\/$/i;

/** Unpacks the first file of a zip that looks like a list, while the bytes come in. What stands before a cut is given first. */
export async function* unzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const run: { state: 'searching' | 'reading' | 'done'; failure?: unknown } = { state: 'searching' };
  const archive = new Unzip((file) => {
    if (run.state !== 'searching' || notAList.test(file.name)) return;
    run.state = 'reading';
    file.ondata = (error, data, final) => {
      if (error !== null) run.failure ??= error;
      else {
        // The library goes on using its buffer.
        if (data.length > 0) ready.push(Buffer.from(data));
        if (final) run.state = 'done';
      }
    };
    file.start();
  });
  archive.register(UnzipInflate);
  const push = (piece: Uint8Array, final: boolean): void => {
    try {
      archive.push(piece, final);
    } catch (error) {
      run.failure ??= error;
    }
  };
  const isDone = (): boolean => run.state === 'done';
  const isReading = (): boolean => run.state === 'reading';
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length && run.failure === undefined && !isDone(); at += pieceBytes) {
      push(Uint8Array.from(chunk.subarray(at, at + pieceBytes)), false);
      const taken = ready;
      ready = [];
      yield* taken;
    }
    if (run.failure !== undefined || isDone()) break;
  }
  if (isDone()) return;
  if (run.failure !== undefined)
    throw new CoaxError('SOURCE_BAD_CONTENT', 'The zip file is damaged', { cause: run.failure });
  push(new Uint8Array(0), true);
  yield* ready;
  if (isDone()) return;
  if (isReading() || run.failure !== undefined) throw new CoaxError('SOURCE_TRUNCATED', 'The zip file ends too early');
  throw new CoaxError('SOURCE_BAD_CONTENT', 'The zip file holds no list');
}
