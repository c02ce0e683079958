import type { Programme } from '../model/programme.ts';

/** Keys of the ids a host knows: of the programme itself, and `series…` of the series it belongs to. */
type ProviderIdKey = 'imdb' | 'tvdb' | 'tmdb' | 'seriesImdb' | 'seriesTvdb' | 'seriesTmdb';
export type ProviderIds = { readonly [Key in ProviderIdKey]?: string };

const systems: readonly (readonly [pattern: RegExp, key: 'Imdb' | 'Tvdb' | 'Tmdb'])[] = [
  [/imdb/i, 'Imdb'],
  [/tvdb/i, 'Tvdb'],
  [/the-?moviedb|tmdb/i, 'Tmdb'],
];

/** `title/tt0111161`, `series/72178`, `tv/18977`, `movie/550`, or the bare id: what it names, and the id. */
function idOf(written: string, key: 'Imdb' | 'Tvdb' | 'Tmdb'): { readonly kind: string; readonly id: string } | null {
  const id =
    key === 'Imdb' ? /\btt\d{5,10}\b/.exec(written)?.[0] : /(?:^|[/=])(\d{1,10})(?:$|[/?#])/.exec(written)?.[1];
  return id === undefined ? null : { kind: /(?:^|\/)(series|show|tv)\//i.test(written) ? 'series' : '', id };
}

/** The ids that a guide gives as `episode-num`, under the names that media servers use. */
export function providerIdsOf({ ids }: Pick<Programme, 'ids'>): ProviderIds | null {
  if (ids === undefined) return null;
  const found: { [Key in ProviderIdKey]?: string } = {};
  for (const [system, written] of Object.entries(ids)) {
    const key = systems.find(([pattern]) => pattern.test(system))?.[1];
    const known = key === undefined ? null : idOf(written, key);
    if (key === undefined || known === null) continue;
    const name = known.kind === 'series' ? (`series${key}` as const) : (key.toLowerCase() as 'imdb' | 'tvdb' | 'tmdb');
    found[name] ??= known.id;
  }
  return Object.keys(found).length === 0 ? null : found;
}
