import type { GuideId } from '../../model/ids.ts';
import type { EpisodeItem, LiveItem, MovieItem, SeriesItem } from '../../model/items.ts';
import type { ClipName } from './clips.ts';
import { demoPictureAddress } from './picture.ts';

/** Length of the demo movie: 100 loops. */
export const movieSec = 640;
/** Length of a demo episode: 50 loops. */
export const episodeSec = 320;

export interface DemoChannel {
  readonly clip: ClipName;
  readonly number: string;
  readonly name: string;
  readonly group: string;
  readonly guideId: GuideId;
}

export const demoChannels: readonly DemoChannel[] = [
  { clip: 'pattern', number: '1', name: 'Demo One', group: 'Demo', guideId: 'demo.one' as GuideId },
  { clip: 'colours', number: '2', name: 'Demo Colours', group: 'Demo', guideId: 'demo.colours' as GuideId },
  { clip: 'bars', number: '3', name: 'Demo Bars', group: 'Demo Tests', guideId: 'demo.bars' as GuideId },
];

export function demoLiveItems(): LiveItem[] {
  return demoChannels.map(({ clip, number, name, group, guideId }) => ({
    providerId: `demo-${clip}`,
    name,
    number,
    logo: demoPictureAddress(clip),
    groups: [group],
    guideId,
    guideName: name,
    locator: { kind: 'demo', clip },
  }));
}

export const demoMovies = (): MovieItem[] => [
  {
    providerId: 'demo-movie',
    title: 'A Drift of Colours',
    ext: 'ts',
    groups: ['Demo'],
    poster: demoPictureAddress('colours', 240, 360),
    plot: 'Four colours drift past each other for ten minutes and forty seconds. Made for trying out playing, pausing and seeking.',
    year: 2026,
    durationSec: movieSec,
    locator: { kind: 'demo', clip: 'colours', durationSec: movieSec },
  },
];

export const demoSeries = (): SeriesItem[] => [
  {
    providerId: 'demo-series',
    title: 'The Test Card Files',
    groups: ['Demo'],
    poster: demoPictureAddress('bars', 240, 360),
    plot: 'Two short episodes from the life of a test card.',
    year: 2026,
    modifiedUnix: 1_767_225_600,
  },
];

export function demoEpisodes(): EpisodeItem[] {
  const episodes: readonly (readonly [ClipName, string, string])[] = [
    ['bars', 'Seven Bars', 'A box travels over seven bars and finds its way back.'],
    ['pattern', 'The Counter', 'Something counts. It never gets past six seconds.'],
  ];
  return episodes.map(([clip, title, plot], n) => ({
    providerId: `demo-episode-${n + 1}`,
    season: 1,
    episode: n + 1,
    title,
    ext: 'ts',
    plot,
    poster: demoPictureAddress(clip, 320, 180),
    airDate: `2026-01-0${n + 1}`,
    durationSec: episodeSec,
    locator: { kind: 'demo', clip, durationSec: episodeSec },
  }));
}
