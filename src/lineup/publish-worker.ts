import { constants } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { Catalog } from '../catalog/catalog.ts';
import type { Channel } from '../catalog/contract.ts';
import type { OutputConfig } from '../config/schema.ts';
import { Guide } from '../guide/guide.ts';
import { Redactor } from '../log/redactor.ts';
import { archiveDays, archivesOf } from '../model/archive.ts';
import type { SourceId } from '../model/ids.ts';
import { writeXmltvEnd, writeXmltvStart } from '../text/xmltv-writer.ts';
import { lowerThreadPriority } from '../thread-priority.ts';
import { guideNumbers } from './hdhomerun.ts';
import { isInGroups, walkPages } from './lineup.ts';
import { publishFiles } from './publish-files.ts';
import { publishProgrammes } from './programme-file.ts';
import type { FilesOrder, PublishOrder, PublishReply } from './publish-order.ts';
import {
  episodeEntry,
  guideChannel,
  guideProgramme,
  hdhrEntry,
  type LiveForm,
  movieEntry,
  playlistEntry,
  playlistHeader,
} from './render.ts';

const daySec = 86_400;

async function publish(order: PublishOrder): Promise<void> {
  const { output, fromUnix, toUnix } = order;
  const sourceIds = order.sourceIds as readonly SourceId[];
  const catalog = Catalog.open(order.catalogPath);
  try {
    const guide = new Guide(catalog.feeds);
    // One list for all files: they agree even if a refresh ends meanwhile.
    const query = { sourceIds, groups: output.groups, hidden: 'without', limit: 1000 } as const;
    const channels = [...walkPages((at) => catalog.channels.list({ ...query, ...at }))];
    const redactor = new Redactor();
    redactor.setSecrets('all', order.secrets);
    const isSafe = (address: string): boolean => redactor.text(address) === address;
    if (order.kind === 'programmes') {
      await publishProgrammes(order, { channels, guide, isSafe, redact: (text) => redactor.text(text) });
      return;
    }
    const { base } = order;
    await publishFiles(order.folder, {
      'playlist.m3u': playlist(base, channels, output),
      'movies.m3u': movies(order, catalog),
      'guide.xml': guideXml(base, channels, guide, { fromUnix, toUnix, isSafe }),
      'lineup.json': hdhrLineup(base, channels, output),
    });
  } finally {
    catalog.close();
  }
}

function* playlist(
  base: string,
  channels: readonly Channel[],
  { live, catchup }: { readonly live: LiveForm; readonly catchup: boolean },
): Generator<string> {
  yield playlistHeader(base);
  for (const channel of channels) yield playlistEntry(base, channel, live, catchup);
}

function* movies({ base, output, sourceIds }: FilesOrder, catalog: Catalog): Generator<string> {
  yield '#EXTM3U\n';
  const query = { sourceIds: sourceIds as readonly SourceId[], limit: 1000 };
  for (const movie of walkPages((at) => catalog.movies.list({ ...query, ...at }))) {
    if (isInGroups(output, movie)) yield movieEntry(base, movie);
  }
  for (const series of walkPages((at) => catalog.series.list({ ...query, ...at }))) {
    if (!isInGroups(output, series)) continue;
    const episodes = walkPages((at) => catalog.series.episodes(series.id, { limit: 1000, ...at }));
    for (const episode of episodes) yield episodeEntry(base, series, episode);
  }
}

interface GuideWindow {
  readonly fromUnix: number;
  readonly toUnix: number;
  readonly isSafe: (address: string) => boolean;
}

async function* guideXml(
  base: string,
  channels: readonly Channel[],
  guide: Guide,
  { fromUnix, toUnix, isSafe }: GuideWindow,
): AsyncGenerator<string> {
  yield writeXmltvStart();
  for (const channel of channels) yield guideChannel(base, channel);
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  // What can still be played is worth a place in the guide, however long ago it was.
  const froms = new Map(channels.map((channel) => [channel.id, archiveStart(channel, fromUnix)]));
  const first = Math.min(fromUnix, ...froms.values());
  for await (const [{ id }, programmes] of guide.walk(channels, first, toUnix)) {
    const channel = byId.get(id);
    if (channel === undefined || programmes.length === 0) continue;
    const from = froms.get(id) ?? fromUnix;
    const shown = programmes.filter(({ stopUnix }) => stopUnix > from);
    yield shown.map((programme) => guideProgramme(channel, programme, isSafe)).join('');
  }
  yield writeXmltvEnd();
}

/** How far the guide of a channel goes back: as far as its archive, where that is further. */
function archiveStart(channel: Channel, fromUnix: number): number {
  const days = Math.max(0, ...archivesOf(channel).map(archiveDays));
  const today = Math.floor(Date.now() / 1000 / daySec) * daySec;
  return Math.min(fromUnix, today - days * daySec);
}

function* hdhrLineup(base: string, channels: readonly Channel[], { profile }: OutputConfig): Generator<string> {
  // What a transcode gives is not what the provider sends.
  const asItComes = profile === '' || profile === 'copy';
  const numbers = guideNumbers(channels.map(({ number }) => number));
  let separator = '[';
  for (const [index, channel] of channels.entries()) {
    yield `${separator}${JSON.stringify(hdhrEntry(base, channel, numbers[index] ?? '', asItComes))}`;
    separator = ',\n';
  }
  yield separator === '[' ? '[]\n' : ']\n';
}

lowerThreadPriority(constants.priority.PRIORITY_LOW);

let turn: Promise<void> = Promise.resolve();
parentPort?.on('message', (order: PublishOrder) => {
  const reply = (message: PublishReply): void => parentPort?.postMessage(message);
  turn = turn
    .then(() => publish(order))
    .then(
      () => reply({ id: order.id, ok: true }),
      (error: unknown) =>
        reply({
          id: order.id,
          ok: false,
          message: error instanceof Error ? (error.stack ?? error.message) : 'unknown',
        }),
    );
});
