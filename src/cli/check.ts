import { join } from 'node:path';
import { Catalog, catalogFileName } from '../catalog/catalog.ts';
import type { Config, SourceConfig } from '../config/schema.ts';
import { secretsOfConfig } from '../config/secrets.ts';
import { loadConfig } from '../config/store.ts';
import { CoaxError, toCoaxError } from '../errors.ts';
import { findFfmpeg } from '../ffmpeg/find-ffmpeg.ts';
import { silentLog } from '../log/log.ts';
import { Redactor } from '../log/redactor.ts';
import { createReader } from '../sources/factory.ts';
import { profilesOf } from '../transcode/profiles.ts';
import type { ParsedArguments } from './arguments.ts';
import { dataFolderOf } from './data-folder.ts';

const loginTimeoutMs = 30_000;

type Say = (ok: boolean, text: string) => void;

async function checkSource(source: SourceConfig, say: Say): Promise<void> {
  try {
    const reader = createReader(source, { log: silentLog, retry: { attempts: 1, firstDelayMs: 0, longestDelayMs: 0 } });
    const reports = await reader.test(AbortSignal.timeout(loginTimeoutMs));
    for (const [index, { ok, message }] of reports.entries())
      say(ok, `source ${source.name}${reports.length > 1 ? `, login ${index + 1}` : ''}: ${message}`);
  } catch (error) {
    const known = toCoaxError(error);
    say(false, `source ${source.name}: ${known.message}. ${known.action}`);
  }
}

/** What outputs need to transcode, where some do. */
async function checkProfiles({ outputs, settings }: Config, say: Say): Promise<void> {
  const wanted = outputs.filter(({ profile }) => profile !== '' && profile !== 'copy');
  if (wanted.length === 0) return;
  const known = profilesOf(settings.transcode).map(({ name }) => name);
  for (const { name, profile } of wanted)
    if (!known.includes(profile)) say(false, `output ${name}: there is no transcode profile ${profile}`);
  const { ffmpegPath, ffprobePath } = settings;
  const ffmpeg = await findFfmpeg({ configured: ffmpegPath, ffprobe: ffprobePath, log: silentLog });
  if (ffmpeg === null) say(false, `transcoding: ${new CoaxError('UPSTREAM_NO_FFMPEG').action}`);
  else say(true, `transcoding: ffmpeg ${ffmpeg.version} at ${ffmpeg.path}`);
}

/** `coax check`: exit code 0 when everything is right, 1 when something is not. Each finding is a line. */
export async function check(args: ParsedArguments): Promise<number> {
  const dataDir = dataFolderOf(args);
  const redactor = new Redactor();
  let wrong = 0;
  const say: Say = (ok, text) => {
    if (!ok) wrong += 1;
    process.stdout.write(`${ok ? 'ok   ' : 'WRONG'}  ${redactor.text(text)}\n`);
  };
  const config = await loadConfig(dataDir).catch((error: unknown) => toCoaxError(error));
  if (config === null) throw new CoaxError('CONFIG_UNREADABLE', `There is no configuration in ${dataDir}`);
  if (config instanceof CoaxError) {
    say(false, `configuration: ${config.message}`);
    return 1;
  }
  for (const [owner, secrets] of secretsOfConfig(config)) redactor.setSecrets(owner, secrets);
  say(true, `configuration: ${config.sources.length} sources, ${config.outputs.length} outputs`);
  await checkProfiles(config, say);
  try {
    const catalog = Catalog.open(join(dataDir, catalogFileName));
    try {
      catalog.verify();
      say(
        true,
        `catalogue: ${catalog.channels.list({ limit: 1, hidden: 'with' }).total} channels, ${catalog.movies.list({ limit: 1 }).total} movies, ${catalog.series.list({ limit: 1 }).total} series`,
      );
    } finally {
      catalog.close();
    }
  } catch (error) {
    const known = toCoaxError(error);
    say(false, `catalogue: ${known.message}. ${known.action}`);
  }
  if (!args.flag('offline')) {
    for (const source of config.sources) {
      // oxlint-disable-next-line no-await-in-loop -- one provider at a time, in the order of the configuration
      await checkSource(source, say);
    }
  }
  process.stdout.write(wrong === 0 ? 'All is well.\n' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.\n`);
  return wrong === 0 ? 0 : 1;
}
