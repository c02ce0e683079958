import type { Database } from '../catalog/database.ts';
import { episodeName, knownEpisodes } from '../catalog/episode-import.ts';
import type { EpisodeItem } from '../model/items.ts';
import { matchItems } from './identity.ts';

/** The ids under which a series has these episodes already, or null for new ones: by their place in the series, then by their key. */
export function matchEpisodes(
  database: Database,
  seriesId: string,
  items: readonly EpisodeItem[],
): readonly (string | null)[] {
  const known = knownEpisodes(database, seriesId);
  const fresh = items.map(({ providerId, season, episode }) => ({
    key: providerId,
    name: episodeName(season, episode),
    guideId: '',
    group: '',
  }));
  return matchItems(known, fresh).map((index) => (index === null ? null : (known[index]?.id ?? null)));
}
