import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { archivedChannel, archivedChannels, restoreChannels } from '../catalog/channel-archive.ts';
import { catalogFileName, openCatalogFile } from '../catalog/catalog.ts';
import { FolderLock } from '../catalog/folder-lock.ts';
import { prepareFolder, readIfThere, writePrivately } from '../config/files.ts';
import { decode } from '../config/problems.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { configFileName, loadConfig, parseConfig } from '../config/store.ts';
import { CoaxError } from '../errors.ts';
import { version } from '../version.ts';
import type { ParsedArguments } from './arguments.ts';
import { dataFolderOf } from './data-folder.ts';

const documentSchema = z.strictObject({
  kind: z.literal('coax-configuration'),
  version: z.literal(1),
  coax: z.string().optional(),
  config: configSchema,
  channels: z.array(archivedChannel).default([]),
});

/** The document in pieces, a channel a line: a large lineup never stands in memory as one text. */
function* documentOf(config: Config, dataDir: string): Generator<string> {
  yield `{\n"kind": "coax-configuration",\n"version": 1,\n"coax": ${JSON.stringify(version)},\n"config": ${JSON.stringify(config, null, 2)},\n"channels": [`;
  using catalog = openCatalogFile(join(dataDir, catalogFileName));
  let separator = '\n';
  for (const channel of archivedChannels(catalog)) {
    yield separator + JSON.stringify(channel);
    separator = ',\n';
  }
  yield '\n]\n}\n';
}

/** `coax export FILE`: everything needed to have the same Coax elsewhere, ids of channels included. Works while the engine runs. */
export async function exportConfig(args: ParsedArguments): Promise<number> {
  const dataDir = dataFolderOf(args);
  const [file = '-'] = args.positionals;
  const config = await loadConfig(dataDir);
  if (config === null) throw new CoaxError('CONFIG_UNREADABLE', `There is no configuration in ${dataDir}`);
  const text = Readable.from(documentOf(config, dataDir));
  if (file === '-') {
    await pipeline(text, process.stdout, { end: false });
    return 0;
  }
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await (await open(temporary, 'w', 0o600)).close();
    await pipeline(text, createWriteStream(temporary, { flags: 'r+' }));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CoaxError('FILE_UNWRITABLE', `${file} can not be written`, { cause: error });
  }
  process.stdout.write(
    `Exported ${config.sources.length} sources and ${config.outputs.length} outputs to ${file}. It holds logins: keep it safe.\n`,
  );
  return 0;
}

/** `coax import FILE`: checks the whole document first, so that nothing is half replaced. */
export async function importConfig(args: ParsedArguments): Promise<number> {
  const dataDir = dataFolderOf(args);
  const [file = ''] = args.positionals;
  const text = await readIfThere(file);
  if (text === null) throw new CoaxError('CONFIG_UNREADABLE', `There is no file ${file}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CoaxError('CONFIG_INVALID', `${file} is no valid JSON`);
  }
  const document = decode(documentSchema, parsed, 'CONFIG_INVALID');
  const config = parseConfig(JSON.stringify(document.config));
  const summary = `${config.sources.length} sources, ${config.outputs.length} outputs and ${document.channels.length} channels`;
  if (args.flag('dry-run')) {
    process.stdout.write(`${file} is valid: ${summary}. Nothing was changed.\n`);
    return 0;
  }
  await prepareFolder(dataDir);
  using _lock = FolderLock.take(dataDir);
  const path = join(dataDir, configFileName);
  const before = await readIfThere(path);
  if (before !== null) await writePrivately(`${path}.before-import`, before);
  using catalog = openCatalogFile(join(dataDir, catalogFileName));
  restoreChannels(catalog, document.channels, Date.now());
  await writePrivately(path, `${JSON.stringify(config, null, 2)}\n`);
  process.stdout.write(`Imported ${summary}. The sources are refreshed when Coax starts.\n`);
  return 0;
}
