import { type Credit, creditKinds, type GuideChannel, type Programme } from '../model/programme.ts';
import { encodeXmlAttribute, encodeXmlText } from './xml-entities.ts';
import { formatXmltvTime } from './xmltv-time.ts';

function attributes(values: Readonly<Record<string, string | undefined>>): string {
  let text = '';
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) text += ` ${name}="${encodeXmlAttribute(value)}"`;
  }
  return text;
}

function element(
  indent: string,
  name: string,
  text: string | undefined,
  values: Readonly<Record<string, string | undefined>> = {},
): string {
  return text === undefined ? '' : `${indent}<${name}${attributes(values)}>${encodeXmlText(text)}</${name}>\n`;
}

function empty(name: string, values: Readonly<Record<string, string | undefined>> = {}): string {
  return `    <${name}${attributes(values)}/>\n`;
}

/** Declaration, document type and the start of `tv`. */
export function writeXmltvStart(generator = 'Coax'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv${attributes({ 'generator-info-name': generator })}>\n`;
}

export function writeXmltvEnd(): string {
  return '</tv>\n';
}

/** One channel. Its number is written as the last display name, as xmltv.dtd has no place of its own for it. */
export function writeXmltvChannel(channel: GuideChannel): string {
  const names = channel.names.length > 0 ? [...channel.names] : [channel.id];
  if (channel.number !== undefined && !names.includes(channel.number)) names.push(channel.number);
  return (
    `  <channel${attributes({ id: channel.id })}>\n` +
    names.map((name) => element('    ', 'display-name', name)).join('') +
    (channel.icon === undefined ? '' : empty('icon', { src: channel.icon })) +
    element('    ', 'url', channel.url) +
    '  </channel>\n'
  );
}

function creditsOf(credits: readonly Credit[]): string {
  if (credits.length === 0) return '';
  const written = creditKinds.flatMap((kind) =>
    credits
      .filter((credit) => credit.kind === kind)
      .map((credit) => element('      ', kind, credit.name, kind === 'actor' ? { role: credit.role } : {})),
  );
  return `    <credits>\n${written.join('')}    </credits>\n`;
}

/** `season . episode/total . part`, counted from 0; nothing when none is known, or one can not be counted so (specials have season 0). */
function xmltvNs({ season, episode, episodeTotal, part }: Programme): string | undefined {
  if ((season ?? episode ?? part) === undefined && episodeTotal === undefined) return undefined;
  if ((season ?? 1) < 1 || (episode ?? 1) < 1 || (part ?? 1) < 1) return undefined;
  const at = (number: number | undefined): string => (number === undefined ? '' : String(number - 1));
  return `${at(season)}.${at(episode)}${episodeTotal === undefined ? '' : `/${episodeTotal}`}.${at(part)}`;
}

/** `S00E03` for what xmltv_ns can not tell and nobody wrote otherwise. */
function onscreenOf(programme: Programme): string | undefined {
  const { season, episode, onscreen } = programme;
  if (onscreen !== undefined || season === undefined || episode === undefined || xmltvNs(programme) !== undefined)
    return onscreen;
  return `S${String(season).padStart(2, '0')}E${String(episode).padStart(2, '0')}`;
}

function episodesOf(programme: Programme): string {
  const numbers: [string, string | undefined][] = [
    ['xmltv_ns', xmltvNs(programme)],
    ['onscreen', onscreenOf(programme)],
    ['dd_progid', programme.ddProgId],
    // `date` holds either the year or the whole day.
    ['original-air-date', dateNeedsHelp(programme) ? programme.airDate : undefined],
    ...Object.entries(programme.ids ?? {}),
  ];
  return numbers.map(([system, text]) => element('    ', 'episode-num', text, { system })).join('');
}

function dateNeedsHelp({ airDate, year }: Programme): boolean {
  return airDate !== undefined && airDate.slice(0, 4) !== String(year);
}

function dateOf(programme: Programme): string | undefined {
  const { airDate, year } = programme;
  if (airDate !== undefined && !dateNeedsHelp(programme)) return airDate.replaceAll('-', '');
  return year === undefined ? undefined : String(year).padStart(4, '0');
}

/** One programme in the element order of xmltv.dtd, with times in UTC. `live` is the one element that is not in the DTD; players know it. */
export function writeXmltvProgramme(programme: Programme): string {
  const times = {
    start: formatXmltvTime(programme.startUnix),
    stop: formatXmltvTime(programme.stopUnix),
    channel: programme.guideId,
  };
  return [
    `  <programme${attributes(times)}>\n`,
    element('    ', 'title', programme.title),
    element('    ', 'sub-title', programme.subtitle),
    element('    ', 'desc', programme.description),
    creditsOf(programme.credits ?? []),
    element('    ', 'date', dateOf(programme)),
    ...(programme.categories ?? []).map((category) => element('    ', 'category', category)),
    ...(programme.keywords ?? []).map((keyword) => element('    ', 'keyword', keyword)),
    element('    ', 'language', programme.language),
    programme.icon === undefined ? '' : empty('icon', { src: programme.icon }),
    element('    ', 'country', programme.country),
    episodesOf(programme),
    programme.isRepeat === true ? empty('previously-shown') : '',
    programme.isPremiere === true ? empty('premiere') : '',
    programme.isNew === true ? empty('new') : '',
    programme.isLive === true ? empty('live') : '',
    programme.rating === undefined
      ? ''
      : `    <rating${attributes({ system: programme.rating.system })}>\n${element('      ', 'value', programme.rating.value)}    </rating>\n`,
    programme.starRating === undefined
      ? ''
      : `    <star-rating>\n${element('      ', 'value', programme.starRating)}    </star-rating>\n`,
    '  </programme>\n',
  ].join('');
}
