import type { ReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoaxError } from '../errors.ts';
import { networkCode } from './source-failure.ts';

/** The path of an absolute path or `file:` address; undefined for everything else. */
export function localPath(place: string): string | undefined {
  if (/^file:/i.test(place)) {
    try {
      return fileURLToPath(place);
    } catch {
      return undefined;
    }
  }
  return isAbsolute(place) || /^[A-Za-z]:[\\/]/.test(place) ? place : undefined;
}

/**
 * Opens a file of this machine for reading. Throws SOURCE_NOT_FOUND, SOURCE_UNREACHABLE or SOURCE_BAD_CONTENT, each naming the file
 * but not its folder.
 */
export async function openLocalFile(path: string): Promise<ReadStream> {
  const name = basename(path);
  try {
    const handle = await open(path, 'r');
    if ((await handle.stat()).isFile()) return handle.createReadStream({ highWaterMark: 256 * 1024 });
    await handle.close();
  } catch (error) {
    const code = networkCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new CoaxError('SOURCE_NOT_FOUND', `There is no file ${name}`);
    if (code !== 'EISDIR')
      throw new CoaxError('SOURCE_UNREACHABLE', `The file ${name} can not be read (${code})`, {
        details: { reason: code },
      });
  }
  throw new CoaxError('SOURCE_BAD_CONTENT', `${name} is no file`);
}
