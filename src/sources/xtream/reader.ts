import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { EpisodeItem, Reject } from '../../model/items.ts';
import type {
  CatalogSink,
  CatalogSummary,
  GuideSink,
  LoginReport,
  ReadContext,
  SourceReader,
  WantedGuide,
} from '../contract.ts';
import { readGuideFeed } from '../guide-feed.ts';
import { asObject } from '../lenient.ts';
import type { ProviderClient } from '../provider-client.ts';
import { isSourceFailure } from '../source-failure.ts';
import { XtreamApi } from './api.ts';
import { decodeEpisodes } from './decode-episode.ts';
import { decodeLive } from './decode-live.ts';
import { decodeMovie } from './decode-movie.ts';
import { decodeSeries } from './decode-series.ts';
import { type GuideTablesOptions, readGuideTables } from './guide-tables.ts';
import { type ListKind, type Listed, ListReader } from './list-reader.ts';
import { type Panel, type PanelAccount, panelOf } from './panel.ts';

export interface XtreamReaderOptions {
  readonly client: ProviderClient;
  readonly log: Log;
  readonly tables?: Pick<GuideTablesOptions, 'intervalMs' | 'maxChannels'>;
}

const kinds = {
  live: {
    what: 'channel',
    listAction: 'get_live_streams',
    categoriesAction: 'get_live_categories',
    decode: decodeLive,
  },
  movies: {
    what: 'movie',
    listAction: 'get_vod_streams',
    categoriesAction: 'get_vod_categories',
    decode: decodeMovie,
  },
  series: {
    what: 'series',
    listAction: 'get_series',
    categoriesAction: 'get_series_categories',
    decode: decodeSeries,
  },
} as const;
type Part = keyof typeof kinds;
type Problem = CatalogSummary['problems'][number];

const batchSize = 500;
/** One refresh tests, reads lists and reads the guide: it need not log in for each. */
const loginHoldsMs = 300_000;

/** Reads an Xtream panel: the login first, then each list whole, then the guide. */
export class XtreamReader implements SourceReader {
  readonly #config: SourceConfig;
  readonly #options: XtreamReaderOptions;
  readonly #panel: Panel;
  readonly #api: XtreamApi;
  #lastWorking: { readonly account: PanelAccount; readonly report: LoginReport; readonly at: number } | undefined;

  constructor(config: SourceConfig, options: XtreamReaderOptions) {
    this.#config = config;
    this.#options = options;
    this.#panel = panelOf(config);
    this.#api = new XtreamApi(options.client, this.#panel.bases);
  }

  async test(signal: AbortSignal): Promise<readonly LoginReport[]> {
    const reports: LoginReport[] = [];
    for (const account of this.#panel.accounts) {
      // One after the other: a panel may ban who logs in several times at once.
      const report = await this.#api.login(account, signal, 2);
      if (report.ok && !reports.some(({ ok }) => ok)) this.#remember(account, report);
      reports.push(report);
    }
    return reports;
  }

  async readCatalog(sink: CatalogSink, context: ReadContext): Promise<CatalogSummary> {
    context.progress('login', 0);
    const { account } = await this.#working(context.signal);
    const problems: Problem[] = [];
    const live = await this.#part('live', kinds.live, account, (items) => sink.live(items), sink, context, problems);
    const movies = await this.#part(
      'movies',
      kinds.movies,
      account,
      (items) => sink.movies(items),
      sink,
      context,
      problems,
    );
    const series = await this.#part(
      'series',
      kinds.series,
      account,
      (items) => sink.series(items),
      sink,
      context,
      problems,
    );
    const first = problems[0];
    if (first !== undefined && ![live, movies, series].includes('complete'))
      throw new CoaxError(first.code as ErrorCode, first.message);
    return { live, movies, series, problems };
  }

  async readGuide(sink: GuideSink, context: ReadContext, wanted: readonly WantedGuide[]): Promise<boolean> {
    const { client, log } = this.#options;
    if (this.#config.epgUrl !== '') {
      await readGuideFeed(client, { urls: [this.#config.epgUrl], zone: this.#config.timeZone }, sink, context);
      return true;
    }
    const { account, report } = this.#lastKnown(context) ?? (await this.#working(context.signal));
    const zone = this.#config.timeZone === '' ? report.timeZone : this.#config.timeZone;
    let given = 0;
    const counting: GuideSink = {
      ...(sink.interest === undefined ? {} : { interest: sink.interest }),
      channels: (channels) => sink.channels(channels),
      programmes: (programmes) => {
        given += programmes.length;
        return sink.programmes(programmes);
      },
      reject: (reject) => sink.reject(reject),
    };
    let failure: CoaxError | undefined;
    try {
      const pastDays = Math.ceil((Date.now() / 1000 - (sink.interest?.fromUnix ?? Number.NaN)) / 86_400) || 0;
      await readGuideFeed(client, { urls: this.#api.guideUrls(account, pastDays), zone }, counting, context);
      if (given > 0) return true;
    } catch (error) {
      if (!isSourceFailure(error) || given > 0) throw error;
      failure = error;
    }
    log.info('the panel has no whole guide, asking channel by channel', {
      code: failure?.code ?? 'SOURCE_EMPTY',
      reason: failure?.message,
    });
    const tables = { api: this.#api, login: account, zone, log, ...this.#options.tables };
    const programmes = await readGuideTables(tables, wanted, sink, context);
    if (programmes === 0 && failure !== undefined && failure.code !== 'SOURCE_EMPTY') throw failure;
    return programmes > 0;
  }

  async episodes(
    seriesProviderId: string,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly EpisodeItem[]; readonly rejects: readonly Reject[] }> {
    const [account] = this.#panel.accounts;
    if (account === undefined) throw new CoaxError('SOURCE_LOGIN_REFUSED', 'The source has no login');
    const answer = await this.#api.call(account, 'get_series_info', { series_id: seriesProviderId }, signal, 2);
    if (asObject(answer) === undefined && !Array.isArray(answer))
      throw new CoaxError('SOURCE_NOT_A_LIST', 'The provider answered with no series');
    return decodeEpisodes(answer);
  }

  /** The first account whose login worked when it was asked last. */
  #lastKnown({ logins = [] }: ReadContext): { account: PanelAccount; report: LoginReport } | null {
    const at = logins.findIndex(({ ok }) => ok);
    const [account, report] = [this.#panel.accounts[at], logins[at]];
    return account === undefined || report === undefined ? null : { account, report };
  }

  /** The first account whose login works. Throws the first one's refusal when none does. */
  async #working(signal: AbortSignal): Promise<{ account: PanelAccount; report: LoginReport }> {
    const last = this.#lastWorking;
    if (last !== undefined && performance.now() - last.at < loginHoldsMs) return last;
    let refused: LoginReport | undefined;
    for (const account of this.#panel.accounts) {
      const report = await this.#api.login(account, signal);
      if (report.ok) return this.#remember(account, report);
      refused ??= report;
    }
    throw new CoaxError((refused?.code ?? 'SOURCE_LOGIN_REFUSED') as ErrorCode, refused?.message);
  }

  #remember(account: PanelAccount, report: LoginReport): { account: PanelAccount; report: LoginReport } {
    this.#lastWorking = { account, report, at: performance.now() };
    return this.#lastWorking;
  }

  async #part<Item extends Listed>(
    part: Part,
    kind: ListKind<Item>,
    login: PanelAccount,
    deliver: (items: readonly Item[]) => void | Promise<void>,
    sink: CatalogSink,
    context: ReadContext,
    problems: Problem[],
  ): Promise<'complete' | 'absent' | 'failed'> {
    const stage = part === 'live' ? 'channels' : part;
    context.progress(stage, 0);
    const { signal } = context;
    try {
      const reader = new ListReader(this.#api, kind, {
        login,
        signal,
        progress: (done) => context.progress(stage, done),
      });
      const { items, rejects, categories } = await reader.read();
      for (const reject of rejects) sink.reject(reject);
      for (let at = 0; at < items.length; at += batchSize) {
        if (signal.aborted) throw new CoaxError('CANCELLED');
        await deliver(items.slice(at, at + batchSize));
      }
      context.progress(stage, items.length, items.length);
      if (items.length > 0) return 'complete';
      if (part !== 'live' || categories === 0) return 'absent';
      throw new CoaxError('SOURCE_EMPTY', 'The provider answered with an empty list of channels');
    } catch (error) {
      if (!isSourceFailure(error)) throw error;
      this.#options.log.warn('a list could not be read', { part, code: error.code, reason: error.message });
      problems.push({ part, code: error.code, message: error.message });
      return 'failed';
    }
  }
}
