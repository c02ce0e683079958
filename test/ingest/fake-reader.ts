import type { EpisodeItem, LiveItem, MovieItem, SeriesItem } from '../../src/model/items.ts';
import type { Programme } from '../../src/model/programme.ts';
import type { CatalogSummary, LoginReport, SourceReader } from '../../src/sources/contract.ts';
import type { GuideId } from '../../src/model/ids.ts';

/** What a fake provider has. A function is called where it would answer, and may throw or wait. */
export interface FakeProvider {
  /** Null for one that only its lists can tell. */
  readonly logins?: readonly LoginReport[] | null;
  readonly live?: readonly LiveItem[];
  readonly movies?: readonly MovieItem[];
  readonly series?: readonly SeriesItem[];
  /** In the list itself, by the provider's id of their series. */
  readonly listed?: Readonly<Record<string, readonly EpisodeItem[]>>;
  readonly summary?: Partial<CatalogSummary>;
  readonly programmes?: readonly Programme[];
  readonly rejects?: number;
  readonly beforeEnd?: (signal: AbortSignal) => Promise<void> | void;
  readonly inGuide?: (signal: AbortSignal) => Promise<void> | void;
  readonly episodes?: SourceReader['episodes'];
}

/** A SourceReader over plain lists. */
export function fakeReader(provider: FakeProvider): SourceReader {
  const state = (list: readonly unknown[] | undefined) => (list === undefined ? 'absent' : 'complete');
  return {
    test: () => Promise.resolve(provider.logins ?? [{ ok: true, message: 'The login works' }]),
    ...(provider.logins === null && { logins: () => Promise.resolve(null) }),
    async readCatalog(sink, { signal, progress }) {
      progress('channels', 0, provider.live?.length);
      await sink.live(provider.live ?? []);
      await sink.movies(provider.movies ?? []);
      await sink.series(provider.series ?? []);
      for (const [id, items] of Object.entries(provider.listed ?? {})) await sink.episodes?.(id, items);
      for (let at = 1; at <= (provider.rejects ?? 0); at++) sink.reject({ what: 'channel', at, reason: 'no id' });
      await provider.beforeEnd?.(signal);
      return {
        live: state(provider.live),
        movies: state(provider.movies),
        series: state(provider.series),
        problems: [],
        ...provider.summary,
      };
    },
    async readGuide(sink, { signal }) {
      if (provider.programmes === undefined) return false;
      const ids = new Set(provider.programmes.map(({ guideId }) => guideId));
      await sink.channels([...ids].map((id) => ({ id, names: [`Name of ${id}`] })));
      await sink.programmes(provider.programmes);
      await provider.inGuide?.(signal);
      return true;
    },
    episodes: provider.episodes ?? (() => Promise.resolve({ items: [], rejects: [] })),
  };
}

/** `count` programmes of half an hour, one after the other. */
export function programmes(guideId: string, fromUnix: number, count: number): Programme[] {
  return Array.from({ length: count }, (_, index) => ({
    guideId: guideId as GuideId,
    startUnix: fromUnix + index * 1_800,
    stopUnix: fromUnix + (index + 1) * 1_800,
    title: `Show ${index} of ${guideId}`,
  }));
}
