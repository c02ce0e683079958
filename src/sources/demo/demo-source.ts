import { CoaxError } from '../../errors.ts';
import type { Account } from '../../model/account.ts';
import type { EpisodeItem, Reject, StreamLocator } from '../../model/items.ts';
import type { DemoUpstreamRequest } from '../../model/upstream-request.ts';
import type {
  CatalogSink,
  CatalogSummary,
  GuideSink,
  LoginReport,
  ReadContext,
  SourceReader,
  StreamResolver,
} from '../contract.ts';
import { demoChannels, demoEpisodes, demoLiveItems, demoMovies, demoSeries } from './content.ts';
import { demoGuideChannels, demoProgrammes } from './guide.ts';

/** Reads the built-in source: three channels, a movie, a series of two episodes, and three days of guide. Needs no network. */
export class DemoReader implements SourceReader {
  async test(): Promise<readonly LoginReport[]> {
    return [{ ok: true, message: 'The demo needs no login', status: 'Active', formats: ['ts'], timeZone: 'UTC' }];
  }

  async readCatalog(sink: CatalogSink, context: ReadContext): Promise<CatalogSummary> {
    giveUpIf(context.signal);
    await sink.live(demoLiveItems());
    context.progress('live', demoChannels.length, demoChannels.length);
    await sink.movies(demoMovies());
    await sink.series(demoSeries());
    context.progress('movies', 1, 1);
    return { live: 'complete', movies: 'complete', series: 'complete', problems: [] };
  }

  async readGuide(sink: GuideSink, context: ReadContext): Promise<boolean> {
    await sink.channels(demoGuideChannels());
    const nowUnix = Math.floor(Date.now() / 1000);
    let done = 0;
    for (const channel of demoChannels) {
      giveUpIf(context.signal);
      await sink.programmes(demoProgrammes(channel, nowUnix));
      context.progress('guide', ++done, demoChannels.length);
    }
    return true;
  }

  async episodes(seriesProviderId: string): Promise<{ items: readonly EpisodeItem[]; rejects: readonly Reject[] }> {
    const known = demoSeries().some(({ providerId }) => providerId === seriesProviderId);
    if (!known) throw new CoaxError('SOURCE_NOT_FOUND', `The demo has no series "${seriesProviderId}"`);
    return { items: demoEpisodes(), rejects: [] };
  }
}

/** Resolves demo streams. Its accounts (see accountsOf) have no limit: nobody is asked for anything. */
export class DemoResolver implements StreamResolver {
  readonly accounts: readonly Account[];

  constructor(accounts: readonly Account[]) {
    this.accounts = accounts;
  }

  resolve(locator: StreamLocator): DemoUpstreamRequest {
    if (locator.kind !== 'demo') throw new CoaxError('NO_STREAM', `The demo has no streams of kind "${locator.kind}"`);
    const { clip, durationSec } = locator;
    return { kind: 'demo', clip, ...(durationSec === undefined ? {} : { durationSec }) };
  }
}

function giveUpIf(signal: AbortSignal): void {
  if (signal.aborted) throw new CoaxError('CANCELLED', 'Reading the demo was given up');
}
