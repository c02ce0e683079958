import type { LiveItem, MovieItem, SeriesItem } from '../../src/model/items.ts';
import type { GuideId, SourceId } from '../../src/model/ids.ts';
import type { Programme } from '../../src/model/programme.ts';

export const home = 's1' as SourceId;

export function live(name: string, more: Partial<LiveItem> = {}): LiveItem {
  const providerId = more.providerId ?? `id-${name}`;
  return {
    providerId,
    name,
    groups: ['News'],
    locator: { kind: 'xtream', type: 'live', id: providerId, ext: 'ts' },
    ...more,
  };
}

export function movie(title: string, more: Partial<MovieItem> = {}): MovieItem {
  return {
    providerId: `id-${title}`,
    title,
    ext: 'mkv',
    groups: ['Drama'],
    locator: { kind: 'xtream', type: 'movie', id: title, ext: 'mkv' },
    ...more,
  };
}

export function series(title: string, more: Partial<SeriesItem> = {}): SeriesItem {
  return { providerId: `id-${title}`, title, groups: ['Drama'], ...more };
}

export function programme(guideId: string, startUnix: number, stopUnix: number, title = 'Show'): Programme {
  return { guideId: guideId as GuideId, startUnix, stopUnix, title };
}
