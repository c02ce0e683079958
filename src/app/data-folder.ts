import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, catalogFileName } from '../catalog/catalog.ts';
import { FolderLock } from '../catalog/folder-lock.ts';
import { prepareFolder } from '../config/files.ts';
import { ConfigStore } from '../config/store.ts';

/** What lies in a data folder, for the one engine that uses it. */
export interface DataFolder {
  readonly lock: FolderLock;
  readonly config: ConfigStore;
  readonly catalog: Catalog;
}

/** Makes the folder where it is missing, takes it, and opens what is in it; `use` gets it. The folder is free again when that fails. */
export async function withDataFolder<Result>(
  dataDir: string,
  use: (folder: DataFolder) => Promise<Result>,
): Promise<Result> {
  await prepareFolder(dataDir);
  const lock = FolderLock.take(dataDir);
  try {
    const logs = join(dataDir, 'logs');
    await mkdir(logs, { recursive: true, mode: 0o700 });
    await chmod(logs, 0o700);
    const config = await ConfigStore.open(dataDir);
    return await use({ lock, config, catalog: Catalog.open(join(dataDir, catalogFileName)) });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
