import { join, resolve } from 'node:path';
import { prepareFolder, readIfThere, writePrivately } from '../config/files.ts';
import { newToken } from '../config/new-id.ts';
import { type ParsedArguments, fromEnvironment } from './arguments.ts';

/** The data folder a command works on, as an absolute path. */
export function dataFolderOf(args: ParsedArguments): string {
  return resolve(args.value('data') ?? fromEnvironment('COAX_DATA') ?? './data');
}

/** The admin token: from the environment, else from DIR/admin-token, which is made where it is missing. */
export async function adminTokenOf(dataDir: string): Promise<string> {
  const given = fromEnvironment('COAX_ADMIN_TOKEN');
  if (given !== undefined) return given;
  await prepareFolder(dataDir);
  const path = join(dataDir, 'admin-token');
  const kept = (await readIfThere(path))?.trim();
  if (kept !== undefined && kept !== '') return kept;
  const token = newToken();
  await writePrivately(path, `${token}\n`);
  return token;
}
