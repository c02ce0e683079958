import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoaxError } from '../errors.ts';

/** Writes a file so that a reader, or a crash, sees the old bytes or the new ones: temporary file, fsync, rename. Only the owner may read it. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await chmod(path, 0o600);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CoaxError('DATA_FOLDER_UNUSABLE', `${path} can not be written`, { cause: error });
  }
}

/** The text of a file, or null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new CoaxError('CONFIG_UNREADABLE', `${path} can not be read`, { cause: error });
  }
}

/** Makes the data folder if it is not there, for the owner alone, and checks that Coax may write to it. */
export async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new CoaxError(
      'DATA_FOLDER_UNUSABLE',
      `The data folder ${path} can not be made or written to (parent: ${dirname(path)})`,
      { cause: error },
    );
  }
}
