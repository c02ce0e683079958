// Runs one parser over one file and prints a line of JSON. Started by text.ts as a process of its own, so that memory is its own too.
import { createReadStream, readFileSync } from 'node:fs';
import { readM3u } from '../src/text/m3u-reader.ts';
import { readXmltv } from '../src/text/xmltv-reader.ts';
import { xmltvTimeReader } from '../src/text/xmltv-time.ts';

/** What all parsers have to agree on. */
interface Sums {
  items: number;
  seconds: number;
  titleChars: number;
  descriptionChars: number;
}

const chunkBytes = 256 * 1024;
/** All parsers read their times with the same function. */
const time = xmltvTimeReader();
const lengthOf = (start: unknown, stop: unknown): number => (time(String(stop)) ?? 0) - (time(String(start)) ?? 0);
const trimmed = (text: unknown): number => (typeof text === 'string' ? text.trim().length : 0);

async function ours(file: string): Promise<Sums> {
  const sums: Sums = { items: 0, seconds: 0, titleChars: 0, descriptionChars: 0 };
  await readXmltv(createReadStream(file, { highWaterMark: chunkBytes }), {
    channels: () => {},
    programmes: (programmes) => {
      for (const programme of programmes) {
        sums.items++;
        sums.seconds += programme.stopUnix - programme.startUnix;
        sums.titleChars += programme.title.length;
        sums.descriptionChars += programme.description?.length ?? 0;
      }
    },
    reject: () => {},
  });
  return sums;
}

/** Collects programmes from the events of a streaming parser: attributes, and the text of each child. */
class Collector {
  readonly sums: Sums = { items: 0, seconds: 0, titleChars: 0, descriptionChars: 0 };
  #programme: Record<string, string> | undefined;
  #name = '';
  #text = '';

  open(name: string, attributes: Record<string, unknown>): void {
    if (name === 'programme') {
      this.#programme = {
        start: String(attributes['start']),
        stop: String(attributes['stop']),
        channel: String(attributes['channel']),
      };
    }
    this.#name = name;
    this.#text = '';
  }

  readonly text = (text: string): void => {
    if (this.#programme !== undefined) this.#text += text;
  };

  close(name: string): void {
    if (this.#programme === undefined) return;
    if (name === 'programme') {
      this.sums.items++;
      this.sums.seconds += lengthOf(this.#programme['start'], this.#programme['stop']);
      this.sums.titleChars += trimmed(this.#programme['title']);
      this.sums.descriptionChars += trimmed(this.#programme['desc']);
      this.#programme = undefined;
    } else if (name === this.#name) this.#programme[name] = this.#text;
  }
}

async function bySaxes(file: string): Promise<Sums> {
  const collector = new Collector();
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser({ position: false });
  parser.on('opentag', (tag) => collector.open(tag.name, tag.attributes as Record<string, unknown>));
  parser.on('text', collector.text);
  parser.on('cdata', collector.text);
  parser.on('closetag', (tag) => collector.close(tag.name));
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: chunkBytes }))
    parser.write(chunk as string);
  parser.close();
  return collector.sums;
}

interface SaxParser {
  write(text: string): void;
  close(): void;
}

async function bySax(file: string): Promise<Sums> {
  const collector = new Collector();
  // @ts-expect-error It has no types of its own.
  const { default: sax } = (await import('sax')) as {
    default: { parser(strict: boolean, options: object): SaxParser };
  };
  const parser = sax.parser(true, { position: false });
  Object.assign(parser, {
    onopentag: (tag: { name: string; attributes: Record<string, unknown> }) => collector.open(tag.name, tag.attributes),
    ontext: collector.text,
    oncdata: collector.text,
    onclosetag: (name: string) => collector.close(name),
  });
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: chunkBytes }))
    parser.write(chunk as string);
  parser.close();
  return collector.sums;
}

type Tree = { tv: { programme: Record<string, unknown>[] } };

/** `text`, `{ _: text }`, `{ '#text': text }`, or a list of one of them. */
function textOf(value: unknown): string {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'string' || typeof first === 'number') return String(first);
  if (typeof first !== 'object' || first === null) return '';
  const fields = first as Record<string, unknown>;
  const text = fields['_'] ?? fields['#text'];
  return typeof text === 'string' ? text : '';
}

function sumsOfTree(tree: Tree): Sums {
  const sums: Sums = { items: 0, seconds: 0, titleChars: 0, descriptionChars: 0 };
  for (const programme of tree.tv.programme) {
    sums.items++;
    const attributes = (programme['$'] ?? {}) as Record<string, unknown>;
    sums.seconds += lengthOf(attributes['start'] ?? programme['@_start'], attributes['stop'] ?? programme['@_stop']);
    sums.titleChars += trimmed(textOf(programme['title']));
    sums.descriptionChars += trimmed(textOf(programme['desc']));
  }
  return sums;
}

async function byXml2js(file: string): Promise<Sums> {
  const { parseString } = await import('xml2js');
  return new Promise((resolve, reject) => {
    parseString(readFileSync(file, 'utf8'), (error: Error | null, tree: Tree) =>
      error === null ? resolve(sumsOfTree(tree)) : reject(error),
    );
  });
}

async function byFastXmlParser(file: string): Promise<Sums> {
  const { XMLParser } = await import('fast-xml-parser');
  const parser = new XMLParser({
    ignoreAttributes: false,
    htmlEntities: true,
    parseTagValue: false,
    processEntities: {
      enabled: true,
      maxTotalExpansions: Number.POSITIVE_INFINITY,
      maxExpandedLength: Number.POSITIVE_INFINITY,
    },
  });
  return sumsOfTree(parser.parse(readFileSync(file)) as Tree);
}

async function ourPlaylist(file: string): Promise<Sums> {
  const sums: Sums = { items: 0, seconds: 0, titleChars: 0, descriptionChars: 0 };
  await readM3u(createReadStream(file, { highWaterMark: chunkBytes }), {
    entries: (entries) => {
      for (const entry of entries) {
        sums.items++;
        sums.titleChars += entry.name.length;
        sums.descriptionChars += entry.groups[0]?.length ?? 0;
      }
    },
    reject: () => {},
  });
  return sums;
}

async function byIptvPlaylistParser(file: string): Promise<Sums> {
  const { default: parser } = await import('iptv-playlist-parser');
  const { items } = parser.parse(readFileSync(file, 'utf8'));
  return {
    items: items.length,
    seconds: 0,
    titleChars: items.reduce((sum, item) => sum + item.name.length, 0),
    descriptionChars: items.reduce((sum, item) => sum + item.group.title.length, 0),
  };
}

const parsers: Readonly<Record<string, (file: string) => Sums | Promise<Sums>>> = {
  'xmltv coax': ours,
  'xmltv saxes': bySaxes,
  'xmltv sax': bySax,
  'xmltv xml2js': byXml2js,
  'xmltv fast-xml-parser': byFastXmlParser,
  'm3u coax': ourPlaylist,
  'm3u iptv-playlist-parser': byIptvPlaylistParser,
};

const [name = '', file = ''] = process.argv.slice(2);
const parser = parsers[name];
if (parser === undefined) throw new Error(`There is no parser "${name}"`);
const started = performance.now();
const sums = await parser(file);
const wallSeconds = (performance.now() - started) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
process.stdout.write(
  JSON.stringify({
    ...sums,
    wallSeconds,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMegabytes: maxRSS / 1024,
  }),
);
