import type { GuideChannel, Programme } from '../../model/programme.ts';
import { type DemoChannel, demoChannels } from './content.ts';

const daySec = 86_400;
/** How many days the guide covers, today included. */
const days = 3;

interface Show {
  readonly title: string;
  readonly subtitles: readonly string[];
  readonly description: string;
  readonly category: string;
  readonly minutes: number;
  /** Episodes a season; absent for what is no series. */
  readonly perSeason?: number;
}

const shows: readonly Show[] = [
  {
    title: 'Morning Pattern',
    subtitles: ['Circles', 'Squares', 'A Moving Line'],
    description: 'The day begins with shapes that every set should show in the right place.',
    category: 'News',
    minutes: 30,
  },
  {
    title: 'Colour by Number',
    subtitles: ['Cyan', 'Magenta', 'Yellow', 'Key'],
    description: 'A series about the colours a screen is made of, one at a time.',
    category: 'Documentary',
    minutes: 45,
    perSeason: 8,
  },
  {
    title: 'The Tone',
    subtitles: ['440 Hertz', 'One Kilohertz', 'Two Tones at Once'],
    description: 'Pure tones for the patient listener.',
    category: 'Music',
    minutes: 15,
  },
  {
    title: 'Safe Area',
    subtitles: ['Overscan', 'The Edge', 'Centre Cut'],
    description: 'A drama about what stays inside the picture, and what does not.',
    category: 'Series',
    minutes: 60,
    perSeason: 6,
  },
  {
    title: 'Frame by Frame',
    subtitles: ['Twenty-five a Second', 'The Key Frame', 'In Between'],
    description: 'Why things move when pictures stand still.',
    category: 'Education',
    minutes: 30,
    perSeason: 10,
  },
  {
    title: 'Late Bars',
    subtitles: ['Seven of Them', 'With Sound'],
    description: 'Nothing but bars until the morning.',
    category: 'Movie',
    minutes: 120,
  },
];

export function demoGuideChannels(): GuideChannel[] {
  return demoChannels.map(({ guideId, name, number }) => ({
    id: guideId,
    names: [name],
    number,
  }));
}

/** Three days of one channel from the start of the day (UTC) that holds `nowUnix`. What is on at a time never changes. */
export function demoProgrammes(channel: DemoChannel, nowUnix: number): Programme[] {
  const today = Math.floor(nowUnix / daySec);
  const channelIndex = demoChannels.indexOf(channel);
  const found: Programme[] = [];
  for (let day = today; day < today + days; day++) found.push(...programmesOfDay(channel, channelIndex, day));
  return found;
}

function programmesOfDay(channel: DemoChannel, channelIndex: number, day: number): Programme[] {
  const found: Programme[] = [];
  const end = (day + 1) * daySec;
  let startUnix = day * daySec;
  for (let n = 0; startUnix < end; n++) {
    const show = shows[(n + channelIndex * 2 + day) % shows.length];
    if (show === undefined) break;
    // The day's last programme ends with the day.
    const stopUnix = Math.min(end, startUnix + show.minutes * 60);
    const running = day * 7 + n;
    const subtitle = show.subtitles[running % show.subtitles.length];
    const numbered = show.perSeason === undefined ? {} : numbers(running, show.perSeason);
    found.push({
      guideId: channel.guideId,
      startUnix,
      stopUnix,
      title: show.title,
      ...(subtitle === undefined ? {} : { subtitle }),
      description: show.description,
      categories: [show.category],
      ...numbered,
      language: 'en',
      ...(channelIndex === 0 && n === 0 ? { isNew: true } : {}),
    });
    startUnix = stopUnix;
  }
  return found;
}

function numbers(running: number, perSeason: number): { season: number; episode: number; episodeTotal: number } {
  return {
    season: 1 + (Math.floor(running / perSeason) % 9),
    episode: 1 + (running % perSeason),
    episodeTotal: perSeason,
  };
}
