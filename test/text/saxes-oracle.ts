import { SaxesParser } from 'saxes';
import type { Credit, GuideChannel, Programme } from '../../src/model/programme.ts';
import { parseOnscreen, parseXmltvNs } from '../../src/text/xmltv-episode.ts';
import { parseXmltvDate } from '../../src/text/xmltv-programme.ts';
import { xmltvTimeReader } from '../../src/text/xmltv-time.ts';

/** An element as a conforming parser sees it; `text` is its own text, without that of its children. */
export interface Node {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Node[];
  text: string;
}

/** Parses a document with saxes, a conforming parser; gives its root. Throws when the document is not well-formed. */
export function parseTree(document: string): Node {
  const parser = new SaxesParser({ position: false });
  const stack: Node[] = [{ name: '', attributes: {}, children: [], text: '' }];
  const add = (text: string): void => {
    stack.at(-1)!.text += text;
  };
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const node: Node = {
      name: tag.name,
      attributes: { ...(tag.attributes as Record<string, string>) },
      children: [],
      text: '',
    };
    stack.at(-1)!.children.push(node);
    stack.push(node);
  });
  parser.on('closetag', () => void stack.pop());
  parser.on('text', add);
  parser.on('cdata', add);
  parser.write(document).close();
  return stack[0]!.children[0]!;
}

function texts(node: Node, name: string): string[] {
  return node.children
    .filter((child) => child.name === name)
    .map((child) => child.text.trim())
    .filter((text) => text !== '');
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

function present<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

function attribute(node: Node, child: string, name: string): string | undefined {
  return node.children
    .filter((element) => element.name === child)
    .map((element) => (element.attributes[name] ?? '').trim())
    .find((value) => value !== '');
}

function channelOf(node: Node): unknown {
  const names = unique(texts(node, 'display-name'));
  return present({
    id: node.attributes['id']?.trim(),
    names,
    icon: attribute(node, 'icon', 'src'),
    number: texts(node, 'lcn')[0] ?? names.find((name) => /^\d{1,5}([.-]\d{1,4})?$/.test(name)),
    url: texts(node, 'url')[0],
  });
}

const creditKinds = new Set([
  'director',
  'actor',
  'writer',
  'adapter',
  'producer',
  'composer',
  'editor',
  'presenter',
  'commentator',
  'guest',
]);
const onscreenSystems = new Set(['onscreen', 'SxxExx', 'common', '']);

function creditsOf(node: Node): Credit[] {
  return node.children
    .filter((child) => child.name === 'credits')
    .flatMap((credits) => credits.children)
    .filter((person) => creditKinds.has(person.name) && person.text.trim() !== '')
    .map((person) => {
      const role = person.name === 'actor' ? (person.attributes['role']?.trim() ?? '') : '';
      return present({ kind: person.name, name: person.text.trim(), role: role === '' ? undefined : role }) as Credit;
    });
}

function programmeOf(node: Node, time: (text: string) => number | undefined): unknown {
  const episodes = node.children
    .filter((child) => child.name === 'episode-num')
    .map((child) => ({ system: child.attributes['system']?.trim() ?? '', text: child.text.trim() }))
    .filter(({ text }) => text !== '');
  const onscreen = episodes.find(({ system }) => onscreenSystems.has(system))?.text;
  let numbers = Object.assign(
    {},
    ...episodes.filter(({ system }) => system === 'xmltv_ns').map(({ text }) => parseXmltvNs(text)),
  );
  if (numbers.season === undefined && numbers.episode === undefined && onscreen !== undefined) {
    numbers = { ...numbers, ...parseOnscreen(onscreen) };
  }
  const ids: Record<string, string> = {};
  for (const { system, text } of episodes) {
    if (['xmltv_ns', 'dd_progid', 'original-air-date'].includes(system) || onscreenSystems.has(system)) continue;
    if (!Object.hasOwn(ids, system)) ids[system] = text;
  }
  const date =
    texts(node, 'date')
      .map(parseXmltvDate)
      .find(({ year }) => year !== undefined) ?? {};
  const firstDay = [
    date.airDate,
    ...episodes.filter(({ system }) => system === 'original-air-date').map(({ text }) => parseXmltvDate(text).airDate),
    ...node.children
      .filter((child) => child.name === 'previously-shown')
      .slice(-1)
      .map((child) => parseXmltvDate(child.attributes['start'] ?? '').airDate),
  ].find((day) => day !== undefined);
  const rating = node.children
    .filter((child) => child.name === 'rating')
    .find((child) => texts(child, 'value').length > 0);
  const stars = node.children
    .filter((child) => child.name === 'star-rating')
    .find((child) => texts(child, 'value').length > 0);
  const has = (name: string): true | undefined =>
    node.children.some((child) => child.name === name) ? true : undefined;
  const list = (values: string[]): string[] | undefined => (values.length === 0 ? undefined : values);
  const credits = creditsOf(node);
  return present({
    guideId: node.attributes['channel']?.trim(),
    startUnix: time(node.attributes['start']?.trim() ?? ''),
    stopUnix: time(node.attributes['stop']?.trim() ?? ''),
    title: texts(node, 'title')[0],
    subtitle: texts(node, 'sub-title')[0],
    description: texts(node, 'desc')[0],
    categories: list(unique(texts(node, 'category'))),
    keywords: list(unique(texts(node, 'keyword'))),
    ...numbers,
    onscreen,
    ddProgId: episodes.find(({ system }) => system === 'dd_progid')?.text,
    ids: Object.keys(ids).length === 0 ? undefined : ids,
    icon: attribute(node, 'icon', 'src') ?? texts(node, 'image')[0],
    year: date.year,
    airDate: firstDay,
    rating:
      rating === undefined
        ? undefined
        : present({ system: rating.attributes['system']?.trim() || undefined, value: texts(rating, 'value')[0] }),
    starRating: stars === undefined ? undefined : texts(stars, 'value')[0],
    credits: credits.length === 0 ? undefined : credits,
    language: texts(node, 'language')[0],
    country: texts(node, 'country')[0],
    isNew: has('new'),
    isPremiere: has('premiere'),
    isRepeat: has('previously-shown'),
    isLive: has('live'),
  });
}

/** What a guide holds, by the definition of the model and read with saxes. For guides without rejects. */
export function readWithSaxes(document: string): {
  readonly channels: GuideChannel[];
  readonly programmes: Programme[];
} {
  const root = parseTree(document);
  const time = xmltvTimeReader();
  return {
    channels: root.children.filter((node) => node.name === 'channel').map(channelOf) as GuideChannel[],
    programmes: root.children
      .filter((node) => node.name === 'programme')
      .map((node) => programmeOf(node, time)) as Programme[],
  };
}
