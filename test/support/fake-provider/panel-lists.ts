import type { CatalogSettings } from './settings.ts';

/** The catalogue of the panel, item by item. `index` counts from 0; ids are `base + index + 1 + idOffset`. */
export const channelIdBase = 1000;
export const movieIdBase = 500_000;
export const seriesIdBase = 700_000;
export const episodeIdBase = 800_000;

type Json = Record<string, unknown>;

const added = '1716372000';

/** Values that panels really send, by item number; each is lawful JSON of the wrong kind or odd content. */
const liveQuirks: readonly ((item: Json) => unknown)[] = [
  (item) => ({ ...item, stream_id: Number(item.stream_id), num: String(item.num) }),
  (item) => ({ ...item, name: null }),
  (item) => ({ ...item, stream_icon: null, epg_channel_id: null }),
  (item) => ({ ...item, category_id: null, category_ids: [Number(item.category_id)] }),
  (item) => ({ ...item, category_ids: `${String(item.category_id)},99` }),
  (item) => ({ ...item, tv_archive: '1', tv_archive_duration: '7' }),
  (item) => ({ ...item, tv_archive: true, tv_archive_duration: null, is_adult: true }),
  (item) => ({ ...item, added: '22/05/2024 10:00:00', custom_sid: null }),
  (item) => ({ ...item, num: 0 }),
  (item) => ({ ...item, num: '' }),
  (item) => ({ ...item, name: '┃UK┃ Ünïcode &amp; "quotes" \u2588 🎬' }),
  (item) => ({ ...item, stream_icon: '', direct_source: null, is_adult: 'N/A' }),
  () => null,
  () => [],
  () => 'not an item',
  (item) => ({ ...item, stream_id: null }),
  (item) => ({ ...item, epg_channel_id: 'ch1.test' }),
];

function quirky(quirks: boolean, index: number, item: Json): unknown {
  if (!quirks || index % 2 === 0) return item;
  const change = liveQuirks[((index - 1) / 2) % liveQuirks.length];
  return change === undefined ? item : change(item);
}

export function channelName(catalog: CatalogSettings, index: number): string {
  return catalog.renamed[String(index + 1)] ?? `Channel ${index + 1}`;
}

export function groupOf(catalog: CatalogSettings, index: number): number {
  return (index % Math.max(1, catalog.groups)) + 1;
}

export function channelIndexes(catalog: CatalogSettings): number[] {
  const kept = catalog.channels - Math.floor(catalog.channels * catalog.omit);
  const indexes = Array.from({ length: kept }, (_, index) => index);
  return catalog.reversed ? indexes.reverse() : indexes;
}

function liveItem(catalog: CatalogSettings, index: number, base: string): unknown {
  const id = channelIdBase + index + 1 + catalog.idOffset;
  const group = String(groupOf(catalog, index));
  return quirky(catalog.quirks, index, {
    num: index + 1,
    name: channelName(catalog, index),
    stream_type: 'live',
    stream_id: id,
    stream_icon: `${base}/logo/${index + 1}.png${catalog.logoQuery}`,
    epg_channel_id: `ch${index + 1}.test`,
    added,
    is_adult: '0',
    category_id: group,
    category_ids: [Number(group)],
    custom_sid: '',
    tv_archive: index % 3 === 0 ? 1 : 0,
    direct_source: catalog.directSource.replace('{id}', String(id)),
    tv_archive_duration: index % 3 === 0 ? 7 : 0,
  });
}

function movieItem(catalog: CatalogSettings, index: number, base: string): unknown {
  const group = String(groupOf(catalog, index));
  return quirky(catalog.quirks, index, {
    num: index + 1,
    name: `Movie ${index + 1} (2020)`,
    stream_type: 'movie',
    stream_id: movieIdBase + index + 1 + catalog.idOffset,
    stream_icon: `${base}/logo/m${index + 1}.png${catalog.logoQuery}`,
    rating: '7.1',
    rating_5based: 3.5,
    added,
    category_id: group,
    category_ids: [Number(group)],
    container_extension: catalog.movieExt,
    custom_sid: '',
    direct_source: '',
    tmdb: String(1000 + index),
  });
}

function seriesItem(catalog: CatalogSettings, index: number, base: string): unknown {
  const group = String(groupOf(catalog, index));
  return {
    num: index + 1,
    name: `Series ${index + 1}`,
    series_id: seriesIdBase + index + 1 + catalog.idOffset,
    cover: `${base}/logo/s${index + 1}.png${catalog.logoQuery}`,
    plot: 'A series.',
    cast: '',
    director: '',
    genre: 'Drama',
    releaseDate: '2019-01-01',
    last_modified: added,
    rating: '8',
    rating_5based: 4,
    backdrop_path: catalog.quirks ? `${base}/logo/b.png` : [`${base}/logo/b.png`],
    youtube_trailer: '',
    episode_run_time: '45',
    category_id: group,
    category_ids: [Number(group)],
  };
}

function categories(count: number, prefix: string): Json[] {
  return Array.from({ length: count }, (_, index) => ({
    category_id: String(index + 1),
    category_name: `${prefix} ${index + 1}`,
    parent_id: 0,
  }));
}

function seriesInfo(catalog: CatalogSettings, id: number, base: string): unknown {
  const index = id - seriesIdBase - catalog.idOffset - 1;
  if (index < 0 || index >= catalog.series) return [];
  const seasons = Array.from({ length: catalog.seasons }, (_, season) =>
    Array.from({ length: catalog.episodes }, (_, episode) => ({
      id: String(episodeIdBase + index * 1000 + season * 100 + episode + 1 + catalog.idOffset),
      episode_num: catalog.quirks ? String(episode + 1) : episode + 1,
      title: `Series ${index + 1} S${season + 1}E${episode + 1}`,
      container_extension: catalog.movieExt,
      info: catalog.quirks ? [] : { plot: 'An episode.', duration_secs: 672, releasedate: '2019-01-02' },
      custom_sid: '',
      added: catalog.quirks ? '' : added,
      season: season + 1,
      direct_source: '',
    })),
  );
  return {
    seasons: seasons.map((list, season) => ({
      air_date: '2019-01-02',
      episode_count: list.length,
      id: season + 1,
      name: `Season ${season + 1}`,
      overview: '',
      season_number: season + 1,
      cover: '',
    })),
    info: catalog.quirks ? [] : seriesItem(catalog, index, base),
    episodes: catalog.quirks ? seasons : Object.fromEntries(seasons.map((list, season) => [String(season + 1), list])),
  };
}

function movieInfo(catalog: CatalogSettings, id: number, base: string): unknown {
  const index = id - movieIdBase - catalog.idOffset - 1;
  if (index < 0 || index >= catalog.movies) return { info: [], movie_data: [] };
  return {
    info: {
      name: `Movie ${index + 1}`,
      duration_secs: 672,
      duration: '00:11:12',
      plot: 'A movie.',
      video: [],
      audio: [],
    },
    movie_data: movieItem(catalog, index, base),
  };
}

/** Pieces of a JSON list, so that 100,000 items need no string of their whole length. */
function* listed(indexes: Iterable<number>, item: (index: number) => unknown): Generator<string> {
  let text = '[';
  let first = true;
  for (const index of indexes) {
    text += `${first ? '' : ','}${JSON.stringify(item(index))}`;
    first = false;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield `${text}]`;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The answer of an action in pieces, or null for an action that answers with the account. */
export function* panelList(
  action: string,
  query: URLSearchParams,
  catalog: CatalogSettings,
  base: string,
): Generator<string, boolean> {
  const wanted = query.get('category_id');
  const inGroup = (index: number) => wanted === null || String(groupOf(catalog, index)) === wanted;
  if (action === 'get_live_categories') yield JSON.stringify(categories(catalog.groups, 'Group'));
  else if (action === 'get_vod_categories') yield JSON.stringify(categories(catalog.groups, 'Movies'));
  else if (action === 'get_series_categories') yield JSON.stringify(categories(catalog.groups, 'Shows'));
  else if (action === 'get_live_streams')
    yield* listed(channelIndexes(catalog).filter(inGroup), (index) => liveItem(catalog, index, base));
  else if (action === 'get_vod_streams')
    yield* listed(upTo(catalog.movies).filter(inGroup), (index) => movieItem(catalog, index, base));
  else if (action === 'get_series')
    yield* listed(upTo(catalog.series).filter(inGroup), (index) => seriesItem(catalog, index, base));
  else if (action === 'get_series_info')
    yield JSON.stringify(seriesInfo(catalog, Number(query.get('series_id')), base));
  else if (action === 'get_vod_info') yield JSON.stringify(movieInfo(catalog, Number(query.get('vod_id')), base));
  else return false;
  return true;
}

/** How many entries of each list are objects with an id: what an importer can make of them. */
export function countedLists(catalog: CatalogSettings): { channels: number; movies: number; series: number } {
  const count = (action: string, key: string) => {
    const text = [...panelList(action, new URLSearchParams(), catalog, '')].join('');
    const items = JSON.parse(text) as unknown[];
    return items.filter((item) => typeof item === 'object' && item !== null && (item as Json)[key] != null).length;
  };
  return {
    channels: count('get_live_streams', 'stream_id'),
    movies: count('get_vod_streams', 'stream_id'),
    series: count('get_series', 'series_id'),
  };
}
