import type { SourceConfig } from '../../config/schema.ts';
import { CoaxError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { EpisodeItem, LiveItem, MovieItem, Reject } from '../../model/items.ts';
import type { M3uEntry } from '../../text/m3u-entry.ts';
import { type M3uSummary, readM3u } from '../../text/m3u-reader.ts';
import type { CatalogSink, CatalogSummary, GuideSink, LoginReport, ReadContext, SourceReader } from '../contract.ts';
import { readGuideFeeds } from '../guide-feed.ts';
import type { ProviderClient } from '../provider-client.ts';
import { isSourceFailure } from '../source-failure.ts';
import { XtreamApi } from '../xtream/api.ts';
import { panelOf } from '../xtream/panel.ts';
import { isGetPhp, xmltvUrl } from '../xtream/url.ts';
import { guideAddresses } from './guide-addresses.ts';
import { liveItemOf, movieItemOf, seriesPartOf } from './entry-items.ts';
import { playlistUrls } from './playlist-urls.ts';
import { SeriesShelf } from './series-shelf.ts';

export interface M3uReaderOptions {
  readonly client: ProviderClient;
  readonly log: Log;
}

type Problem = CatalogSummary['problems'][number];
const mostGuides = 20;
const emptySummary: CatalogSummary = { live: 'absent', movies: 'absent', series: 'absent', problems: [] };

/** Reads a playlist from an address or a file. One that is a panel's `get.php` is also asked about its login. */
export class M3uReader implements SourceReader {
  readonly #config: SourceConfig;
  readonly #options: M3uReaderOptions;
  /** The guides that the playlist named when it was read last, as written; undefined before that. */
  #named: readonly string[] | undefined;

  constructor(config: SourceConfig, options: M3uReaderOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** For a plain playlist there is no login to try: its first bytes must be those of a playlist. */
  async test(signal: AbortSignal): Promise<readonly LoginReport[]> {
    const reports = await this.logins(signal);
    if (reports !== null) return reports;
    const report = await this.#tryPlaylist(signal);
    return this.#config.accounts.length > 1 ? this.#config.accounts.map(() => report) : [report];
  }

  async logins(signal: AbortSignal): Promise<readonly LoginReport[] | null> {
    if (!isGetPhp(this.#config.url)) return null;
    const panel = panelOf(this.#config);
    const api = new XtreamApi(this.#options.client, panel.bases);
    const reports: LoginReport[] = [];
    for (const account of panel.accounts) reports.push(await api.login(account, signal, 2));
    // A panel may give out playlists and keep its API shut: then the playlist decides.
    const telling = ['SOURCE_LOGIN_REFUSED', 'SOURCE_EXPIRED'];
    return reports.some(({ ok, code }) => ok || telling.includes(code ?? '')) ? reports : null;
  }

  async readCatalog(sink: CatalogSink, context: ReadContext): Promise<CatalogSummary> {
    const shelf = new SeriesShelf(sink.episodes !== undefined);
    const counts = { live: 0, movies: 0, episodes: 0, done: 0 };
    const summary = await this.#read(context.signal, sink, async (entries) => {
      const live: LiveItem[] = [];
      const movies: MovieItem[] = [];
      for (const entry of entries) {
        if (entry.kind === 'movie') movies.push(movieItemOf(entry));
        else if (entry.kind === 'episode') shelf.add(seriesPartOf(entry));
        else live.push(liveItemOf(entry));
      }
      counts.live += live.length;
      counts.movies += movies.length;
      counts.episodes += entries.length - live.length - movies.length;
      counts.done += entries.length;
      if (live.length > 0) await sink.live(live);
      if (movies.length > 0) await sink.movies(movies);
      context.progress('playlist', counts.done);
    });
    this.#named = summary.guideUrls;
    const guideUrls = summary.guideUrls.flatMap((written) => this.#placesOf(written).slice(0, 1));
    if (counts.done === 0) throw new CoaxError('SOURCE_EMPTY', 'The playlist has no entries');
    const all = shelf.series();
    if (all.length > 0) await sink.series(all);
    for (const [id, episodes] of shelf.episodes()) await sink.episodes?.(id, episodes);
    if (summary.truncated) return this.#cut(counts.done, counts.live, counts.movies, all.length);
    const state = (count: number): 'complete' | 'absent' => (count > 0 ? 'complete' : 'absent');
    return {
      ...emptySummary,
      live: state(counts.live),
      movies: state(counts.movies),
      series: state(all.length),
      ...(guideUrls.length > 0 ? { guideUrls } : {}),
    };
  }

  async readGuide(sink: GuideSink, context: ReadContext): Promise<boolean> {
    const { client, log } = this.#options;
    const urls = await this.#guidesOf(context.signal, sink);
    if (urls.length === 0) return false;
    const zone = this.#config.timeZone;
    const feeds = urls.slice(0, mostGuides).map((candidates) => ({ urls: candidates, zone }));
    const failures = await readGuideFeeds(client, feeds, sink, context);
    for (const { feed, error } of failures) {
      log.warn('one of the guides could not be read', { feed: feed + 1, code: error.code, reason: error.message });
      sink.reject({
        what: 'guide-channel',
        at: feed + 1,
        reason: `Guide ${feed + 1} could not be read: ${error.message}`,
      });
    }
    return true;
  }

  /** Reads the playlist again for the episodes of one series. */
  async episodes(
    seriesProviderId: string,
    signal: AbortSignal,
  ): Promise<{ readonly items: readonly EpisodeItem[]; readonly rejects: readonly Reject[] }> {
    const items: EpisodeItem[] = [];
    const summary = await this.#read(signal, { reject: () => {} }, (entries) => {
      for (const entry of entries) {
        if (entry.kind !== 'episode') continue;
        const part = seriesPartOf(entry);
        if (part.series.providerId === seriesProviderId) items.push(part.episode);
      }
    });
    if (summary.truncated) throw new CoaxError('SOURCE_TRUNCATED', 'The playlist is cut short');
    return { items, rejects: [] };
  }

  async #read(
    signal: AbortSignal,
    sink: Pick<CatalogSink, 'reject'>,
    entries: (entries: readonly M3uEntry[]) => void | Promise<void>,
  ): Promise<M3uSummary> {
    const urls = playlistUrls(this.#config);
    return this.#options.client.read({ urls, expect: 'playlist', signal }, async ({ chunks, commit }) => {
      const summary = await readM3u(
        chunks,
        {
          entries: (batch) => {
            commit();
            return entries(batch);
          },
          reject: (reject) => sink.reject(reject),
        },
        { signal },
      );
      if (summary.form !== 'playlist') throw notAPlaylist(summary);
      if (summary.truncated && summary.entries === 0)
        throw new CoaxError('SOURCE_TRUNCATED', 'The playlist is cut short before its first entry');
      return summary;
    });
  }

  /** A playlist that broke off shows what the provider has, but not what it has no longer: nothing of it is complete. */
  #cut(entries: number, live: number, movies: number, series: number): CatalogSummary {
    const message = `The playlist is cut short after ${entries} entries`;
    const counts = { live, movies, series };
    const parts = (['live', 'movies', 'series'] as const).filter((part) => part === 'live' || counts[part] > 0);
    const problems = parts.map((part): Problem => ({ part, code: 'SOURCE_TRUNCATED', message }));
    const state = (part: keyof typeof counts): 'failed' | 'absent' => (parts.includes(part) ? 'failed' : 'absent');
    return { live: state('live'), movies: state('movies'), series: state('series'), problems };
  }

  async #tryPlaylist(signal: AbortSignal): Promise<LoginReport> {
    const stop = new AbortController();
    let seen = false;
    try {
      await this.#read(AbortSignal.any([signal, stop.signal]), { reject: () => {} }, () => {
        seen = true;
        stop.abort();
      });
      return { ok: true, message: 'The playlist can be read' };
    } catch (error) {
      if (seen && !signal.aborted) return { ok: true, message: 'The playlist can be read' };
      if (!isSourceFailure(error)) throw error;
      return { ok: false, code: error.code satisfies ErrorCode, message: error.message };
    }
  }

  /** Guides in order: the configured one, then those the playlist names; the panel's own when there is neither. */
  async #guidesOf(signal: AbortSignal, sink: Pick<GuideSink, 'reject'>): Promise<readonly (readonly string[])[]> {
    const { epgUrl } = this.#config;
    const own = this.#panelGuide();
    const guides: (readonly string[])[] = epgUrl === '' ? [] : [[epgUrl]];
    for (const [index, written] of (await this.#namedGuides(signal)).entries()) {
      const places = this.#placesOf(written);
      if (places.length === 0)
        sink.reject({
          what: 'guide-channel',
          at: index + 1,
          reason: `What the playlist names as guide ${index + 1} is no address that can be asked`,
        });
      else if (own !== undefined && places.some((url) => lacksLogin(url) && own.some((one) => samePlace(one, url))))
        guides.push(own);
      else if (!places.includes(epgUrl)) guides.push(places);
    }
    return guides.length === 0 && own !== undefined ? [own] : guides;
  }

  async #namedGuides(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#named !== undefined) return this.#named;
    try {
      this.#named = (await this.#read(signal, { reject: () => {} }, () => {})).guideUrls;
      return this.#named;
    } catch (error) {
      // The guide that is configured does not need the playlist.
      if (this.#config.epgUrl === '' || !isSourceFailure(error)) throw error;
      return [];
    }
  }

  #placesOf(written: string): readonly string[] {
    return guideAddresses(written, playlistUrls(this.#config));
  }

  /** The guide of the panel that gives the playlist, at each of its addresses. */
  #panelGuide(): readonly string[] | undefined {
    if (!isGetPhp(this.#config.url)) return undefined;
    const { bases, accounts } = panelOf(this.#config);
    const [account] = accounts;
    return account === undefined ? undefined : bases.map((base) => xmltvUrl(base, account));
  }
}

function notAPlaylist({ form }: M3uSummary): CoaxError {
  if (form === 'empty') return new CoaxError('SOURCE_EMPTY', 'The playlist is empty');
  if (form === 'hls-media' || form === 'hls-master')
    return new CoaxError('SOURCE_BAD_CONTENT', 'The address is that of one stream (HLS), not of a list of channels');
  return new CoaxError('SOURCE_BAD_CONTENT', `The file is no playlist (it is ${form})`);
}

/** Panels name their guide in playlists without the login that it needs. */
const lacksLogin = (url: string): boolean => /\/xmltv\.php(?:\?(?!.*username=).*)?$/i.test(url);

const samePlace = (one: string, other: string): boolean => URL.parse(one)?.host === URL.parse(other)?.host;
